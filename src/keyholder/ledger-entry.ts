/**
 * One line of the ledger: a debit, an outcome, or what keeps the ledger itself. An entry holds what an auditor may
 * see: never a raw total, a noise, a number of contributions or their digest.
 *
 * Entry hash, label `telemetry-kit/v1/ledger-entry`: sequence (u64) | previous entry's hash (32, zeros
 * before the first) | body (RFC 8785 canonical JSON, UTF-8).
 */
import canonicalize from 'canonicalize';
import * as z from 'zod/mini';
import { fromBase64Url, toBase64Url, utf8ToBytes } from '../bytes.js';
import { hashFramed, u64 } from '../framing.js';
import { areInOrder, isKey } from '../plan/labels.js';
import { MECHANISMS, PERIODS, PRIVACY_UNITS } from '../plan/plan.js';
import { BUDGET_MEASURES, SUPPRESSION_REASONS } from '../wire/release.js';
import { RELEASE_KINDS, SHARES } from './release-kind.js';

const hash = z.string().check(z.regex(/^[A-Za-z0-9_-]{43}$/));
const natural = z.int().check(z.gte(0));
const positive = z.int().check(z.gte(1));
const fraction = z.string().check(z.regex(/^\d+(\/[1-9]\d*)?$/));
const key = z.string().check(z.refine(isKey));
const integer = z.string().check(z.regex(/^\d+$/));

/** Without an epsilon: Gaussian noise, which has rho alone. */
const cost = z.strictObject({ epsilon: z.optional(fraction), rho: fraction, delta: fraction });

/** One limit of the domain when the decision was made. */
const limit = z.strictObject({
  period: z.enum(PERIODS),
  /** Of this share of the budget; left out: of the whole. */
  share: z.optional(z.enum(SHARES)),
  /** Of every span as long as the period that begins at a multiple of so many seconds; left out: of calendar periods. */
  slidingStep: z.optional(positive),
  measure: z.enum(BUDGET_MEASURES),
  most: fraction,
  delta: fraction,
});
const limits = z.array(limit).check(z.minLength(1));

/** Spans of a subject that count, and processes that count for themselves; as many as plans may say at the most. */
const bounds = z
  .strictObject({
    visits: positive.check(z.lte(1440)),
    visitsPerWindow: positive,
    processes: positive.check(z.lte(1000)),
  })
  .check(z.refine(({ visits, visitsPerWindow }) => visitsPerWindow <= visits));

/** What of a report is paid once a period, and what it costs. Of a selection: measurement 0. */
const paidStream = z.strictObject({ kind: z.enum(RELEASE_KINDS), measurement: natural, cost });

/** A release: debited, or suppressed for ever. */
const reserved = z.strictObject({
  state: z.literal('RESERVED'),
  /** Unix seconds by the key holder's clock. */
  at: natural,
  releaseId: hash,
  cell: z.strictObject({
    kind: z.enum(RELEASE_KINDS),
    planHash: hash,
    report: natural,
    measurement: natural,
    labels: z.array(z.union([natural, z.string()])),
    rangeStart: natural,
    rangeEnd: natural,
    kids: z.array(hash),
  }),
  aggregateDigest: hash,
  domain: z.string(),
  unit: z.enum(PRIVACY_UNITS),
  period: z.enum(PERIODS),
  share: z.enum(SHARES),
  mechanism: z.enum(MECHANISMS),
  /** Per slot: the scale of Laplace noise or the variance of Gaussian noise, and the most that one span adds. */
  noise: z.array(z.strictObject({ parameter: fraction, bound: integer })),
  /** Slots that one span changes: their costs add up where it changes all. */
  changes: z.enum(['one', 'all']),
  /**
   * Of a selection only: keys under which one subject counts, the noised count from which on a key is selected, and how
   * many servers add noise to it.
   */
  selection: z.optional(
    z.strictObject({
      keysPerSubject: positive.check(z.lte(1440)),
      threshold: integer,
      servers: z.union([z.literal(1), z.literal(2)]),
    }),
  ),
  /**
   * The release debits its own cost, or is paid for by the reservations that its plan has under these terms: one of
   * every period it touches, in order.
   */
  payment: z.discriminatedUnion('by', [
    z.strictObject({ by: z.literal('release'), cost, limits }),
    z.strictObject({
      by: z.literal('period'),
      plan: z.string(),
      terms: hash,
      reservations: z.array(hash).check(z.minLength(1)),
    }),
  ]),
  /**
   * `granted`: debited. Else suppressed for ever, with nothing debited. `budget`: it did not fit. `continuity`: the
   * period was begun under other terms. `burned`: the window may have been released in entries that were lost.
   */
  decision: z.enum(['granted', 'budget', 'continuity', 'burned']),
});

