/** The discrete Laplace probabilities, written here once more from the formula and not taken from the code. */
export function discreteLaplaceProbability(scale: number): (value: number) => number {
  const p = Math.exp(-1 / scale);
  return (value) => ((1 - p) / (1 + p)) * p ** Math.abs(value);
}

/** Of the sum of two independent draws, by brute-force convolution. */
export function sumOfTwoProbability(scale: number): (value: number) => number {
  const single = discreteLaplaceProbability(scale);
  const reach = Math.ceil(60 * scale) + 60;
  return (value) => {
    let sum = 0;
    for (let x = -reach; x <= reach; x += 1) sum += single(x) * single(value - x);
    return sum;
  };
}
