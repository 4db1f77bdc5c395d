/**
 * The audit export: the ledger as JSON lines, and its verification without key or database. Whoever holds
 * an export recomputes every hash, every release id and every sum, and every decision that rests on them.
 */
import * as z from 'zod/mini';
import { TelemetryKitError } from '../errors.js';
import type { LedgerPosition } from '../wire/release.js';
import { AuditSummary, type PeriodSpending, type ReleaseCounts } from './audit-summary.js';
import { corruptEntry, LedgerChain } from './ledger-chain.js';
import type { LedgerEntry } from './ledger-entry.js';
import { SelectedKeys } from './selected-keys.js';

const line = z.strictObject({
  sequence: z.int(),
  previousHash: z.string(),
  hash: z.string(),
  body: z.string(),
});

/** What an export proves. */
export interface LedgerVerification {
  /** Compare with the ledger position in the published series: an export that ends before it was cut short. */
  readonly head: LedgerPosition;
  readonly releases: ReleaseCounts;
  /** Every limited budget period that was debited or refused, in the order of first appearance. */
  readonly periods: readonly PeriodSpending[];
}

/** One JSON object a line, in order, without line ends. */
export function* exportLedger(entries: Iterable<LedgerEntry>): Generator<string> {
  for (const { sequence, previousHash, hash, body } of entries) {
    yield JSON.stringify({ sequence, previousHash, hash, body });
  }
}

/** Throws `ledger_corrupt` naming the first entry that does not verify. */
export function verifyLedgerExport(lines: Iterable<string>): LedgerVerification {
  const chain = new LedgerChain();
  const summary = new AuditSummary(chain.state);
  const selected = new SelectedKeys();
  for (const text of lines) {
    const body = chain.follow(parseLine(text, chain.head.sequence + 1));
    const fault = selected.follow(body);
    if (fault !== undefined) throw corruptEntry(chain.head.sequence, fault);
    summary.add(body);
  }
  return { head: chain.head, releases: summary.releases, periods: summary.periods };
}

function parseLine(text: string, sequence: number): LedgerEntry {
  try {
    return line.parse(JSON.parse(text));
  } catch (cause) {
    throw new TelemetryKitError('ledger_corrupt', `line ${String(sequence)} is not a ledger entry`, {
      fix: 'export the ledger again, as JSON lines',
      cause,
    });
  }
}
