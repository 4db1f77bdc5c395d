/**
 * The accountants against numbers computed without this code: by Google's dp_accounting, and by the definitions at 40
 * digits. reference/compute_reference.py says how, the JSON with which versions.
 */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import {
  approximateRelease,
  discreteGaussian,
  discreteLaplace,
  noisedRelease,
  PrivacyAccountant,
  type RecordedRelease,
} from '../../../src/privacy/index.js';

interface ReferenceRelease {
  readonly kind: 'discrete-laplace' | 'discrete-gaussian' | 'approximate';
  readonly scale: string;
  readonly variance: string;
  readonly sensitivity: number;
  readonly epsilon: string;
  readonly delta: string;
  readonly times: number;
}

interface ReferenceCase {
  readonly releases: readonly ReferenceRelease[];
  readonly pessimistic: number;
  readonly optimistic?: number;
  readonly definition?: number;
  readonly concentrated: number;
  readonly renyi: number;
  readonly optimal?: number;
  readonly advanced?: number;
}

const reference = JSON.parse(
  readFileSync(new URL('../reference/accountant-reference.json', import.meta.url), 'utf8'),
) as { readonly delta: string; readonly source: object; readonly cases: readonly ReferenceCase[] };

/** Relative, of one double computation against another. */
const TOLERANCE = 1e-8;
/** dp_accounting convolves by FFT, whose absolute errors show in epsilon at this size. */
const FFT_TOLERANCE = 1e-6;
/** Its orders for zCDP are a grid. */
const GRID_TOLERANCE = 1e-5;

function recorded(release: ReferenceRelease): RecordedRelease {
  const { kind, scale, variance, sensitivity, epsilon, delta, times } = release;
  if (kind === 'approximate') return approximateRelease(epsilon, delta, times);
  const mechanism = kind === 'discrete-laplace' ? discreteLaplace(scale) : discreteGaussian(variance);
  return noisedRelease(mechanism, BigInt(sensitivity), times);
}

function name({ releases }: ReferenceCase): string {
  return releases
    .map(({ kind, scale, variance, sensitivity, epsilon, times }) =>
      [`${String(times)} x`, kind, scale, variance, epsilon, sensitivity].filter(Boolean).join(' '),
    )
    .join(', ');
}

function expectNear(value: number | undefined, expected: number | undefined, tolerance: number): void {
  if (expected === undefined) return;
  expect(Math.abs((value ?? NaN) / expected - 1)).toBeLessThan(tolerance);
}

test('the reference names its sources', () => {
  expect(reference.source).toEqual({ dp_accounting: '0.6.0', mpmath: '1.4.1' });
  expect(reference.cases.length).toBeGreaterThan(15);
});

describe.each(reference.cases.map((each) => [name(each), each] as const))('%s', (_name, expected) => {
  const report = new PrivacyAccountant(expected.releases.map(recorded)).report(reference.delta);

  test('exact is what the definition says, and between the optimistic and the pessimistic bound', () => {
    expect(report.rounded).toBe(false);
    expectNear(report.exact, expected.definition, TOLERANCE);
    expect(report.exact).toBeLessThanOrEqual(expected.pessimistic * (1 + FFT_TOLERANCE));
    expect(report.exact).toBeGreaterThanOrEqual((expected.optimistic ?? 0) * (1 - FFT_TOLERANCE));
  });

  test('so are the other methods', () => {
    expectNear(report.optimal, expected.optimal, TOLERANCE);
    expectNear(report.advanced, expected.advanced, TOLERANCE);
    expectNear(report.concentrated, expected.concentrated, GRID_TOLERANCE);
    expectNear(report.renyi, expected.renyi, TOLERANCE);
  });
});
