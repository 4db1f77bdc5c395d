/**
 * Split form of many pairs with one inversion, in linear memory. (Montgomery's trick: P. L. Montgomery,
 * Math. Comp. 48, 1987.)
 */
import { modInverse } from './modular.js';
import type { WasmArithmetic, WasmElement } from './wasm-arithmetic.js';

/**
 * Replaces every pair (t, s), that is t + (s/R) N, by (t, R^2 omega) with t + (s/R) N = t (1 + omega N), so
 * R^2 omega = R s/t, and writes R^2/t to the inverses. Throws `invalid_argument` where a t is not coprime to n.
 */
export function splitPairs(
  arithmetic: WasmArithmetic,
  pairs: readonly WasmElement[],
  inverses: readonly WasmElement[],
): void {
  const { code, n, radix, unitBytes } = arithmetic;
  const { mark } = arithmetic;
  // Product i is t_0 ... t_i / R^i.
  const products = pairs.map(() => arithmetic.allocateUnit());
  const inverse = arithmetic.allocateUnit();
  let previous = arithmetic.radixUnit;
  products.forEach((product, index) => {
    code.multiplyUnits(product, previous, unitOf(pairs, index));
    previous = product;
  });
  arithmetic.write(inverse, (modInverse(arithmetic.read(previous), n) * radix * radix) % n);
  for (let index = pairs.length - 1; index >= 0; index -= 1) {
    const unit = unitOf(pairs, index);
    const own = inverses[index] ?? inverse;
    code.multiplyUnits(own, inverse, products[index - 1] ?? arithmetic.radixUnit);
    code.multiplyUnits(unit + unitBytes, unit + unitBytes, own);
    code.multiplyUnits(inverse, inverse, unit);
  }
  arithmetic.release(mark);
}

function unitOf(pairs: readonly WasmElement[], index: number): WasmElement {
  return (pairs[index] ?? 0) - 1;
}
