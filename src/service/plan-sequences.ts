/**
 * A plan that was replaced must not come back alone after a restart; it may be loaded beside its successor, to
 * finish its windows. So of every plan name the newest sequence that is loaded counts, and each service keeps it.
 */
import { TelemetryKitError } from '../errors.js';
import type { CompiledPlan } from '../plan/compile.js';

/** Highest sequence by plan name. */
export type Sequences = ReadonlyMap<string, number>;

export function newestSequences(plans: readonly CompiledPlan[]): Sequences {
  const newest = new Map<string, number>();
  for (const { plan } of plans) newest.set(plan.name, Math.max(plan.sequence, newest.get(plan.name) ?? 0));
  return newest;
}

/** Throws `untrusted_plan` naming the first plan whose newest sequence is lower than one that was in use before. */
export function assertNoneOlder(newest: Sequences, seen: Sequences): void {
  for (const [name, sequence] of newest) {
    const before = seen.get(name) ?? 0;
    if (sequence >= before) continue;
    throw new TelemetryKitError(
      'untrusted_plan',
      `plan ${name} is sequence ${String(sequence)}, and sequence ${String(before)} was already in use here`,
      { fix: 'load the newest plan of that name too; the older one may stay beside it to finish its windows' },
    );
  }
}
