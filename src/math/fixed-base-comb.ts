/** Powers of one fixed base of Z*_{n^2} on BigInt, by the comb of comb-layout.ts in split form. */
import { bitLength } from '../bytes.js';
import { CombLayout, SMALL_COMB, type CombShape } from './comb-layout.js';
import type { FixedBase } from './kernel-types.js';
import { modInverseMany } from './modular.js';
import { normalizeMany, type RawElement, type SplitElement } from './split-form.js';

export { SERVER_COMB, SMALL_COMB, type CombShape } from './comb-layout.js';

/** With 1/unit mod n, so that products need no inversion. */
interface InvertedElement extends SplitElement {
  readonly inverse: bigint;
}

export class FixedBaseComb implements FixedBase {
  readonly #n: bigint;
  readonly #nSquared: bigint;
  readonly #layout: CombLayout;
  readonly #tables: readonly (readonly SplitElement[])[];

  /** Builds the tables: some hundred milliseconds at 2048 bits. Exponents may have up to `exponentBits` bits. */
  constructor(base: SplitElement, n: bigint, exponentBits: number, shape: CombShape = SMALL_COMB) {
    this.#n = n;
    this.#nSquared = n * n;
    this.#layout = new CombLayout(exponentBits, shape);
    const generators = this.#generators(base);
    this.#tables = Array.from({ length: this.#layout.tables }, (_, table) =>
      this.#table(generators.slice(table * shape.teeth, (table + 1) * shape.teeth)),
    );
  }

  /** Exponents below 2^exponentBits can be raised: as many as asked for, rounded up to whole columns. */
  get exponentBits(): number {
    return this.#layout.exponentBits;
  }

  /** The numbers alone: an engine adds some bytes to each. */
  get tableBytes(): number {
    return this.#layout.tables * this.#layout.entriesPerTable * 2 * Math.ceil(bitLength(this.#n) / 8);
  }

  /** base^exponent as a raw product; 0 <= exponent < 2^exponentBits, else throws `invalid_argument`. */
  power(exponent: bigint): RawElement {
    const { steps, tables } = this.#layout;
    const indices = this.#layout.indices(exponent);
    let unit = 1n;
    let omega = 0n;
    for (let step = 0; step < steps; step += 1) {
      if (unit !== 1n) unit = (unit * unit) % this.#nSquared;
      omega <<= 1n;
      for (let table = 0; table < tables; table += 1) {
        const index = indices[step * tables + table] ?? 0;
        const entry = index === 0 ? undefined : this.#tables[table]?.[index];
        if (entry === undefined) continue;
        unit = (unit * entry.unit) % this.#nSquared;
        omega += entry.omega;
      }
    }
    indices.fill(0);
    return { unit, omega: omega % this.#n };
  }

  powers(exponents: readonly bigint[]): SplitElement[] {
    return normalizeMany(
      exponents.map((exponent) => this.power(exponent)),
      this.#n,
    );
  }

  /** Entry i is the product of the generators whose bit in i is set. */
  #table(generators: readonly SplitElement[]): SplitElement[] {
    const inverses = modInverseMany(
      generators.map(({ unit }) => unit),
      this.#n,
    );
    const entries: InvertedElement[] = [{ unit: 1n, omega: 0n, inverse: 1n }];
    generators.forEach((generator, index) => {
      const factor = { ...generator, inverse: inverses[index] ?? 1n };
      for (const entry of entries.slice()) entries.push(this.#multiply(entry, factor));
    });
    return entries.map(({ unit, omega }) => ({ unit, omega }));
  }

  /** a b = u (1 + omega n) from ua ub = q n + u and omega = omega_a + omega_b + q/u, where 1/u = 1/ua 1/ub. */
  #multiply(a: InvertedElement, b: InvertedElement): InvertedElement {
    const product = a.unit * b.unit;
    const quotient = product / this.#n;
    const inverse = (a.inverse * b.inverse) % this.#n;
    const omega = (a.omega + b.omega + quotient * inverse) % this.#n;
    return { unit: product - quotient * this.#n, omega, inverse };
  }

  /** base^(2^position) for every tooth of every table. */
  #generators(base: SplitElement): SplitElement[] {
    const { teeth, tables } = this.#layout;
    const positions = Array.from({ length: tables * teeth }, (_, index) =>
      this.#layout.position(Math.floor(index / teeth), index % teeth),
    );
    const doublings: RawElement[] = [base];
    let { unit, omega } = base;
    for (let position = Math.max(...positions); position > 0; position -= 1) {
      unit = (unit * unit) % this.#nSquared;
      omega = (omega << 1n) % this.#n;
      doublings.push({ unit, omega });
    }
    return normalizeMany(
      positions.map((position) => doublings[position] ?? base),
      this.#n,
    );
  }
}