/** What all releases of a plan in one budget period cost that are paid for together; debited once, before the first. */
const reservedPeriod = z.strictObject({
  state: z.literal('RESERVED_PERIOD'),
  at: natural,
  reservationId: hash,
  plan: z.string(),
  /** Hash of everything that the cost depends on (period-terms.ts). */
  terms: hash,
  domain: z.string(),
  unit: z.enum(PRIVACY_UNITS),
  period: z.enum(PERIODS),
  periodStart: natural,
  share: z.enum(SHARES),
  /** Left out for the unit `event`. */
  bounds: z.optional(bounds),
  /** By report; their costs add up to `cost`. */
  reports: z.array(z.array(paidStream)),
  cost,
  limits,
  decision: z.enum(['granted', 'budget', 'continuity']),
});

const sealed = z.strictObject({
  state: z.literal('SEALED'),
  releaseId: hash,
  outcome: z.discriminatedUnion('status', [
    z.strictObject({
      status: z.literal('released'),
      values: z.array(z.string().check(z.regex(/^(0|-?[1-9]\d*)$/))),
    }),
    /** Of a selection: the keys of an open label that may be published, ascending. Nothing about the others. */
    z.strictObject({ status: z.literal('selected'), keys: z.array(key).check(z.refine(areInOrder)) }),
    z.strictObject({ status: z.literal('suppressed'), reason: z.enum(SUPPRESSION_REASONS) }),
  ]),
});

/** The outcome was handed out. */
const published = z.strictObject({ state: z.literal('PUBLISHED'), releaseId: hash });

/** What all entries before it add up to, as a hash: a ledger may be opened here (ledger-snapshot.ts). */
const snapshot = z.strictObject({ state: z.literal('SNAPSHOT'), stateHash: hash });

/**
 * Entries are missing: a position was seen outside that the ledger does not have. Every window that ended by `until`
 * is suppressed unless it was reserved before, and what budget periods that began before then have left is gone.
 */
const burned = z.strictObject({
  state: z.literal('BURNED'),
  at: natural,
  anchor: z.strictObject({ sequence: positive, hash }),
  /** Sequence of the entry before this one; those up to the anchor's are lost, and their numbers are not used again. */
  lastKnown: natural,
  /** Unix seconds. */
  until: natural,
});

const body = z.discriminatedUnion('state', [reserved, reservedPeriod, sealed, published, snapshot, burned]);

export type CostText = z.infer<typeof cost>;
export type LimitText = z.infer<typeof limit>;
export type PaidStream = z.infer<typeof paidStream>;
export type ReservedBody = z.infer<typeof reserved>;
export type ReservedPeriodBody = z.infer<typeof reservedPeriod>;
export type BurnedBody = z.infer<typeof burned>;
export type SealedBody = z.infer<typeof sealed>;
export type EntryBody = z.infer<typeof body>;
export type EntryState = EntryBody['state'];

/** An entry as stored and exported. */
export interface LedgerEntry {
  /** From 1, without gaps but for entries that are known to be lost. */
  readonly sequence: number;
  /** 32 bytes, base64url, both. */
  readonly previousHash: string;
  readonly hash: string;
  /** Canonical JSON. */
  readonly body: string;
}

/** The previous hash of the first entry. */
export const GENESIS = toBase64Url(new Uint8Array(32));

/** The next number: after lost entries the one that follows theirs. */
export function sequenceAfter(sequence: number, content: EntryBody | undefined): number {
  return 1 + (content?.state === 'BURNED' ? Math.max(sequence, content.anchor.sequence) : sequence);
}

/** The entry that follows `previousHash`. */
export function createEntry(sequence: number, previousHash: string, content: EntryBody): LedgerEntry {
  const text = canonicalize(content) ?? '';
  return { sequence, previousHash, hash: entryHash(sequence, previousHash, text), body: text };
}

export function entryHash(sequence: number, previousHash: string, text: string): string {
  const previous = fromBase64Url(previousHash) ?? new Uint8Array(0);
  return toBase64Url(hashFramed('telemetry-kit/v1/ledger-entry', [u64(sequence), previous, utf8ToBytes(text)]));
}

/** `undefined` where the text is not the canonical form of an entry's body. */
export function parseBody(text: string): EntryBody | undefined {
  try {
    const parsed = body.safeParse(JSON.parse(text));
    return parsed.success && canonicalize(parsed.data) === text ? parsed.data : undefined;
  } catch {
    return undefined;
  }
}
