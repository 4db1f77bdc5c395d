/** The upper tail of the standard normal distribution, to about fourteen digits at any size. */

const TERMS = 300;
const SERIES_BELOW = 2;

export function normalDensity(z: number): number {
  return Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI);
}

/** P[Z > z] for z >= 0: a power series near 0, Laplace's continued fraction beyond (Abramowitz, Stegun, 26.2). */
export function normalTail(z: number): number {
  return z < SERIES_BELOW ? 0.5 - normalDensity(z) * series(z) : normalDensity(z) / continuedFraction(z);
}

/** z + z^3/3 + z^5/(3 * 5) + ... */
function series(z: number): number {
  let term = z;
  let sum = z;
  for (let k = 1; k < TERMS && term > 0; k += 1) {
    term *= (z * z) / (2 * k + 1);
    sum += term;
  }
  return sum;
}

/** z + 1/(z + 2/(z + 3/(z + ...))) */
function continuedFraction(z: number): number {
  let value = z;
  for (let k = TERMS; k > 0; k -= 1) value = z + k / value;
  return value;
}
