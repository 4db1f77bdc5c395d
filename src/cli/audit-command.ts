/** `telemetry-kit audit`: the key holder's ledger for programs and for people, and its verification from an export alone. */
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { TelemetryKitError } from '../errors.js';
import { AUDIT_COLUMNS, auditRows } from '../keyholder/audit-table.js';
import { AUDIT_DELTA, exportLedger, verifyLedgerExport } from '../keyholder/ledger-export.js';
import { openLedger, type Ledger } from '../keyholder/ledger.js';
import { ledgerPath } from '../keyholder/start.js';
import { parseRational } from '../math/rational.js';
import { compilePlan, type CompiledPlan } from '../plan/compile.js';
import { openSignedPlan } from '../plan/document.js';
import { describeVerification } from './audit-report.js';
import { readText } from './files.js';
import { loadPlan, readPlanFile } from './plan-file.js';
import { writeData, writeJson } from './output.js';
import { readKeyHolderConfig } from './service-config.js';
import { csvLines, markdownLines } from './table-formats.js';

export interface AuditOptions {
  /** The key holder's folder; the key holder must not be running. */
  readonly data?: string;
  readonly json?: boolean;
  /** JSON lines, which can be verified, by default. */
  readonly format?: 'jsonl' | 'csv' | 'markdown';
  /** At which epsilons are given, a decimal string. */
  readonly delta?: string;
  /** Files of plans that entries are compared with. */
  readonly plan?: readonly string[];
  /** The owner's Ed25519 public key, base64url: who must have signed them. */
  readonly ownerKey?: string;
}

/** Throws `already_running` while the key holder runs and `ledger_corrupt` where the chain does not verify. */
export function auditExport({ data = '.', format = 'jsonl' }: AuditOptions): void {
  withLedger(data, (ledger) => {
    for (const line of linesOf(ledger, format)) writeData(line);
  });
}

/** Verifies an export or, without a file, the ledger itself. Throws `ledger_corrupt` naming the first bad entry. */
export function auditVerify(file: string | undefined, options: AuditOptions): void {
  const { data, json, delta = AUDIT_DELTA } = options;
  if ((file === undefined) === (data === undefined)) {
    throw new TelemetryKitError('invalid_argument', 'nothing, or two things, to verify', {
      fix: 'name an exported file, or pass --data with the key holder folder',
    });
  }
  assertDelta(delta);
  const plans = plansOf(options);
  const verify = (lines: Iterable<string>): void => {
    const verification = verifyLedgerExport(lines, { delta, plans });
    if (json === true) writeJson(verification);
    else writeData(describeVerification(verification, delta));
  };
  if (file !== undefined) verify(exportedLines(file));
  else
    withLedger(data ?? '', (ledger) => {
      verify(linesOf(ledger, 'jsonl'));
    });
}

/** By its hash an entry names the very plan; the signature says that the owner wanted it. */
function plansOf({ plan: files = [], ownerKey }: AuditOptions): CompiledPlan[] {
  return files.map((file) =>
    ownerKey === undefined ? compilePlan(loadPlan(file)) : openSignedPlan(readSignedPlan(file), { ownerKey }),
  );
}

/** A bare plan is one without a signature. */
function readSignedPlan(file: string): unknown {
  const { signed, rawPlan } = readPlanFile(file);
  return signed ?? { plan: rawPlan };
}

function withLedger(data: string, read: (ledger: Ledger) => void): void {
  const folder = resolve(data);
  const path = ledgerPath(resolve(folder, readKeyHolderConfig(folder).dataFolder));
  if (!existsSync(path)) {
    throw new TelemetryKitError('invalid_configuration', `there is no ledger at ${path} yet`, {
      fix: 'start the key holder once, or name the folder of the one that ran',
    });
  }
  const ledger = openLedger(path);
  try {
    read(ledger);
  } finally {
    ledger.close();
  }
}

function linesOf(ledger: Ledger, format: NonNullable<AuditOptions['format']>): Iterable<string> {
  if (format === 'jsonl') return exportLedger(ledger.entries(), ledger.refusals());
  const rows = auditRows(() => ledger.entries(), ledger.refusals());
  return format === 'csv' ? csvLines(AUDIT_COLUMNS, rows) : markdownLines(AUDIT_COLUMNS, rows);
}

function exportedLines(file: string): string[] {
  return readText(file, 'the export')
    .split('\n')
    .filter((line) => line !== '');
}

function assertDelta(delta: string): void {
  const { numerator, denominator } = parseRational(delta);
  if (numerator > 0n && numerator < denominator) return;
  throw new TelemetryKitError('invalid_argument', 'delta is no probability between 0 and 1', {
    fix: 'pass for example --delta 0.000001',
  });
}
