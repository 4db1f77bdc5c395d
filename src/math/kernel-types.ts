/** What a kernel computes in Z*_{n^2}: powers of a fixed base, and products of many powers. */
import type { CombShape } from './comb-layout.js';
import type { RawElement, SplitElement } from './split-form.js';

/** unit^exponent, one factor of a product of powers. */
export interface PowerTerm {
  /** In [0, n): the unit of an element in split form. Its omega is the caller's sum. */
  readonly unit: bigint;
  /** Not negative, of any length. */
  readonly exponent: bigint;
}

/** A base with tables for its powers. */
export interface FixedBase {
  /** Exponents below 2^exponentBits can be raised. */
  readonly exponentBits: number;
  /** Memory held by the tables, in bytes. */
  readonly tableBytes: number;
  /** base^exponent as a raw product. Throws `invalid_argument` unless 0 <= exponent < 2^exponentBits. */
  power(exponent: bigint): RawElement;
  /** The same for many, in the unique form, with inversions shared among them: the cheaper way. */
  powers(exponents: readonly bigint[]): SplitElement[];
}

/**
 * The heavy arithmetic for one modulus n. Kernels give the same results and differ in speed. None is
 * constant-time: the time of a power depends on the exponent, as everywhere in this library.
 */
export interface GroupKernel {
  readonly name: 'bigint' | 'wasm';
  /** Why it is this one, in words, for diagnosis. */
  readonly reason: string;
  /** Builds the tables: 0.05 s to 0.5 s at 2048 bits, depending on kernel and shape. */
  fixedBase(base: SplitElement, exponentBits: number, shape?: CombShape): FixedBase;
  /** The product of unit^exponent over all terms, modulo n^2, in [0, n^2); 1 where there are none. */
  multiPower(terms: readonly PowerTerm[]): bigint;
  /**
   * base^exponent modulo n^2 for every exponent, in [0, n^2): for a base that is not worth tables. Throws
   * `invalid_argument` unless 0 <= base, exponent < n^2.
   */
  powersOf(base: bigint, exponents: readonly bigint[]): bigint[];
}
