/**
 * The audit export: the ledger as JSON lines, and its verification without key or database. Whoever holds
 * an export recomputes every hash, every release id and every sum, and every decision that rests on them.
 */
import * as z from 'zod/mini';
import { TelemetryKitError } from '../errors.js';
import type { CompiledPlan } from '../plan/compile.js';
import type { LedgerPosition } from '../wire/release.js';
import { AuditedPlans, type PlanCoverage } from './audited-plans.js';
import { AuditSummary, type PeriodSpending, type ReleaseCounts } from './audit-summary.js';
import { ConstantPlans } from './constant-plans.js';
import { corruptEntry, LedgerChain } from './ledger-chain.js';
import type { BurnedBody, EntryBody, LedgerEntry } from './ledger-entry.js';
import { isClockBehind } from './ledger-state.js';
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
  /** Decisions that were made long before an earlier one by their clock, which only `--accept-clock` allows. */
  readonly clockSetBack: readonly ClockSetBack[];
  /** How many releases and reservations were compared with plans that were given. */
  readonly plans: PlanCoverage;
  /** Refusals that charged nothing, as the export says: they are not in the chain. */
  readonly refusals: number;
}

interface ClockSetBack {
  /** Number of the entry. */
  readonly sequence: number;
  /** Of the entry, and the newest before it. Unix seconds, both. */
  readonly at: number;
  readonly after: number;
}

export interface VerificationOptions {
  /** At which epsilons are given, a decimal string. */
  readonly delta?: string;
  /** Every entry of theirs must be what they lead to. */
  readonly plans?: readonly CompiledPlan[];
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

/** Throws `ledger_corrupt` naming the first entry that does not verify. */
export function verifyLedgerExport(
  lines: Iterable<string>,
  { delta = AUDIT_DELTA, plans = [] }: VerificationOptions = {},
): LedgerVerification {
  const chain = new LedgerChain();
  const summary = new AuditSummary();
  const audited = new AuditedPlans(plans);
  const followers = [new SelectedKeys(), new ConstantPlans(), audited];
  const clockSetBack: ClockSetBack[] = [];
  let refusals = 0;
  for (const text of lines) {
    const parsed = parseLine(text, chain.head.sequence + 1);
    if ('refusal' in parsed) {
      refusals += 1;
      continue;
    }
    const after = chain.state.newestTime;
    const body = chain.follow(parsed);
    for (const follower of followers) {
      const fault = follower.follow(body);
      if (fault !== undefined) throw corruptEntry(chain.head.sequence, fault);
    }
    const at = timeOf(body) ?? after;
    if (isClockBehind(at, after)) clockSetBack.push({ sequence: chain.head.sequence, at, after });
    summary.add(body);
  }
  return {
    head: chain.head,
    releases: summary.releases,
    periods: summary.periods(delta),
    reservations: summary.reservations,
    burned: chain.state.burns,
    clockSetBack,
    plans: audited.coverage,
    refusals,
  };
}

/** When it was decided; `undefined` of what is no decision. */
function timeOf(body: EntryBody): number | undefined {
  return 'at' in body ? body.at : undefined;
}

function parseLine(text: string, sequence: number): z.infer<typeof line> {
  try {
    return line.parse(JSON.parse(text));
  } catch (cause) {
    throw new TelemetryKitError('ledger_corrupt', `line ${String(sequence)} is not a ledger entry`, {
      fix: 'export the ledger again, as JSON lines, with this version of telemetry-kit',
      cause,
    });
  }
}
