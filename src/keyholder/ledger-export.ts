/**
 * The audit export: the ledger as JSON lines, and its verification without key or database. Whoever holds
 * an export recomputes every hash, every release id and every sum, and every decision that rests on them.
 */
import * as z from 'zod/mini';
import { TelemetryKitError } from '../errors.js';
import type { LedgerPosition } from '../wire/release.js';
import { AuditSummary, type PeriodSpending, type ReleaseCounts } from './audit-summary.js';
import { corruptEntry, LedgerChain } from './ledger-chain.js';
import type { BurnedBody, LedgerEntry } from './ledger-entry.js';
import type { ReservationUse } from './odometer.js';
import type { KeptRefusal } from './refusal-log.js';
import { SelectedKeys } from './selected-keys.js';

const line = z.union([
  z.strictObject({ sequence: z.int(), previousHash: z.string(), hash: z.string(), body: z.string() }),
  z.strictObject({ refusal: z.record(z.string(), z.union([z.string(), z.number()])) }),
]);

/** What an export proves. */
export interface LedgerVerification {
  /** Compare with the ledger position in the published series: an export that ends before it was cut short. */
  readonly head: LedgerPosition;
  readonly releases: ReleaseCounts;
  /** Every limited budget period that was debited or refused, in the order of first appearance. */
  readonly periods: readonly PeriodSpending[];
  /** What every granted reservation of a period cost, and how much of it releases have used. */
  readonly reservations: readonly ReservationUse[];
  /** Where entries are missing. */
  readonly burned: readonly BurnedBody[];
  /** Refusals that charged nothing, as the export says: they are not in the chain. */
  readonly refusals: number;
}

/** One JSON object a line, in order, without line ends; after the entries, what was refused beside them. */
export function* exportLedger(entries: Iterable<LedgerEntry>, refusals: Iterable<KeptRefusal> = []): Generator<string> {
  for (const { sequence, previousHash, hash, body } of entries) {
    yield JSON.stringify({ sequence, previousHash, hash, body });
  }
  for (const refusal of refusals) yield JSON.stringify({ refusal });
}

/** Where no other delta is asked for. */
export const AUDIT_DELTA = '0.000001';

/**
 * `delta`: a decimal string, at which epsilons are given. Throws `ledger_corrupt` naming the first entry that does not
 * verify.
 */
export function verifyLedgerExport(lines: Iterable<string>, delta: string = AUDIT_DELTA): LedgerVerification {
  const chain = new LedgerChain();
  const summary = new AuditSummary(chain.state);
  const selected = new SelectedKeys();
  let refusals = 0;
  for (const text of lines) {
    const parsed = parseLine(text, chain.head.sequence + 1);
    if ('refusal' in parsed) {
      refusals += 1;
      continue;
    }
    const body = chain.follow(parsed);
    const fault = selected.follow(body);
    if (fault !== undefined) throw corruptEntry(chain.head.sequence, fault);
    summary.add(body);
  }
  return {
    head: chain.head,
    releases: summary.releases,
    periods: summary.periods(delta),
    reservations: summary.reservations,
    burned: chain.state.burns,
    refusals,
  };
}

function parseLine(text: string, sequence: number): z.infer<typeof line> {
  try {
    return line.parse(JSON.parse(text));
  } catch (cause) {
    throw new TelemetryKitError('ledger_corrupt', `line ${String(sequence)} is not a ledger entry`, {
      fix: 'export the ledger again, as JSON lines',
      cause,
    });
  }
}
