/** `telemetry-kit plan check`: what is wrong with a plan and where, and what its author should know. */
import { checkPlan, type PlanIssue } from '../plan/check.js';
import { compilePlan } from '../plan/compile.js';
import { verifyPlanSignature } from '../plan/document.js';
import type { Plan } from '../plan/plan.js';
import { alignColumns, writeData, writeJson } from './output.js';
import { readPlanFile, type PlanFile } from './plan-file.js';
import { AnsweredNo } from './run-program.js';

interface CheckedFile {
  readonly valid: boolean;
  readonly issues: readonly PlanIssue[];
  readonly warnings: readonly PlanIssue[];
  readonly hash?: string;
  /** The key in the signature, where the signature is good; whether to trust that key is the reader's pin. */
  readonly signedBy?: string;
  readonly plan?: Plan;
}

/** Prints the outcome; throws `AnsweredNo` where the plan is not valid. */
export function planCheck(path: string, options: { json?: boolean }): void {
  const checked = checkFile(readPlanFile(path));
  if (options.json === true) writeJson({ ...checked, plan: undefined });
  else writeData(describe(path, checked));
  if (!checked.valid) throw new AnsweredNo();
}

function checkFile(file: PlanFile): CheckedFile {
  const { plan, issues, warnings } = checkPlan(file.rawPlan);
  if (plan === undefined) return { valid: false, issues, warnings };
  const hash = compilePlan(plan).hashText;
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
    ['budget', `epsilon ${plan.privacy.epsilon} a ${plan.privacy.period}, domain ${plan.privacy.domain}`],
    ...plan.reports.map((report) => [
      `report ${report.name}`,
      report.measurements.map(({ name, kind, epsilon }) => `${name} (${kind}, epsilon ${epsilon})`).join(', '),
    ]),
  ];
  return [`${path}: good`, alignColumns(facts, '  '), 'worth knowing:', remarks(warnings)].join('\n');
}

function remarks(issues: readonly PlanIssue[]): string {
  return alignColumns(
    issues.map(({ path, message }) => [path, message]),
    '  ',
  );
}
