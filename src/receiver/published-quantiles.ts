/**
 * Quantiles of a histogram, from the noised buckets that are published anyway: they cost nothing (docs/PRIVACY.md,
 * section 7). Where too few values, or too much noise, leave one open, its mark says `insufficient`.
 *
 * The end buckets have no width. A quantile in the last one is shown as the last boundary, as Prometheus does; the first
 * one begins at 0 where its boundary is positive, and is shown as its boundary else.
 */
import type { HistogramMeasurement } from '../plan/plan.js';
import { quantileOf, type NoisedBuckets } from '../privacy/index.js';
import type { PublishedCell, PublishedValue } from './publication.js';
import type { PublishedPoints, TimeRange } from './published-points.js';
import { SUPPRESSED, type QuantileSeries } from './series.js';

/** As the `quantile` attribute has them. */
const LEVELS = ['0.5', '0.9', '0.99'];

/** Nothing of a cell without values, which has a mark already. */
export function addQuantiles(
  points: PublishedPoints,
  { value, low, high }: QuantileSeries,
  { boundaries }: HistogramMeasurement,
  { measurement, labels, since, values }: PublishedCell,
  { report, start, end }: TimeRange & { readonly report: string },
): void {
  if (values.length === 0) return;
  const buckets = bucketsOf(boundaries, values);
  for (const quantile of LEVELS) {
    const found = quantileOf(buckets, Number(quantile));
    if (found.kind === 'insufficient') {
      points.add(SUPPRESSED, { start, end }, { report, measurement, ...labels, quantile, reason: found.kind }, 1);
      continue;
    }
    const attributes = { ...labels, quantile };
    const within = (edge: number): number => clampToEnds(boundaries, edge);
    points.add(value, { start: since, end }, attributes, within(found.value));
    points.add(low, { start: since, end }, attributes, within(found.low));
    points.add(high, { start: since, end }, attributes, within(found.high));
  }
}

/** Noise of buckets is independent, so variances of their sums add up. */
function bucketsOf(boundaries: readonly number[], values: readonly PublishedValue[]): NoisedBuckets {
  let [sum, variance] = [0, 0];
  const cumulative: number[] = [];
  const stddevs: number[] = [];
  for (const { amount, stddev } of values) {
    sum += amount;
    variance += stddev * stddev;
    cumulative.push(sum);
    stddevs.push(Math.sqrt(variance));
  }
  const [first, last] = ends(boundaries);
  const from = first > 0 ? 0 : first - width(first);
  return { boundaries: [from, ...boundaries, last + width(last)], cumulative, stddevs };
}

/** Of an end bucket, whatever it is: nothing within it is shown. */
function width(edge: number): number {
  return Math.max(1, Math.abs(edge));
}

function clampToEnds(boundaries: readonly number[], edge: number): number {
  const [first, last] = ends(boundaries);
  return Math.min(last, Math.max(first > 0 ? 0 : first, edge));
}

function ends(boundaries: readonly number[]): readonly [number, number] {
  return [boundaries[0] ?? 0, boundaries.at(-1) ?? 0];
}
