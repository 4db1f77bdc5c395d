/**
 * Split form of many pairs with one inversion, in linear memory. (Montgomery's trick: P. L. Montgomery,
 * Math. Comp. 48, 1987.)
 */
import { modInverse } from './modular.js';
import type { WasmArithmetic, WasmElement } from './wasm-arithmetic.js';

/** Replaces every pair (t, s) by (t, s/t mod n). Throws `invalid_argument` where a t is not coprime to n. */
export function splitPairs(arithmetic: WasmArithmetic, pairs: readonly WasmElement[]): void {
  const { code, n, radix, unitBytes } = arithmetic;
  const units = pairs.map((pair) => pair - 1);
  const mark = arithmetic.mark;
  // Product i is t_0 ... t_i / R^i.
  const products = units.map(() => arithmetic.allocateUnit());
  const inverse = arithmetic.allocateUnit();
  const quotient = arithmetic.allocateUnit();
  let previous = arithmetic.radixUnit;
  products.forEach((product, index) => {
    code.multiplyUnits(product, previous, units[index] ?? 0);
    previous = product;
  });
  arithmetic.write(inverse, (modInverse(arithmetic.read(previous), n) * radix) % n);
  for (let index = units.length - 1; index >= 0; index -= 1) {
    const unit = units[index] ?? 0;
    code.multiplyUnits(quotient, inverse, products[index - 1] ?? arithmetic.radixUnit);
    code.multiplyUnits(unit + unitBytes, unit + unitBytes, quotient);
    code.multiplyUnits(inverse, inverse, unit);
  }
  arithmetic.release(mark);
}
