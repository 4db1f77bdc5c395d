/**
 * Makes the final ciphertexts that keys of an open label are selected by: for every key that was met in a window the
 * product of all unit counts under it, whatever its other labels, and of the receiver's noise.
 */
import { setImmediate } from 'node:timers/promises';
import { addCiphertexts, ciphertextToBytes } from '../paillier/ciphertext.js';
import type { KeyAggregate } from '../wire/release.js';
import { HeldAccumulators } from './held-accumulators.js';
import type { KeyRing } from './key-ring.js';
import { accumulatorsOfKey } from './sql-open-cells.js';
import type { SelectingWindow } from './store.js';
import type { Transact } from './window-aggregator.js';

export class KeyAggregator {
  readonly #keys: KeyRing;
  readonly #transact: Transact;

  constructor(keys: KeyRing, transact: Transact) {
    this.#keys = keys;
    this.#transact = transact;
  }

  /** The window must take no contributions any more. */
  async aggregate(reportId: number, { windowStart, unitCount, keys }: SelectingWindow): Promise<KeyAggregate[]> {
    const aggregated: KeyAggregate[] = [];
    for (const { key, factors } of keys) {
      await setImmediate();
      const held = new HeldAccumulators(this.#keys);
      const rows = await this.#transact((tx) => accumulatorsOfKey(tx, { reportId, windowStart }, key, unitCount));
      for (const row of rows) held.add(row);
      const aggregates = factors.map(({ kid, ciphertext: factor }) => {
        const publicKey = this.#keys.get(kid);
        const [product] = held.of(unitCount, kid);
        const noised = product === undefined ? factor : addCiphertexts(publicKey, product, factor);
        return { kid, ciphertext: ciphertextToBytes(publicKey, noised) };
      });
      aggregated.push({ key, aggregates });
    }
    return aggregated;
  }
}
