/**
 * Sums and products through real encryption: every slot carries noise of its own scale, and a minimum is
 * compared with the noised count of a sum, never with the sum. False alarm 1e-6, squared by one rerun.
 */
import { describe, expect, test } from 'vitest';
import type { CompiledPlan } from '../../src/plan/compile.js';
import type { Measurement } from '../../src/plan/plan.js';
import type { CellOutcome } from '../../src/wire/release.js';
import { discreteLaplaceProbability } from '../support/discrete-laplace-law.js';
import { fits } from '../support/goodness-of-fit.js';
import { testPrivateKey } from '../support/keys.js';
import { testPlan } from '../support/plans.js';
import { startService } from '../support/release-service.js';
import { aggregateOf, cellOf, requestFor } from '../support/releases.js';

/** With a budget that no test exhausts. */
function richPlan(measurements: readonly Measurement[]): CompiledPlan {
  const { privacy, reports } = testPlan().plan;
  return testPlan({
    privacy: { ...privacy, epsilon: '100000' },
    labels: [],
    reports: [{ ...reports[0]!, labels: [], measurements }],
  });
}

/** Sixteen alike, so that a window is many draws. */
const alike = (measurement: Measurement): Measurement[] =>
  Array.from({ length: 16 }, (_, index) => ({ ...measurement, name: `${measurement.name}_${String(index)}` }));

/** In every window the noise of each slot, of every one of the sixteen measurements. */
async function noiseBySlot(measurement: Measurement, truths: readonly bigint[], windows: number): Promise<bigint[][]> {
  const plan = richPlan(alike(measurement));
  const { service, ledger } = startService({ plans: [plan], epsilonPerPeriod: '100000' });
  const { slotBits } = plan.reports[0]!.measurements[0]!;
  const noise: bigint[][] = truths.map(() => []);
  for (let window = 0; window < windows; window += 1) {
    const aggregate = aggregateOf(truths, testPrivateKey(), slotBits);
    const cells = plan.reports[0]!.measurements.map((_, index) =>
      cellOf([aggregate], { measurement: index, labels: [] }),
    );
    for (const cell of (await service.releaseWindow(requestFor(plan, window, cells))).cells) {
      if (cell.status !== 'released') throw new Error(`not released: ${cell.reason}`);
      expect(cell.values).toHaveLength(truths.length);
      cell.values.forEach((value, slot) => noise[slot]!.push(value - truths[slot]!));
    }
  }
  const [reserved] = [...ledger.entries()];
  expect(JSON.parse(reserved!.body)).toMatchObject({
    noise: scalesOf(measurement).map((parameter) => ({ parameter })),
  });
  return noise;
}

const sum: Measurement = {
  name: 'amount',
  attribute: 'amount',
  kind: 'sum',
  min: '-1',
  max: '1',
  scale: '0.5',
  epsilon: '1',
  countEpsilon: '2',
};
const product: Measurement = {
  name: 'xy',
  kind: 'product',
  factors: [
    { attribute: 'x', min: 0, max: 2 },
    { attribute: 'y', min: 1, max: 3 },
  ],
  epsilon: '3',
};

/** Range in steps over epsilon; a product shares its epsilon among three totals of ranges 2, 3 and 6. */
function scalesOf({ kind }: Measurement): string[] {
  return kind === 'sum' ? ['4', '1/2'] : ['2', '3', '6'];
}

const WINDOWS = 60;
const DRAWS = (WINDOWS * 16) / 2;

describe.each<[string, Measurement, readonly bigint[], readonly number[]]>([
  ['a sum', sum, [2n ** 60n + 12_345n, 999n], [4, 0.5]],
  ['a product', product, [40n, 50n, 70n], [2, 3, 6]],
])('%s', (_name, measurement, truths, scales) => {
  test('has in every slot noise of that slot’s scale, and not of a far one', async () => {
    const bySlot = await noiseBySlot(measurement, truths, WINDOWS);
    bySlot.forEach((noise, slot) => {
      const scale = scales[slot]!;
      const bound = Math.ceil(2 * scale);
      const kept = [...noise];
      expect(fits(() => noise.pop()!, discreteLaplaceProbability(scale), { bound, draws: DRAWS })).toBe(true);
      const other = scale > 1 ? scale / 4 : 4;
      expect(fits(() => kept.pop()!, discreteLaplaceProbability(other), { bound: 2, draws: DRAWS })).toBe(false);
    });
  });
});

describe('the minimum of a sum', () => {
  const fifty: Measurement = { ...sum, epsilon: '10', countEpsilon: '10', minimum: 50 };

  /** One window of these totals; noise of the count is 0 but for a chance below 1e-4, of the sum below 2. */
  async function outcome(total: bigint, count: bigint): Promise<CellOutcome | undefined> {
    const plan = richPlan([fifty]);
    const { service } = startService({ plans: [plan], epsilonPerRelease: '20' });
    const cell = cellOf([aggregateOf([total, count], testPrivateKey(), 128)], { labels: [] });
    return (await service.releaseWindow(requestFor(plan, 0, [cell]))).cells[0];
  }

  test('is compared with its noised count, whatever the sum is', async () => {
    expect(await outcome(2n ** 100n, 20n)).toMatchObject({ status: 'suppressed', reason: 'below_minimum' });
    expect(await outcome(-(2n ** 100n), 80n)).toMatchObject({ status: 'released' });
    expect(await outcome(0n, 80n)).toMatchObject({ status: 'released' });
    expect(await outcome(80n, 0n)).toMatchObject({ status: 'suppressed', reason: 'below_minimum' });
  });

  test('with a count at the minimum is decided by the noise alone', async () => {
    const noisy = richPlan([{ ...fifty, countEpsilon: '0.5' }]);
    const { service } = startService({ plans: [noisy], epsilonPerRelease: '20', epsilonPerPeriod: '100000' });
    const seen = new Set<string>();
    for (let window = 0; seen.size < 2; window += 1) {
      const cell = cellOf([aggregateOf([500n, 50n], testPrivateKey(), 128)], { labels: [] });
      const [answer] = (await service.releaseWindow(requestFor(noisy, window, [cell]))).cells;
      seen.add(answer!.status);
      if (answer!.status === 'released') expect(answer!.values[1]!).toBeGreaterThanOrEqual(50n);
      else expect(answer).toMatchObject({ reason: 'below_minimum' });
    }
    expect(seen).toEqual(new Set(['released', 'suppressed']));
  });
});
