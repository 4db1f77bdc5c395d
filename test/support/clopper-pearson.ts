/**
 * Exact bounds of a binomial proportion (Clopper and Pearson, Biometrika 1934), each wrong with probability
 * `alpha` at most: quantiles of the beta distribution, by bisection on its continued fraction (NIST DLMF 8.17.22).
 */

/** Smallest proportion that gives `hits` or more of `runs` with probability `alpha`. */
export function lowerBound(hits: number, runs: number, alpha: number): number {
  return hits === 0 ? 0 : root((p) => incompleteBeta(hits, runs - hits + 1, p) > alpha);
}

/** Largest proportion that gives `hits` or fewer of `runs` with probability `alpha`. */
export function upperBound(hits: number, runs: number, alpha: number): number {
  return 1 - lowerBound(runs - hits, runs, alpha);
}

/** Where a condition that is false near 0 and true near 1 turns. */
function root(holds: (p: number) => boolean): number {
  let low = 0;
  let high = 1;
  for (let step = 0; step < 60; step += 1) {
    const middle = (low + high) / 2;
    if (holds(middle)) high = middle;
    else low = middle;
  }
  return low;
}

/** Regularised I_x(a, b), 0 < x < 1. */
function incompleteBeta(a: number, b: number, x: number): number {
  const factor = Math.exp(logGamma(a + b) - logGamma(a) - logGamma(b) + a * Math.log(x) + b * Math.log1p(-x));
  return x < (a + 1) / (a + b + 2)
    ? (factor * continuedFraction(a, b, x)) / a
    : 1 - (factor * continuedFraction(b, a, 1 - x)) / b;
}

/** Lentz's evaluation, until a step changes nothing any more. */
function continuedFraction(a: number, b: number, x: number): number {
  let c = 1;
  let d = 1 / (1 - ((a + b) * x) / (a + 1));
  let value = d;
  for (let m = 1; ; m += 1) {
    const even = (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m));
    d = 1 / (1 + even * d);
    c = 1 + even / c;
    value *= d * c;
    const odd = (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1));
    d = 1 / (1 + odd * d);
    c = 1 + odd / c;
    value *= d * c;
    if (Math.abs(d * c - 1) < 1e-14) return value;
  }
}

/** Stirling's series, after a shift to where four terms suffice. */
function logGamma(x: number): number {
  if (x < 15) return logGamma(x + 1) - Math.log(x);
  const series = 1 / (12 * x) - 1 / (360 * x ** 3) + 1 / (1260 * x ** 5) - 1 / (1680 * x ** 7);
  return (x - 0.5) * Math.log(x) - x + Math.log(2 * Math.PI) / 2 + series;
}
