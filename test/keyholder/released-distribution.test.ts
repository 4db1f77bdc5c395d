/**
 * The noise of released values through the whole path: encrypted, aggregated, decrypted, decoded, noised.
 * False alarm 1e-6 with one rerun on fresh releases.
 */
import { expect, test } from 'vitest';
import { coinsFrom, sampleDiscreteLaplace, SecureBits } from '../../src/privacy/index.js';
import { parseRational } from '../../src/math/rational.js';
import { systemRandom } from '../../src/random.js';
import { discreteLaplaceProbability, sumOfTwoProbability } from '../support/discrete-laplace-law.js';
import { fits } from '../support/goodness-of-fit.js';
import { startService, type TestService } from '../support/release-service.js';
import { aggregateOf, cellOf, planWith, requestFor } from '../support/releases.js';

const plan = planWith({ epsilon: '1', budget: '100000' });
const WINDOWS = 80;
const SLOTS = 18;
const DRAWS = WINDOWS * SLOTS;
const TRUTHS = [1_000_003n, 0n, 17n, 5n];

const coins = coinsFrom(new SecureBits(systemRandom));
const receiverNoise = (): bigint => sampleDiscreteLaplace(coins, parseRational('1'));

/** Every cell of a window: three regions of a flag (2 slots) and of a category (4 slots). */
async function deviations(service: TestService['service'], window: number, withReceiver: boolean): Promise<bigint[]> {
  const cells = [0, 1].flatMap((measurement) =>
    [0, 1, 2].map((label) => {
      const counts = TRUTHS.slice(0, measurement === 0 ? 2 : 4).map(
        (truth) => truth + (withReceiver ? receiverNoise() : 0n),
      );
      return cellOf([aggregateOf(counts)], { measurement, labels: [label] });
    }),
  );
  const response = await service.releaseWindow(requestFor(plan, window, cells));
  return response.cells.flatMap((cell) =>
    cell.status === 'released' ? cell.values.map((value, slot) => value - TRUTHS[slot]!) : [],
  );
}

/** Deviations of two full runs: one for the comparison, one for its rerun. */
async function sample(withReceiver: boolean): Promise<() => bigint> {
  const { service } = startService({ plans: [plan], epsilonPerPeriod: '100000' });
  const values: bigint[] = [];
  for (let window = 0; window < 2 * WINDOWS; window += 1)
    values.push(...(await deviations(service, window, withReceiver)));
  expect(values).toHaveLength(2 * DRAWS);
  return () => values.pop()!;
}

test('the key holder’s noise alone has the declared law, and not that of another scale', async () => {
  const draw = await sample(false);
  expect(fits(draw, discreteLaplaceProbability(1), { bound: 4, draws: DRAWS })).toBe(true);
  const again = await sample(false);
  expect(fits(again, discreteLaplaceProbability(0.5), { bound: 2, draws: DRAWS })).toBe(false);
});

test('with the receiver’s noise in the aggregate it has the law of the sum of both', async () => {
  const draw = await sample(true);
  expect(fits(draw, sumOfTwoProbability(1), { bound: 5, draws: DRAWS })).toBe(true);
});

test('every slot and every cell has a draw of its own: differences have the law of two independent ones', async () => {
  const { service } = startService({ plans: [plan], epsilonPerPeriod: '100000' });
  const betweenSlots: bigint[] = [];
  const betweenCells: bigint[] = [];
  for (let window = 0; window < 2 * WINDOWS; window += 1) {
    const noise = await deviations(service, window, false);
    betweenSlots.push(noise[0]! - noise[1]!);
    betweenCells.push(noise[2]! - noise[4]!);
  }
  for (const differences of [betweenSlots, betweenCells]) {
    const law = { bound: 2, draws: WINDOWS };
    expect(fits(() => differences.pop()!, sumOfTwoProbability(1), law)).toBe(true);
  }
});
