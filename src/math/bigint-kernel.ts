/** The kernel on BigInt: the reference for every other, and the fallback. */
import type { SlotArithmetic } from './bucket-method.js';
import { multiplyPowers } from './bucket-method.js';
import { SMALL_COMB, type CombShape } from './comb-layout.js';
import { assertArgument } from '../errors.js';
import { FixedBaseComb } from './fixed-base-comb.js';
import type { FixedBase, GroupKernel, PowerTerm } from './kernel-types.js';
import { sharedBasePowers } from './shared-base.js';
import type { SplitElement } from './split-form.js';
import type { ProductCosts } from './window-plan.js';

/** Measured at 2048 to 4096 bits. The product of two units needs no reduction. */
const COSTS: ProductCosts = { units: 0.12, half: 0.56, full: 1, square: 1 };

export class BigIntKernel implements GroupKernel {
  readonly name = 'bigint';
  readonly reason: string;
  readonly #n: bigint;
  readonly #arithmetic: SlotArithmetic<bigint>;

  constructor(n: bigint, reason: string) {
    this.reason = reason;
    this.#n = n;
    this.#arithmetic = residues(n * n);
  }

  fixedBase(base: SplitElement, exponentBits: number, shape: CombShape = SMALL_COMB): FixedBase {
    return new FixedBaseComb(base, this.#n, exponentBits, shape);
  }

  multiPower(terms: readonly PowerTerm[]): bigint {
    const powers = terms.map(({ unit, exponent }) => ({ element: unit, exponent }));
    assertTerms(terms, this.#n);
    return multiplyPowers(powers, this.#arithmetic) ?? 1n;
  }

  powersOf(base: bigint, exponents: readonly bigint[]): bigint[] {
    const modulus = this.#n * this.#n;
    assertPowersOf(base, exponents, modulus);
    const raise = (element: bigint, squarings: number): bigint => {
      let power = element;
      for (let squaring = 0; squaring < squarings; squaring += 1) power = (power * power) % modulus;
      return power;
    };
    return sharedBasePowers(base, exponents, this.#arithmetic, raise, (power) => power ?? 1n);
  }
}

/** Throws `invalid_argument` unless 0 <= unit < n and exponent >= 0 in every term. */
export function assertTerms(terms: readonly PowerTerm[], n: bigint): void {
  const valid = terms.every(({ unit, exponent }) => unit >= 0n && unit < n && exponent >= 0n);
  assertArgument(valid, 'unit or exponent out of range', 'pass 0 <= unit < n and exponent >= 0');
}

/** Throws `invalid_argument` unless base and exponents are in [0, modulus). */
export function assertPowersOf(base: bigint, exponents: readonly bigint[], modulus: bigint): void {
  const valid = [base, ...exponents].every((value) => value >= 0n && value < modulus);
  assertArgument(valid, 'base or exponent out of range', 'pass 0 <= base, exponent < n^2');
}

/** Values need no slots: a product is a new BigInt. */
function residues(modulus: bigint): SlotArithmetic<bigint> {
  return {
    costs: COSTS,
    prepare: () => undefined,
    multiply: (_, a, b) => reduce(a * b, modulus),
    square: (_, a) => reduce(a * a, modulus),
    copy: (_, a) => a,
  };
}

/** A division only where there is something to divide: most products of two units are smaller than n^2. */
function reduce(product: bigint, modulus: bigint): bigint {
  return product < modulus ? product : product % modulus;
}
