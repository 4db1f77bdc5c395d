/** The discrete Gaussian probabilities, written here once more from the formula and not taken from the code. */
export function discreteGaussianProbability(variance: number): (value: number) => number {
  const reach = Math.ceil(40 * Math.sqrt(variance)) + 40;
  let total = 0;
  for (let x = -reach; x <= reach; x += 1) total += Math.exp(-(x ** 2) / (2 * variance));
  return (value) => Math.exp(-(value ** 2) / (2 * variance)) / total;
}
