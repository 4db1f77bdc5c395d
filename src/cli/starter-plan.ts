/**
 * The plan that `init` signs: hourly windows whose whole day is paid for, with three measurements of a
 * checkout to be renamed, or the user's own plan with the new key put in.
 */
import { parsePlan } from '../plan/check.js';
import type { Plan } from '../plan/plan.js';
import { TelemetryKitError } from '../errors.js';
import { readJson } from './files.js';

export interface StarterPlanOptions {
  readonly name: string;
  /** Privacy domain; plans that measure the same people share one. */
  readonly domain: string;
  readonly kid: string;
}

/** Throws `invalid_plan` for a name or domain that is no identifier. */
export function starterPlan({ name, domain, kid }: StarterPlanOptions): Plan {
  return parsePlan({
    version: 1,
    name,
    sequence: 1,
    keys: [kid],
    window: { seconds: 3600, graceSeconds: 60, lagSeconds: 5 },
    privacy: { domain, unit: 'event', period: 'day', epsilon: '20', noise: 'both' },
    labels: [],
    reports: [
      {
        name: 'checkout',
        mode: 'per-span',
        spans: { names: ['checkout'] },
        labels: [],
        measurements: [
          { name: 'success', attribute: 'checkout.success', kind: 'flag', epsilon: '0.25' },
          {
            name: 'plan',
            attribute: 'customer.plan',
            kind: 'category',
            values: ['free', 'team', 'enterprise'],
            other: true,
            epsilon: '0.25',
          },
          {
            name: 'feature',
            attribute: 'feature.used',
            kind: 'category',
            values: ['export', 'import', 'dashboard'],
            other: true,
            epsilon: '0.25',
          },
        ],
      },
    ],
    redact: ['customer.email'],
  });
}

/** A plan file of the user's; its list of keys becomes the new key. Throws `invalid_plan`. */
export function planFromFile(path: string, kid: string): Plan {
  const document = readJson(path, 'the plan');
  if (typeof document === 'object' && document !== null) return parsePlan({ ...document, keys: [kid] });
  throw new TelemetryKitError('invalid_plan', `${path} holds no plan`, {
    fix: 'pass a JSON object with the fields of a plan, see docs/DATA_MODEL.md',
  });
}
