/** A cell's outcome as text: JSON with the noised counts as decimal strings, since JSON has no big integers. */
import type { CellOutcome } from '../wire/release.js';

export function serializeOutcome(outcome: CellOutcome): string {
  return JSON.stringify(outcome.status === 'released' ? { ...outcome, values: outcome.values.map(String) } : outcome);
}

/** Inverse of `serializeOutcome`, for text it made. */
export function parseOutcome(text: string): CellOutcome {
  return JSON.parse(text, (name, value: unknown) =>
    name === 'values' ? (value as string[]).map((decimal) => BigInt(decimal)) : value,
  ) as CellOutcome;
}
