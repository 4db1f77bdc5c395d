/** The key holder's answer which keys of an open label may be published, as protobuf. */
import * as z from 'zod/mini';
import { isKey, MAX_KEYS } from '../plan/labels.js';
import { decodeMessage, hashText, type Decoded } from './release-decoding.js';
import { SelectionResponseType } from './release-proto.js';
import { budget, encodeFailure, encodeReference, ledger, refused, suppressed } from './release-response-message.js';
import type { SelectionOutcome, SelectionResponse } from './release.js';

const selected = z.object({
  releaseId: hashText,
  keys: z.array(z.string().check(z.refine(isKey, 'is not a key'))).check(z.maxLength(MAX_KEYS)),
  ledger,
});

const response: z.ZodMiniType<SelectionResponse> = z.pipe(
  z.object({
    selected: z.optional(selected),
    suppressed: z.optional(suppressed),
    refused: z.optional(refused),
    budget,
  }),
  z.transform((message, context): SelectionResponse => {
    const outcome = outcomeOf(message);
    if (outcome !== undefined) return { outcome, budget: message.budget };
    context.issues.push({ code: 'custom', message: 'has no outcome', input: undefined });
    return z.NEVER;
  }),
);

interface Outcomes {
  readonly selected?: z.infer<typeof selected> | undefined;
  readonly suppressed?: z.infer<typeof suppressed> | undefined;
  readonly refused?: z.infer<typeof refused> | undefined;
}

function outcomeOf(outcomes: Outcomes): SelectionOutcome | undefined {
  if (outcomes.selected !== undefined) return { status: 'selected', ...outcomes.selected };
  if (outcomes.suppressed !== undefined) return { status: 'suppressed', ...outcomes.suppressed };
  return outcomes.refused === undefined ? undefined : { status: 'refused', ...outcomes.refused };
}

export function encodeSelectionResponse({ outcome, budget: state }: SelectionResponse): Uint8Array {
  const message =
    outcome.status === 'selected'
      ? { selected: { ...encodeReference(outcome.releaseId, outcome.ledger), keys: outcome.keys } }
      : encodeFailure(outcome);
  return SelectionResponseType.encode(SelectionResponseType.fromObject({ ...message, budget: state })).finish();
}

/** Never throws: bytes from an untrusted peer. */
export function decodeSelectionResponse(bytes: Uint8Array): Decoded<SelectionResponse> {
  return decodeMessage(SelectionResponseType, response, bytes);
}
