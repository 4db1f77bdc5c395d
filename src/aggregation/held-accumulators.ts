/** What one or several cells hold, read from the store: a product per measurement, public key and accumulator. */
import { addCiphertexts } from '../paillier/ciphertext.js';
import type { KeyRing } from './key-ring.js';

export interface HeldAccumulator {
  readonly kid: string;
  readonly measurement: number;
  /** Which accumulator of the measurement. */
  readonly component: number;
  readonly ciphertext: bigint;
}

export class HeldAccumulators {
  readonly #keys: KeyRing;
  readonly #products = new Map<string, bigint[]>();

  constructor(keys: KeyRing) {
    this.#keys = keys;
  }

  /** Throws `invalid_configuration` where a second product is added under a key that is not configured. */
  add({ kid, measurement, component, ciphertext }: HeldAccumulator): void {
    const name = nameOf(measurement, kid);
    const products = this.#products.get(name) ?? [];
    const held = products[component];
    products[component] = held === undefined ? ciphertext : addCiphertexts(this.#keys.get(kid), held, ciphertext);
    this.#products.set(name, products);
  }

  /** In the order of accumulators; `undefined` where nothing was added. */
  of(measurement: number, kid: string): readonly (bigint | undefined)[] {
    return this.#products.get(nameOf(measurement, kid)) ?? [];
  }
}

function nameOf(measurement: number, kid: string): string {
  return `${String(measurement)} ${kid}`;
}
