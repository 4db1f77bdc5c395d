/** The key holder's answer as protobuf. */
import * as z from 'zod/mini';
import { count, bytesOf, decodeMessage, hashBytes, hashText, type Decoded } from './release-decoding.js';
import { decodeInteger, encodeInteger, MAX_INTEGER_BYTES } from './release-integers.js';
import { ResponseType } from './release-proto.js';
import {
  REFUSAL_REASONS,
  SUPPRESSION_REASONS,
  type CellOutcome,
  type LedgerPosition,
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
const fraction = z.string().check(z.regex(/^\d{1,80}(\/[1-9]\d{0,79})?$/));
const ledger = z.object({ sequence: count.check(z.gte(1)), hash: hashText });

const outcomes = {
  released: z.object({ releaseId: hashText, values: z.array(integer).check(z.maxLength(MAX_VALUES)), ledger }),
  suppressed: z.object({ releaseId: hashText, reason: z.enum(SUPPRESSION_REASONS), ledger }),
  refused: z.object({ reason: z.enum(REFUSAL_REASONS) }),
};

const cell = z.pipe(
  z.object({
    released: z.optional(outcomes.released),
    suppressed: z.optional(outcomes.suppressed),
    refused: z.optional(outcomes.refused),
  }),
  z.transform(({ released, suppressed, refused }, context): CellOutcome => {
    if (released !== undefined) return { status: 'released', ...released };
    if (suppressed !== undefined) return { status: 'suppressed', ...suppressed };
    if (refused !== undefined) return { status: 'refused', ...refused };
    context.issues.push({ code: 'custom', message: 'has no outcome', input: undefined });
    return z.NEVER;
  }),
);

const response: z.ZodMiniType<WindowReleaseResponse> = z.object({
  cells: z.array(cell),
  budget: z.object({
    domain: z.string().check(z.maxLength(64)),
    periodStart: count,
    limit: fraction,
    consumed: fraction,
    remaining: fraction,
  }),
});

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
      return { suppressed: { ...encodeReference(outcome.releaseId, outcome.ledger), reason: outcome.reason } };
    case 'refused':
      return { refused: { reason: outcome.reason } };
  }
}

function encodeReference(releaseId: string, { sequence, hash }: LedgerPosition): object {
  return { releaseId: hashBytes(releaseId), ledger: { sequence, hash: hashBytes(hash) } };
}

/** Never throws: bytes from an untrusted peer. */
export function decodeWindowReleaseResponse(bytes: Uint8Array): Decoded<WindowReleaseResponse> {
  return decodeMessage(ResponseType, response, bytes);
}
