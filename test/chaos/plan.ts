/**
 * What the campaign measures: each contribution goes to a bucket of its own and to one that it shares, so that a bucket
 * of 2, or of 0, shows what was counted twice or lost. The receiver adds no noise, so that its aggregates are exact.
 */
import type { Plan } from '../../src/plan/plan.js';

export const LABELS = 6;
export const BUCKETS = 8;
export const WINDOW_SECONDS = 10;
const GRACE_SECONDS = 40;
/** Positions of the measurements. */
export const OWN = 0;
export const SHARED = 1;

const values = (count: number): string[] => Array.from({ length: count }, (_, index) => `v${String(index)}`);

/** `keys` is filled in by `telemetry-kit init`. */
export function campaignPlan(): Omit<Plan, 'keys'> {
  return {
    version: 1,
    name: 'campaign',
    sequence: 1,
    window: { seconds: WINDOW_SECONDS, graceSeconds: GRACE_SECONDS, lagSeconds: 0 },
    privacy: { domain: 'campaign', unit: 'event', period: 'day', epsilon: '10000', noise: 'keyholder' },
    labels: [{ key: 'part', values: values(LABELS), otherwise: 'v0' }],
    reports: [
      {
        name: 'load',
        mode: 'per-span',
        spans: { names: ['load'] },
        labels: ['part'],
        measurements: [
          { name: 'own', attribute: 'own', kind: 'category', values: values(BUCKETS), other: false, epsilon: '0.01' },
          { name: 'shared', attribute: 'shared', kind: 'flag', trueOnly: true, epsilon: '0.01' },
        ],
      },
    ],
    redact: [],
  };
}
