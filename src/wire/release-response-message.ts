/** The key holder's answer as protobuf. */
import * as z from 'zod/mini';
import { count, bytesOf, decodeMessage, hashBytes, hashText, type Decoded } from './release-decoding.js';
import { decodeInteger, encodeInteger, MAX_INTEGER_BYTES } from './release-integers.js';
import { ResponseType } from './release-proto.js';
import {
  BUDGET_MEASURES,
  MAX_FRACTION_DIGITS,
  REFUSAL_REASONS,
  SUPPRESSION_REASONS,
  TOLD_MEASURES,
  type BudgetState,
  type CellOutcome,
  type LedgerPosition,
  type RefusedCell,
  type SuppressedCell,
  type WindowReleaseResponse,
} from './release.js';

/** Slots of the largest measurement, with room to grow. */
const MAX_VALUES = 256;

const integer = z.pipe(
  bytesOf(1, MAX_INTEGER_BYTES),
  z.transform((bytes, context) => {
    const value = decodeInteger(bytes);
    if (value !== undefined) return value;
    context.issues.push({ code: 'custom', message: 'is not an integer in its shortest form', input: bytes });
    return z.NEVER;
  }),
);
const fraction = z.string().check(
  z.regex(/^\d+(\/[1-9]\d*)?$/),
  z.refine((text) => text.split('/').every((part) => part.length <= MAX_FRACTION_DIGITS), 'is too long'),
);
export const ledger = z.object({ sequence: count.check(z.gte(1)), hash: hashText });
export const suppressed = z.object({ releaseId: hashText, reason: z.enum(SUPPRESSION_REASONS), ledger });
export const refused = z.object({ reason: z.enum(REFUSAL_REASONS) });
const released = z.object({ releaseId: hashText, values: z.array(integer).check(z.maxLength(MAX_VALUES)), ledger });

const cell = z.pipe(
  z.object({
    released: z.optional(released),
    suppressed: z.optional(suppressed),
    refused: z.optional(refused),
  }),
  z.transform((outcome, context): CellOutcome => {
    if (outcome.released !== undefined) return { status: 'released', ...outcome.released };
    if (outcome.suppressed !== undefined) return { status: 'suppressed', ...outcome.suppressed };
    if (outcome.refused !== undefined) return { status: 'refused', ...outcome.refused };
    context.issues.push({ code: 'custom', message: 'has no outcome', input: undefined });
    return z.NEVER;
  }),
);

const part = z.object({
  measure: z.enum(TOLD_MEASURES),
  limit: z.optional(fraction),
  consumed: z.optional(fraction),
});

export const budget = z.pipe(
  z.object({
    domain: z.string().check(z.maxLength(64)),
    measure: z.enum(BUDGET_MEASURES),
    periodStart: count,
    limit: fraction,
    consumed: fraction,
    remaining: fraction,
    parts: z.array(part).check(z.maxLength(TOLD_MEASURES.length)),
  }),
  // No parts are no field: a list on the wire cannot be absent.
  z.transform(({ parts, ...state }): BudgetState => (parts.length === 0 ? state : { ...state, parts })),
);

const response: z.ZodMiniType<WindowReleaseResponse> = z.object({ cells: z.array(cell), budget });

export function encodeWindowReleaseResponse(message: WindowReleaseResponse): Uint8Array {
  const cells = message.cells.map(encodeOutcome);
  return ResponseType.encode(ResponseType.fromObject({ ...message, cells })).finish();
}

function encodeOutcome(outcome: CellOutcome): object {
  switch (outcome.status) {
    case 'released': {
      const { values, releaseId, ledger: position } = outcome;
      return { released: { ...encodeReference(releaseId, position), values: values.map(encodeInteger) } };
    }
    case 'suppressed':
    case 'refused':
      return encodeFailure(outcome);
  }
}

/** Of a cell, or of a selection. */
export function encodeFailure(outcome: SuppressedCell | RefusedCell): object {
  return outcome.status === 'refused'
    ? { refused: { reason: outcome.reason } }
    : { suppressed: { ...encodeReference(outcome.releaseId, outcome.ledger), reason: outcome.reason } };
}

export function encodeReference(releaseId: string, { sequence, hash }: LedgerPosition): object {
  return { releaseId: hashBytes(releaseId), ledger: { sequence, hash: hashBytes(hash) } };
}

/** Never throws: bytes from an untrusted peer. */
export function decodeWindowReleaseResponse(bytes: Uint8Array): Decoded<WindowReleaseResponse> {
  return decodeMessage(ResponseType, response, bytes);
}
