/** `telemetry-kit privacy explain`: what a plan promises, what each release costs, how long the budget lasts. */
import { approximate, subtractRational } from '../math/rational.js';
import { windowsPerPeriod } from '../plan/budget-period.js';
import { labelCombinations, compilePlan, type CompiledPlan } from '../plan/compile.js';
import { isPaidPerPeriod, periodEpsilon, streamsEpsilon, windowEpsilon } from '../plan/plan-cost.js';
import type { Plan } from '../plan/plan.js';
import { releaseEpsilon } from '../plan/slots.js';
import { describeNoise, formatMechanism } from '../privacy/index.js';
import { noiseOf } from '../wire/release-noise.js';
import { duration } from './forecast-report.js';
import { deltaOfPlan, guaranteesOf, type Guarantee } from './guarantee.js';
import { alignColumns, writeData, writeJson } from './output.js';
import { unitText } from './plan-check.js';
import { loadPlan } from './plan-file.js';
import { policyText } from './policy-text.js';
import { roundedUpTo } from './shown-loss.js';

const HOURS_A_DAY = 24;

interface ReleaseFacts {
  readonly measurement: string;
  /** Charged for one release of one cell, or once a period. */
  readonly epsilon: number;
  readonly charged: 'release' | 'period';
  readonly noise: readonly string[];
  /** Of all noise in a published count or step, per slot. */
  readonly stddev: readonly number[];
  readonly halfWidth95: readonly number[];
}

interface Lifetime {
  readonly windowsPerPeriod: number;
  readonly windowsPaidFor: number;
}

/** Throws `invalid_plan` naming every fault. */
export function privacyExplain(path: string, options: { json?: boolean }): void {
  const compiled = compilePlan(loadPlan(path));
  const facts = {
    unit: unitText(compiled.plan.privacy),
    delta: deltaOfPlan(compiled.plan),
    guarantees: guaranteesOf(compiled),
    releases: releasesOf(compiled),
    budget: lifetimeOf(compiled.plan),
  };
  if (options.json === true) writeJson(facts);
  else writeData(describe(compiled, facts));
}

function releasesOf({ plan, reports }: CompiledPlan): ReleaseFacts[] {
  const servers = plan.privacy.noise === 'both' ? 2 : 1;
  return reports.flatMap((report) =>
    report.measurements.map((measurement) => {
      const noise = noiseOf(plan, measurement);
      const described = noise.map((mechanism) => describeNoise(mechanism, servers));
      return {
        measurement: `${report.report.name}.${measurement.measurement.name}`,
        epsilon: approximate(releaseEpsilon(measurement.measurement)),
        charged: isPaidPerPeriod(plan.privacy, measurement.measurement) ? 'period' : 'release',
        noise: [...new Set(noise.map(formatMechanism))],
        stddev: [...new Set(described.map(({ stddev }) => stddev))],
        halfWidth95: [...new Set(described.map(({ halfWidth95 }) => halfWidth95))],
      };
    }),
  );
}

function lifetimeOf(plan: Plan): Lifetime {
  const all = windowsPerPeriod(plan);
  const each = approximate(windowEpsilon(plan));
  if (each === 0) return { windowsPerPeriod: all, windowsPaidFor: all };
  const left = approximate(subtractRational(streamsEpsilon(plan.privacy), periodEpsilon(plan)));
  return { windowsPerPeriod: all, windowsPaidFor: Math.min(all, Math.floor(left / each)) };
}

function describe(
  compiled: CompiledPlan,
  facts: { unit: string; delta: string; guarantees: Guarantee[]; releases: ReleaseFacts[]; budget: Lifetime },
): string {
  const { plan } = compiled;
  return [
    `plan ${plan.name}: what it promises, per ${facts.unit}`,
    '',
    `epsilon at delta ${facts.delta}, by method; "exact" is what may be quoted, the others are upper bounds:`,
    lossTable(plan, facts.guarantees),
    '',
    'what a release costs, before it is asked for, and the noise in what is published:',
    releaseTable(facts.releases),
    '',
    budgetText(plan, facts.budget),
    ...(plan.privacy.unit === 'event' ? [eventWarning(compiled)] : []),
    '',
    'for a privacy policy:',
    policyText(plan, facts.guarantees),
  ].join('\n');
}

function lossTable({ privacy }: Plan, guarantees: readonly Guarantee[]): string {
  const rows = guarantees.map(({ group, periods, loss }) => [
    lossOf(privacy.unit, privacy.period, group, periods),
    ...[loss.exact, loss.basic, loss.optimal, loss.concentrated, loss.renyi].map(shownLoss),
  ]);
  return alignColumns([['', 'exact', 'basic', 'optimal (KOV)', 'zCDP', 'RDP'], ...rows], '  ');
}

function lossOf(unit: Plan['privacy']['unit'], period: string, group: number, periods: number): string {
  const who = unit === 'event' ? 'event' : 'subject';
  const whose = group === 1 ? `one ${who}` : `a group of ${String(group)} ${who}s`;
  if (unit === 'event') return whose;
  if (periods === 1) return `${whose}, a ${period}`;
  return `${whose}, a ${periods === HOURS_A_DAY ? 'day' : 'year'} (${String(periods)} periods)`;
}

function releaseTable(releases: readonly ReleaseFacts[]): string {
  const rows = releases.map(({ measurement, epsilon, charged, noise, stddev, halfWidth95 }) => [
    measurement,
    `${shown(epsilon)} a ${charged}`,
    noise.join(', '),
    stddev.map(shown).join(', '),
    halfWidth95.map(shown).join(', '),
  ]);
  return alignColumns([['measurement', 'epsilon', 'noise of one server', 'stddev', '95 % half width'], ...rows], '  ');
}

function budgetText({ window, privacy }: Plan, { windowsPerPeriod: all, windowsPaidFor: paid }: Lifetime): string {
  const every = `a window every ${duration(window.seconds)}`;
  if (paid >= all) return `budget: epsilon ${privacy.epsilon} lasts the whole ${privacy.period} at ${every}`;
  return `budget: epsilon ${privacy.epsilon} is spent after ${String(paid)} of ${String(all)} windows at ${every}, ${duration(paid * window.seconds)} into the ${privacy.period}; the rest is suppressed`;
}

/** A person is behind many events: what that does to the promise. */
function eventWarning({ reports }: CompiledPlan): string {
  const cells = reports.reduce((sum, report) => sum + report.measurements.length * labelCombinations(report).length, 0);
  return `an event is one span: a person behind m spans loses m times as much. ${String(cells)} ${cells === 1 ? 'cell is' : 'cells are'} released each window`;
}

/** Never less than it is. */
function shownLoss(value: number | undefined): string {
  return value === undefined || !Number.isFinite(value) ? shown(value) : String(roundedUpTo(value, 4));
}

function shown(value: number | undefined): string {
  if (value === undefined) return '-';
  return Number.isFinite(value) ? String(Number(value.toPrecision(4))) : 'none';
}
