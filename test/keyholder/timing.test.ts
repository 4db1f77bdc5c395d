/**
 * How long a release takes says nothing about its noise or its total (T. Jin et al., IEEE S&P 2022, found that samplers
 * tell by their time). No time is compared with a limit: ranks of times are compared with ranks of values, which are
 * independent draws, so a slow or busy machine changes nothing.
 */
import { expect, test } from 'vitest';
import { openCell } from '../../src/keyholder/open-cell.js';
import type { AdmittedCell } from '../../src/keyholder/release-policy.js';
import { rational } from '../../src/math/rational.js';
import { ciphertextFromBytes } from '../../src/paillier/ciphertext.js';
import { compileMeasurement } from '../../src/plan/components.js';
import { coinsFrom, NoisePool, sampleDiscreteLaplace, SecureBits } from '../../src/privacy/index.js';
import { randomBits, systemRandom } from '../../src/random.js';
import { testPrivateKey } from '../support/keys.js';
import { aggregateOf } from '../support/releases.js';

const RELEASES = 20_000;
/** Two-sided 2e-7 each for independent values. */
const LIMIT = 5.2 / Math.sqrt(RELEASES - 1);
const SCALE = rational(100n, 1n);
const key = testPrivateKey();
const measurement = compileMeasurement({ name: 'ok', attribute: 'ok', kind: 'flag', trueOnly: true, epsilon: '0.01' });

test('of a release is unrelated to the noise on it and to the total in it', () => {
  const pool = new NoisePool(systemRandom);
  pool.prepare(SCALE, RELEASES);
  const noises: number[] = [];
  const totals: number[] = [];
  const times: number[] = [];
  for (let release = 0; release < RELEASES; release += 1) {
    const total = randomBits(systemRandom, 16);
    const ciphertext = ciphertextFromBytes(key.publicKey, aggregateOf([total]).ciphertext)!;
    // The parts of an admitted cell that opening looks at.
    const cell = {
      measurement,
      terms: { noise: [{ kind: 'discrete-laplace', scale: SCALE }] },
      aggregates: [{ key, ciphertext }],
    } as unknown as AdmittedCell;
    const start = process.hrtime.bigint();
    const outcome = openCell(cell, pool, systemRandom);
    times.push(Number(process.hrtime.bigint() - start));
    const noised = outcome.status === 'released' ? BigInt(outcome.values[0] ?? '') : 0n;
    noises.push(Math.abs(Number(noised - total)));
    totals.push(Number(total));
  }
  expect(Math.abs(spearman(noises, times))).toBeLessThan(LIMIT);
  expect(Math.abs(spearman(totals, times))).toBeLessThan(LIMIT);
});

test('of a draw is related to its size: the channel is there, and these ranks would show it', () => {
  const coins = coinsFrom(new SecureBits(systemRandom));
  const noises: number[] = [];
  const times: number[] = [];
  for (let draw = 0; draw < RELEASES; draw += 1) {
    const start = process.hrtime.bigint();
    const noise = sampleDiscreteLaplace(coins, SCALE);
    times.push(Number(process.hrtime.bigint() - start));
    noises.push(Math.abs(Number(noise)));
  }
  expect(spearman(noises, times)).toBeGreaterThan(LIMIT);
});

/** Pearson's correlation of ranks, equal values sharing the mean of theirs. */
function spearman(a: readonly number[], b: readonly number[]): number {
  const [x, y] = [ranksOf(a), ranksOf(b)];
  const mean = (x.length + 1) / 2;
  const product = (p: readonly number[], q: readonly number[]): number =>
    p.reduce((sum, rank, index) => sum + (rank - mean) * ((q[index] ?? mean) - mean), 0);
  return product(x, y) / Math.sqrt(product(x, x) * product(y, y));
}

function ranksOf(values: readonly number[]): number[] {
  const order = values.map((_, index) => index).sort((i, j) => (values[i] ?? 0) - (values[j] ?? 0));
  const ranks = new Array<number>(values.length).fill(0);
  for (let first = 0; first < order.length;) {
    let end = first + 1;
    while (end < order.length && values[order[end] ?? 0] === values[order[first] ?? 0]) end += 1;
    for (let place = first; place < end; place += 1) ranks[order[place] ?? 0] = (first + 1 + end) / 2;
    first = end;
  }
  return ranks;
}
