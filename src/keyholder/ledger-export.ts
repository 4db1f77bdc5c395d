/**
 * The audit export: the ledger as JSON lines, and its verification without key or database. Whoever holds
 * an export recomputes every hash, every release id and every sum, and every decision that rests on them.
 */
import * as z from 'zod/mini';
import { formatRational } from '../math/rational.js';
import type { Period } from '../plan/plan.js';
import type { LedgerPosition } from '../wire/release.js';
import { LedgerChain } from './ledger-chain.js';
import { TelemetryKitError } from '../errors.js';
import { periodsTouched } from '../plan/budget-period.js';
import type { LedgerEntry, ReservedBody } from './ledger-entry.js';

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
  readonly releases: { readonly reserved: number; readonly sealed: number; readonly published: number };
  /** Every limited budget period that a window with a decision touches, in the order of first appearance. */
  readonly periods: readonly PeriodSpending[];
}

export interface PeriodSpending {
  readonly domain: string;
  readonly period: Period;
  /** Unix seconds. */
  readonly periodStart: number;
  /** Epsilon as an exact fraction, "n" or "n/d". */
  readonly consumed: string;
  readonly granted: number;
  readonly suppressed: number;
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
  const releases = { RESERVED: 0, SEALED: 0, PUBLISHED: 0 };
  const periods = new Map<string, PeriodSpending>();
  for (const text of lines) {
    const body = chain.follow(parseLine(text, chain.head.sequence + 1));
    releases[body.state] += 1;
    if (body.state === 'RESERVED') countDecision(periods, chain, body);
  }
  return {
    head: chain.head,
    releases: { reserved: releases.RESERVED, sealed: releases.SEALED, published: releases.PUBLISHED },
    periods: [...periods.values()],
  };
}

function countDecision(periods: Map<string, PeriodSpending>, chain: LedgerChain, body: ReservedBody): void {
  const { domain, cell, limits, decision } = body;
  for (const { period } of limits) {
    for (const periodStart of periodsTouched(period, cell.rangeStart, cell.rangeEnd)) {
      const key = JSON.stringify([domain, period, periodStart]);
      const before = periods.get(key);
      periods.set(key, {
        domain,
        period,
        periodStart,
        consumed: formatRational(chain.accounts.spent(domain, period, periodStart)),
        granted: (before?.granted ?? 0) + (decision === 'granted' ? 1 : 0),
        suppressed: (before?.suppressed ?? 0) + (decision === 'budget' ? 1 : 0),
      });
    }
  }
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
