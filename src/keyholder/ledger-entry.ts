/**
 * One line of the ledger. Per release: RESERVED (the budget is debited, or the cell is refused for want of
 * it), SEALED (the outcome is fixed for ever), PUBLISHED (the outcome was handed out).
 * An entry holds what an auditor may see: never a raw total, a noise, a number of contributions or their
 * digest.
 *
 * Entry hash, label `telemetry-kit/v1/ledger-entry`: sequence (u64) | previous entry's hash (32, zeros
 * before the first) | body (RFC 8785 canonical JSON, UTF-8).
 */
import canonicalize from 'canonicalize';
import * as z from 'zod/mini';
import { fromBase64Url, toBase64Url, utf8ToBytes } from '../bytes.js';
import { hashFramed, u64 } from '../framing.js';
import { MECHANISMS, PERIODS } from '../plan/plan.js';
import { SUPPRESSION_REASONS } from '../wire/release.js';

const hash = z.string().check(z.regex(/^[A-Za-z0-9_-]{43}$/));
const natural = z.int().check(z.gte(0));
const fraction = z.string().check(z.regex(/^\d+(\/[1-9]\d*)?$/));

const reserved = z.strictObject({
  state: z.literal('RESERVED'),
  releaseId: hash,
  cell: z.strictObject({
    kind: z.literal('window'),
    planHash: hash,
    report: natural,
    measurement: natural,
    labels: z.array(natural),
    rangeStart: natural,
    rangeEnd: natural,
    kids: z.array(hash),
  }),
  aggregateDigest: hash,
  /** `granted`: debited. `budget`: it did not fit and is suppressed for ever; nothing debited. */
  decision: z.enum(['granted', 'budget']),
  epsilon: fraction,
  mechanism: z.enum(MECHANISMS),
  /** Per slot: the scale of Laplace noise, the variance of Gaussian noise. */
  noise: z.array(fraction),
  domain: z.string(),
  /** Every limit of the domain at the time of the decision, each of all the periods that the window touches. */
  limits: z.array(z.strictObject({ period: z.enum(PERIODS), limit: fraction })).check(z.minLength(1)),
});

const sealed = z.strictObject({
  state: z.literal('SEALED'),
  releaseId: hash,
  outcome: z.discriminatedUnion('status', [
    z.strictObject({
      status: z.literal('released'),
      values: z.array(z.string().check(z.regex(/^(0|-?[1-9]\d*)$/))),
    }),
    z.strictObject({ status: z.literal('suppressed'), reason: z.enum(SUPPRESSION_REASONS) }),
  ]),
});

const published = z.strictObject({ state: z.literal('PUBLISHED'), releaseId: hash });

const body = z.discriminatedUnion('state', [reserved, sealed, published]);

export type ReservedBody = z.infer<typeof reserved>;
export type SealedBody = z.infer<typeof sealed>;
export type EntryBody = z.infer<typeof body>;
export type EntryState = EntryBody['state'];

/** An entry as stored and exported. */
export interface LedgerEntry {
  /** From 1, without gaps. */
  readonly sequence: number;
  /** 32 bytes, base64url, both. */
  readonly previousHash: string;
  readonly hash: string;
  /** Canonical JSON. */
  readonly body: string;
}

/** The previous hash of the first entry. */
export const GENESIS = toBase64Url(new Uint8Array(32));

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
