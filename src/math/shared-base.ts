/**
 * Many powers of one base that is used only a few times: the squarings are shared, the digits are gathered
 * in buckets. Reference: A. C. Yao, "On the evaluation of powers", SIAM J. Comput. 5(1), 1976.
 */
import { bitLength } from '../bytes.js';
import { multiplyPowers, type SlotArithmetic } from './bucket-method.js';

const DIGIT_BITS = 4;

/**
 * base^exponent for every exponent, `undefined` where it is 0; `raise` makes element^(2^4) without touching the
 * element, and `finish` takes a power before its slot is used for the next one. Exponents are not negative.
 */
export function sharedBasePowers<Element extends bigint | number, Power>(
  base: Element,
  exponents: readonly bigint[],
  arithmetic: SlotArithmetic<Element>,
  raise: (element: Element, squarings: number) => Element,
  finish: (power: Element | undefined) => Power,
): Power[] {
  const bits = Math.max(0, ...exponents.map(bitLength));
  // Rung i is base^(2^(4 i)).
  const rungs = [base];
  for (let position = DIGIT_BITS; position < bits; position += DIGIT_BITS) {
    rungs.push(raise(rungs[rungs.length - 1] ?? base, DIGIT_BITS));
  }
  return exponents.map((exponent) => {
    const digits = exponent.toString(2 ** DIGIT_BITS);
    const powers = rungs.slice(0, digits.length).map((element, rung) => ({
      element,
      exponent: BigInt(parseInt(digits.charAt(digits.length - 1 - rung), 2 ** DIGIT_BITS)),
    }));
    return finish(multiplyPowers(powers, arithmetic));
  });
}
