/**
 * Chi-square goodness of fit against an integer distribution, cells -bound..bound and one for each tail.
 * The number of cells is odd, so the degrees of freedom are even and the survival function has a closed
 * form: exp(-x/2) * sum of (x/2)^i / i! for i below half the degrees of freedom.
 */

/** Probability of a false alarm in one comparison; with the one rerun of `fits`, its square. */
const FALSE_ALARM = 1e-6;

/** Whether the sample is compatible with `probability`; a failure is repeated once with fresh draws. */
export function fits(
  draw: () => bigint,
  probability: (value: number) => number,
  options: { readonly bound: number; readonly draws: number },
): boolean {
  const accept = (): boolean => statistic(draw, probability, options) <= criticalValue(2 * options.bound + 2);
  return accept() || accept();
}

function statistic(
  draw: () => bigint,
  probability: (value: number) => number,
  { bound, draws }: { readonly bound: number; readonly draws: number },
): number {
  const observed = new Array<number>(2 * bound + 3).fill(0);
  for (let i = 0; i < draws; i += 1) {
    const value = Number(draw());
    const cell = Math.min(Math.max(value, -bound - 1), bound + 1) + bound + 1;
    observed[cell] = (observed[cell] ?? 0) + 1;
  }
  const inner = Array.from({ length: 2 * bound + 1 }, (_, index) => probability(index - bound));
  const tail = (1 - inner.reduce((sum, p) => sum + p, 0)) / 2;
  return [tail, ...inner, tail].reduce(
    (sum, p, cell) => sum + ((observed[cell] ?? 0) - draws * p) ** 2 / (draws * p),
    0,
  );
}

/** The value that a chi-square variable with this even number of degrees of freedom exceeds once in a million. */
export function criticalValue(degreesOfFreedom: number): number {
  let low = 0;
  let high = 1000;
  while (high - low > 1e-9) {
    const middle = (low + high) / 2;
    if (survival(middle, degreesOfFreedom) > FALSE_ALARM) low = middle;
    else high = middle;
  }
  return high;
}

function survival(x: number, degreesOfFreedom: number): number {
  let term = Math.exp(-x / 2);
  let sum = term;
  for (let i = 1; i < degreesOfFreedom / 2; i += 1) {
    term *= x / 2 / i;
    sum += term;
  }
  return sum;
}
