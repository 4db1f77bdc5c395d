/** Multiplies contributions up before they touch the store: one product per accumulator of a group. */
import { bytesToBigInt } from '../bytes.js';
import { addCiphertexts, ciphertextToBytes } from '../paillier/ciphertext.js';
import type { VerifiedContribution } from '../wire/verify.js';
import type { KeyRing } from './key-ring.js';

/** Which accumulator of a cell. */
export interface AccumulatorPlace {
  readonly cellId: number;
  readonly kid: string;
  readonly measurement: number;
  readonly component: number;
  /** In the tuple of the component. */
  readonly place: number;
}

export class ContributionProducts {
  readonly #keys: KeyRing;
  readonly #products = new Map<string, { readonly place: AccumulatorPlace; product: bigint }>();

  constructor(keys: KeyRing) {
    this.#keys = keys;
  }

  /** Throws `invalid_configuration` for a key that is not configured. */
  add(cellId: number, { header: { kid }, ciphertexts }: VerifiedContribution): void {
    const key = this.#keys.get(kid);
    for (const { measurement, component, ciphertexts: elements } of ciphertexts) {
      elements.forEach((element, place) => {
        const name = [cellId, kid, measurement, component, place].join(' ');
        const factor = bytesToBigInt(element);
        const known = this.#products.get(name);
        if (known === undefined) {
          this.#products.set(name, { place: { cellId, kid, measurement, component, place }, product: factor });
        } else known.product = addCiphertexts(key, known.product, factor);
      });
    }
  }

  /** In order of first use. */
  get places(): AccumulatorPlace[] {
    return Array.from(this.#products.values(), ({ place }) => place);
  }

  /** What the accumulators hold afterwards. `held`: what they held before, in the order of `places`. */
  multiply(held: readonly (Uint8Array | undefined)[]): Uint8Array[] {
    return Array.from(this.#products.values(), ({ place: { kid }, product }, index) => {
      const key = this.#keys.get(kid);
      const before = held[index];
      const after = before === undefined ? product : addCiphertexts(key, bytesToBigInt(before), product);
      return ciphertextToBytes(key, after);
    });
  }
}
