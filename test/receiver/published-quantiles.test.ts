/** Quantiles in what is published: from the noised buckets alone, `insufficient` where they do not say. */
import { describe, expect, test } from 'vitest';
import type { HistogramMeasurement, ReleaseStream } from '../../src/plan/plan.js';
import { PublishedPoints } from '../../src/receiver/published-points.js';
import { addQuantiles } from '../../src/receiver/published-quantiles.js';
import { measurementSeries } from '../../src/receiver/series.js';

interface Options {
  readonly stddev: number;
  readonly boundaries: readonly number[];
  readonly release: ReleaseStream;
}

const RANGE = { report: 'checkout', start: 0, end: 60 };

function pointsOf(
  amounts: readonly number[],
  { stddev = 1, boundaries = [0, 10, 20], release = 'windows' }: Partial<Options> = {},
) {
  const histogram: HistogramMeasurement = {
    name: 'size',
    attribute: 'a',
    kind: 'histogram',
    boundaries,
    epsilon: '1',
    release,
  };
  const points = new PublishedPoints();
  const values = amounts.map((amount) => ({
    series: 'own' as const,
    value: undefined,
    amount,
    isCount: true,
    stddev,
    halfWidth95: 2 * stddev,
  }));
  const guarantee = { mechanism: 'discrete-laplace', epsilon: '1', delta: '0', noise: '1' } as const;
  const cell = { measurement: 'size', labels: { region: 'eu' }, guarantee, since: 0, values };
  addQuantiles(points, measurementSeries('checkout', histogram).quantiles!, histogram, cell, RANGE);
  return points
    .metrics()
    .flatMap(({ descriptor, dataPoints }) =>
      dataPoints.map(({ attributes, value }) => [descriptor.name, attributes, value] as const),
    );
}

function valueOf(points: ReturnType<typeof pointsOf>, suffix: string, quantile: string): number | undefined {
  const name = `telemetry_kit.checkout.size.quantile${suffix}`;
  return points.find(([each, attributes]) => each === name && attributes['quantile'] === quantile)?.[2];
}

describe('quantiles of a histogram', () => {
  test('interpolate within buckets, with an interval around them', () => {
    const points = pointsOf([0, 1000, 1000, 0]);
    expect(valueOf(points, '', '0.5')).toBeCloseTo(10, 9);
    // 1800 of 2000: eight tenths into the second bucket.
    expect(valueOf(points, '', '0.9')).toBeCloseTo(18, 9);
    const [low, high] = ['.ci_low', '.ci_high'].map((suffix) => valueOf(points, suffix, '0.9')!);
    expect(low).toBeLessThan(18);
    expect(high).toBeGreaterThan(18);
    expect(points.every(([, { region }]) => region === 'eu')).toBe(true);
  });

  test('widen with the noise', () => {
    const widths = [1, 20].map((stddev) => {
      const points = pointsOf([0, 1000, 1000, 0], { stddev });
      return valueOf(points, '.ci_high', '0.9')! - valueOf(points, '.ci_low', '0.9')!;
    });
    expect(widths[1]).toBeGreaterThan(10 * widths[0]!);
  });

  test('in an end bucket are shown as its boundary', () => {
    expect(valueOf(pointsOf([0, 0, 0, 5000]), '', '0.5')).toBe(20);
    expect(valueOf(pointsOf([5000, 0, 0, 0]), '', '0.5')).toBe(0);
    // A positive first boundary: what is below it is taken to begin at 0.
    expect(valueOf(pointsOf([5000, 0, 0, 0], { boundaries: [10, 20, 30] }), '', '0.5')).toBeCloseTo(5, 9);
  });

  test('that the counts do not tell are marked as insufficient, and have no value', () => {
    const points = pointsOf([0, 250, 250, 0]);
    expect(valueOf(points, '', '0.99')).toBeUndefined();
    expect(points).toContainEqual([
      'telemetry_kit.suppressed',
      { report: 'checkout', measurement: 'size', region: 'eu', quantile: '0.99', reason: 'insufficient' },
      1,
    ]);
    expect(valueOf(points, '', '0.5')).toBeCloseTo(10, 9);
    const noisy = pointsOf([3, -2, 1, 4], { stddev: 50 });
    expect(noisy.map(([name]) => name)).toEqual(new Array(3).fill('telemetry_kit.suppressed'));
  });

  test('of a running total are named after it, and take totals that are no whole numbers or negative', () => {
    const points = pointsOf([-0.75, 1000.5, 999.25, 0.5], { release: 'total' });
    const names = new Set(points.map(([name]) => name));
    expect([...names].sort()).toEqual(
      ['', '.ci_high', '.ci_low'].map((suffix) => `telemetry_kit.checkout.size.total.quantile${suffix}`),
    );
    const median = points.find(
      ([name, { quantile }]) => name === 'telemetry_kit.checkout.size.total.quantile' && quantile === '0.5',
    )![2];
    expect(median).toBeGreaterThan(9.98);
    expect(median).toBeLessThan(10.02);
  });

  test('of a cell without values are absent', () => {
    expect(pointsOf([])).toEqual([]);
  });
});
