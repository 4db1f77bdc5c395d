/** The outcome of a check that comes before the ledger is asked: a refusal has a reason from a closed set. */
import type { RefusalReason } from '../wire/release.js';

export type Admission<Value> =
  { readonly admitted: true; readonly value: Value } | { readonly admitted: false; readonly reason: RefusalReason };

export function admitted<Value>(value: Value): Admission<Value> {
  return { admitted: true, value };
}

export function refused(reason: RefusalReason): { readonly admitted: false; readonly reason: RefusalReason } {
  return { admitted: false, reason };
}
