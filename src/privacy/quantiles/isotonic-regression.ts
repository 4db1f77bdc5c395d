/**
 * The non-decreasing sequence nearest to given numbers in weighted least squares: cumulative counts with noise are not
 * monotone, and the nearest monotone ones are never further from the truth.
 * Reference: the pool-adjacent-violators algorithm (Barlow, Bartholomew, Bremner, Brunk, 1972).
 */

interface Block {
  readonly mean: number;
  readonly weight: number;
  readonly length: number;
}

/** `weights` are positive, by default all 1. */
export function isotonicRegression(values: readonly number[], weights?: readonly number[]): number[] {
  const blocks: Block[] = [];
  values.forEach((value, index) => {
    let block: Block = { mean: value, weight: weights?.[index] ?? 1, length: 1 };
    for (let last = blocks.at(-1); last !== undefined && last.mean >= block.mean; last = blocks.at(-1)) {
      blocks.pop();
      block = pooled(last, block);
    }
    blocks.push(block);
  });
  return blocks.flatMap(({ mean, length }) => new Array<number>(length).fill(mean));
}

function pooled(a: Block, b: Block): Block {
  const weight = a.weight + b.weight;
  return { mean: (a.mean * a.weight + b.mean * b.weight) / weight, weight, length: a.length + b.length };
}
