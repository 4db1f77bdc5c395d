/** `telemetry-kit plan check`: what is wrong with a plan and where, and what its author should know. */
import { TelemetryKitError } from '../errors.js';
import { checkPlan, type PlanIssue } from '../plan/check.js';
import { compilePlan } from '../plan/compile.js';
import { verifyPlanSignature } from '../plan/document.js';
import type { Plan, PlanPrivacy } from '../plan/plan.js';
import { describeForecast } from './forecast-report.js';
import { forecast, type Population } from './forecast.js';
import { noiseAdvice } from './noise-advice.js';
import { alignColumns, writeData, writeJson } from './output.js';
import { readPlanFile, type PlanFile } from './plan-file.js';
import { AnsweredNo } from './run-program.js';
import { deltaIssue } from './population-delta.js';
import { selectionAdvice } from './selection-advice.js';

interface CheckedFile {
  readonly valid: boolean;
  readonly issues: readonly PlanIssue[];
  readonly warnings: readonly PlanIssue[];
  readonly hash?: string;
  /** The key in the signature, where the signature is good; whether to trust that key is the reader's pin. */
  readonly signedBy?: string;
  readonly plan?: Plan;
}

export interface PlanCheckOptions {
  readonly json?: boolean;
  /** Users a day, for a forecast of what the plan will show. */
  readonly users?: string;
  readonly visits: string;
}

/** Prints the outcome; throws `AnsweredNo` where the plan is not valid. */
export function planCheck(path: string, options: PlanCheckOptions): void {
  const population = populationOf(options);
  const checked = forPopulation(checkFile(readPlanFile(path)), population);
  const { plan } = checked;
  if (options.json === true) {
    const forecasted = plan && population && forecast(compilePlan(plan), population);
    writeJson({ ...checked, plan: undefined, forecast: forecasted });
  } else {
    writeData(describe(path, checked));
    if (plan !== undefined && population !== undefined) writeData(describeForecast(plan, population));
  }
  if (!checked.valid) throw new AnsweredNo();
}

/** With it, a fault where the plan's delta lets somebody of so many people down too often. */
function forPopulation(checked: CheckedFile, population: Population | undefined): CheckedFile {
  const { plan, issues, warnings } = checked;
  const issue = plan && population && deltaIssue(plan, population);
  return issue ? { valid: false, issues: [...issues, issue], warnings } : checked;
}

function populationOf({ users, visits }: PlanCheckOptions): Population | undefined {
  const population = { usersPerDay: Number(users), visitsPerUser: Number(visits) };
  if (users === undefined) return undefined;
  if (population.usersPerDay > 0 && population.visitsPerUser >= 1 && Number.isFinite(population.visitsPerUser)) {
    return population;
  }
  throw new TelemetryKitError('invalid_argument', 'the population is not one that a forecast can be made for', {
    fix: 'pass --users above 0 and --visits of 1 or more, for example --users 500 --visits 2',
  });
}

function checkFile(file: PlanFile): CheckedFile {
  const { plan, issues, warnings: ofPlan } = checkPlan(file.rawPlan);
  if (plan === undefined) return { valid: false, issues, warnings: ofPlan };
  const compiled = compilePlan(plan);
  const hash = compiled.hashText;
  const advice = noiseAdvice(compiled);
  const warnings = [
    ...ofPlan,
    ...(advice === undefined ? [] : [{ path: 'privacy.mechanism', message: advice }]),
    ...selectionAdvice(compiled),
  ];
  if (file.signed === undefined) return { valid: true, issues, warnings, hash, plan };
  const signedBy = goodSigner(plan, file.signed.signature);
  if (signedBy !== undefined) return { valid: true, issues, warnings, hash, plan, signedBy };
  const message = 'does not fit the plan: sign it again with `telemetry-kit plan sign`';
  return { valid: false, issues: [{ path: 'signature', message }], warnings, hash };
}

function goodSigner(plan: Plan, signature: unknown): string | undefined {
  const { publicKey } = (signature ?? {}) as { publicKey?: unknown };
  return typeof publicKey === 'string' && verifyPlanSignature(plan, signature, publicKey) ? publicKey : undefined;
}

function describe(path: string, checked: CheckedFile): string {
  const { plan, issues, warnings } = checked;
  if (plan === undefined || !checked.valid) {
    const heading = `${path}: ${String(issues.length)} ${issues.length === 1 ? 'fault' : 'faults'}`;
    return [heading, remarks(issues)].join('\n');
  }
  const facts = [
    ['plan', `${plan.name}, sequence ${String(plan.sequence)}`],
    ['hash', checked.hash ?? ''],
    ['signed by', checked.signedBy ?? 'nobody yet: applications refuse it until `telemetry-kit plan sign`'],
    ['window', `${String(plan.window.seconds)} s, grace ${String(plan.window.graceSeconds)} s`],
    ['protects', unitText(plan.privacy)],
    ['budget', `epsilon ${plan.privacy.epsilon} a ${plan.privacy.period}, domain ${plan.privacy.domain}`],
    ...plan.reports.map((report) => [
      `report ${report.name}`,
      report.measurements.map(({ name, kind, epsilon }) => `${name} (${kind}, epsilon ${epsilon})`).join(', '),
    ]),
  ];
  return [`${path}: good`, alignColumns(facts, '  '), 'worth knowing:', remarks(warnings)].join('\n');
}

/** Beside every epsilon: what it is about. */
export function unitText({ unit, period, bounds }: PlanPrivacy): string {
  if (bounds === undefined) return `${unit}: one span`;
  const { subject, visits, processes = 1 } = bounds;
  const spread = processes === 1 ? '' : `, in each of ${String(processes)} processes`;
  return `${unit}: all that one ${subject} contributes in a ${period}, at most ${String(visits)} spans of a report${spread}`;
}

function remarks(issues: readonly PlanIssue[]): string {
  return alignColumns(
    issues.map(({ path, message }) => [path, message]),
    '  ',
  );
}
