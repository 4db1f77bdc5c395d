/** `telemetry-kit audit`: the key holder's ledger as JSON lines, and its verification from those alone. */
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { TelemetryKitError } from '../errors.js';
import { exportLedger, verifyLedgerExport, type LedgerVerification } from '../keyholder/ledger-export.js';
import { openLedger } from '../keyholder/ledger.js';
import { ledgerPath } from '../keyholder/start.js';
import { readText } from './files.js';
import { alignColumns, writeData, writeJson } from './output.js';
import { readKeyHolderConfig } from './service-config.js';

export interface AuditOptions {
  /** The key holder's folder; the key holder must not be running. */
  readonly data?: string;
  readonly json?: boolean;
}

/** Throws `already_running` while the key holder runs and `ledger_corrupt` where the chain does not verify. */
export function auditExport({ data = '.' }: AuditOptions): void {
  for (const line of ledgerLines(data)) writeData(line);
}

/** Verifies an export or, without a file, the ledger itself. Throws `ledger_corrupt` naming the first bad entry. */
export function auditVerify(file: string | undefined, { data, json }: AuditOptions): void {
  if ((file === undefined) === (data === undefined)) {
    throw new TelemetryKitError('invalid_argument', 'nothing, or two things, to verify', {
      fix: 'name an exported file, or pass --data with the key holder folder',
    });
  }
  const verification = verifyLedgerExport(file === undefined ? ledgerLines(data ?? '') : exportedLines(file));
  if (json === true) writeJson(verification);
  else writeData(describe(verification));
}

function ledgerLines(data: string): string[] {
  const folder = resolve(data);
  const path = ledgerPath(resolve(folder, readKeyHolderConfig(folder).dataFolder));
  if (!existsSync(path)) {
    throw new TelemetryKitError('invalid_configuration', `there is no ledger at ${path} yet`, {
      fix: 'start the key holder once, or name the folder of the one that ran',
    });
  }
  const ledger = openLedger(path);
  try {
    return [...exportLedger(ledger.entries())];
  } finally {
    ledger.close();
  }
}

function exportedLines(file: string): string[] {
  return readText(file, 'the export')
    .split('\n')
    .filter((line) => line !== '');
}

function describe({ head, releases, periods }: LedgerVerification): string {
  const spending = periods.map(({ domain, period, periodStart, unit, spent, granted, refused }) => [
    domain,
    `${period} of ${new Date(periodStart * 1000).toISOString()}`,
    spent.epsilon === undefined ? `rho ${spent.rho}` : `epsilon ${spent.epsilon}`,
    `for one ${unit}`,
    `${String(granted)} granted`,
    `${String(refused)} refused`,
  ]);
  return [
    'the ledger verifies: every hash, release id, decision and sum',
    alignColumns(
      [
        ['entries', String(head.sequence)],
        ['head', head.hash],
        ['releases', `${String(releases.sealed)} fixed, ${String(releases.published)} handed out`],
      ],
      '  ',
    ),
    ...(spending.length > 0 ? [alignColumns(spending, '  ')] : []),
    'compare entries and head with telemetry_kit_release_info in the published metrics: a ledger that ends before was cut',
  ].join('\n');
}
