/**
 * Local totals of one measurement: how often each of the values known ahead was met, and the sums of all others.
 * SECRET.
 */
import type { CompiledMeasurement } from '../src/plan/components.js';
import type { CountedValue } from './value-classifier.js';

export class Tally {
  /** By their position among the known ones. */
  readonly #met: { readonly value: CountedValue; times: number }[] = [];
  /** Of the others, per slot. */
  readonly #sums: bigint[];

  constructor({ slots }: CompiledMeasurement) {
    this.#sums = slots.map(() => 0n);
  }

  add(value: CountedValue): void {
    if (value.known === undefined) addTo(this.#sums, value, 1n);
    else (this.#met[value.known] ??= { value, times: 0 }).times += 1;
  }

  /** Per slot. */
  totals(): bigint[] {
    const totals = [...this.#sums];
    // Only what was met: the positions in between are empty.
    this.#met.forEach(({ value, times }) => addTo(totals, value, BigInt(times)));
    return totals;
  }
}

function addTo(sums: bigint[], { increments }: CountedValue, times: bigint): void {
  increments.forEach((increment, slot) => {
    sums[slot] = (sums[slot] ?? 0n) + times * increment;
  });
}
