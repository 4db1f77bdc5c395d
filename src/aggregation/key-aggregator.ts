/**
 * Makes the final ciphertexts that keys of an open label are selected by: for every key that was met in a window the
 * product of all unit counts under it, whatever its other labels, and of the receiver's noise.
 */
import { setImmediate } from 'node:timers/promises';
import { addCiphertexts, ciphertextToBytes } from '../paillier/ciphertext.js';
import type { KeyAggregate } from '../wire/release.js';
import { HeldAccumulators } from './held-accumulators.js';
import type { KeyRing } from './key-ring.js';
import type { SqliteContributions } from './sqlite-contributions.js';
import type { SelectingWindow } from './store.js';

export class KeyAggregator {
  readonly #contributions: SqliteContributions;
  readonly #keys: KeyRing;
  readonly #transact: <Result>(read: () => Result) => Promise<Result>;

  constructor(
    contributions: SqliteContributions,
    keys: KeyRing,
    transact: <Result>(read: () => Result) => Promise<Result>,
  ) {
    this.#contributions = contributions;
    this.#keys = keys;
    this.#transact = transact;
  }

  /** The window must take no contributions any more. */
  async aggregate(reportId: number, { windowStart, unitCount, keys }: SelectingWindow): Promise<KeyAggregate[]> {
    const aggregated: KeyAggregate[] = [];
    for (const { key, factors } of keys) {
      await setImmediate();
      const held = new HeldAccumulators(this.#keys);
      const rows = await this.#transact(() =>
        this.#contributions.accumulatorsOfKey(reportId, windowStart, key, unitCount),
      );
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
