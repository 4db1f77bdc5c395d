/**
 * From released integers to period-to-date totals, s = A C~^-1 w: post-processing of public numbers, in doubles.
 * Both A and C~ are lower triangular Toeplitz matrices, and so is their quotient: one row of coefficients b says all,
 * s_t = sum of b_k w_(t - k), and the variance of s_t is sigma^2 times the sum of b_k^2 for k <= t.
 */

/** b_0, b_1, ...: the prefix sums of the power series 1 / (c~_0 + c~_1 x + ...). */
export function decodingCoefficients(coefficients: readonly bigint[]): number[] {
  const c = coefficients.map(Number);
  const lead = c[0] ?? 1;
  const inverse: number[] = [];
  const sums: number[] = [];
  let total = 0;
  for (let t = 0; t < c.length; t += 1) {
    let rest = t === 0 ? 1 : 0;
    for (let k = 1; k <= t; k += 1) rest -= (c[k] ?? 0) * (inverse[t - k] ?? 0);
    inverse.push(rest / lead);
    total += rest / lead;
    sums.push(total);
  }
  return sums;
}

/** The total after the newest of the released integers, oldest first. */
export function decodeTotal(decoding: readonly number[], released: readonly bigint[]): number {
  const newest = released.length - 1;
  return released.reduce((sum, value, window) => sum + (decoding[newest - window] ?? 0) * Number(value), 0);
}

/** Of the total after every window, for noise of this variance in every released integer. */
export function totalStddevs(decoding: readonly number[], variance: number): number[] {
  let squares = 0;
  return decoding.map((coefficient) => Math.sqrt(variance * (squares += coefficient * coefficient)));
}
