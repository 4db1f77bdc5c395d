/**
 * Exactly [0, H] as a sum of small sets, for any H: the number of proofs grows with log4 H.
 * Reference: H. Lipmaa, N. Asokan, V. Niemi, FC 2002 (exact ranges as sums of scaled digits), here with four
 * values a digit.
 *
 * While H > 3 take g = floor((H + 1) / 4), the component {0, g, 2g, 3g}, and go on with H - 3g; the last
 * component is {0, ..., H}. Every value has digits: d = min(3, floor(m / g)) leaves at most H - 3g, because
 * 4g <= H + 1.
 */
import { assertArgument } from '../errors.js';

/** The values of each component, smallest first. */
export function radixComponents(bound: bigint): bigint[][] {
  assertArgument(bound >= 1n, 'the range is empty', 'declare a maximum above the minimum');
  const components: bigint[][] = [];
  let rest = bound;
  while (rest > 3n) {
    const step = (rest + 1n) / 4n;
    components.push([0n, step, 2n * step, 3n * step]);
    rest -= 3n * step;
  }
  components.push(Array.from({ length: Number(rest) + 1 }, (_, value) => BigInt(value)));
  return components;
}

/** Positions in each component whose values add up to `value`; 0 <= value <= bound, else `invalid_argument`. */
export function radixDigits(bound: bigint, value: bigint): number[] {
  assertArgument(value >= 0n && value <= bound, 'value outside its range', 'clamp it to the declared bounds');
  let rest = value;
  return radixComponents(bound).map((members) => {
    const step = members[1] ?? 1n;
    const digit = minimum(BigInt(members.length - 1), rest / step);
    rest -= digit * step;
    return Number(digit);
  });
}

function minimum(a: bigint, b: bigint): bigint {
  return a < b ? a : b;
}
