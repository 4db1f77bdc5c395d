/**
 * The plan that `init` signs: epsilon 1 a day for all that one user contributes, windows as long as so many users
 * need to show through the noise, three measurements of a checkout to be renamed; or the user's own plan with the
 * new key put in.
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
  /** Users a day. */
  readonly users: number;
  /** Key of the attribute that tells users apart. */
  readonly subject: string;
}

/** Users a day below which windows are this long; above the last, five minutes. */
const WINDOW_SECONDS: readonly (readonly [users: number, seconds: number])[] = [
  [5000, 86_400],
  [20_000, 21_600],
  [100_000, 3600],
];
const SHORTEST_WINDOW = 300;
/** Visits of one user that count in a day. */
const VISITS = 3;

/** Throws `invalid_plan` for a name or domain that is no identifier. */
export function starterPlan({ name, domain, kid, users, subject }: StarterPlanOptions): Plan {
  return parsePlan({
    version: 1,
    name,
    sequence: 1,
    keys: [kid],
    window: { seconds: windowFor(users), graceSeconds: 300, lagSeconds: 5 },
    privacy: {
      domain,
      unit: 'user-period',
      period: 'day',
      epsilon: '1',
      bounds: { subject, visits: VISITS },
      noise: 'both',
    },
    labels: [],
    reports: [
      {
        name: 'checkout',
        mode: 'per-span',
        spans: { names: ['checkout'] },
        labels: [],
        measurements: [
          { name: 'success', attribute: 'checkout.success', kind: 'flag', epsilon: '0.33' },
          {
            name: 'plan',
            attribute: 'customer.plan',
            kind: 'category',
            values: ['free', 'team', 'enterprise'],
            other: true,
            epsilon: '0.33',
          },
          {
            name: 'feature',
            attribute: 'feature.used',
            kind: 'category',
            values: ['export', 'import', 'dashboard'],
            other: true,
            epsilon: '0.33',
          },
        ],
      },
    ],
    redact: ['customer.email'],
  });
}

function windowFor(users: number): number {
  return WINDOW_SECONDS.find(([below]) => users < below)?.[1] ?? SHORTEST_WINDOW;
}

/** A plan file of the user's; its list of keys becomes the new key. Throws `invalid_plan`. */
export function planFromFile(path: string, kid: string): Plan {
  const document = readJson(path, 'the plan');
  if (typeof document === 'object' && document !== null) return parsePlan({ ...document, keys: [kid] });
  throw new TelemetryKitError('invalid_plan', `${path} holds no plan`, {
    fix: 'pass a JSON object with the fields of a plan, see docs/DATA_MODEL.md',
  });
}
