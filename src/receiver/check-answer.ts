/** What an answer of the key holder, or of a user's own decryptor, must be before it becomes a release. */
import type { WindowKey } from '../aggregation/store.js';
import { TelemetryKitError } from '../errors.js';
import type { CompiledPlan } from '../plan/compile.js';
import { areInOrder } from '../plan/labels.js';
import type { Logger } from '../service/logger.js';
import type {
  CellOutcome,
  SelectionOutcome,
  SelectionRequest,
  WindowReleaseRequest,
  WindowReleaseResponse,
} from '../wire/release.js';

/** How long "the window is not over" is taken for a clock that runs behind, and asked again. */
const RANGE_PATIENCE_SECONDS = 600;

/** Throws `unavailable` unless there is an outcome for every cell, with a value for every slot where it is released. */
export function assertAnswers(
  { reports }: CompiledPlan,
  { report, cells }: WindowReleaseRequest,
  response: WindowReleaseResponse,
): void {
  const measurements = reports[report]?.measurements ?? [];
  const fits =
    response.cells.length === cells.length &&
    response.cells.every((outcome, index) => {
      const slots = measurements[cells[index]?.measurement ?? -1]?.slots.length;
      return outcome.status !== 'released' || outcome.values.length === slots;
    });
  if (!fits) throw wrongAnswer();
}

/** Throws `unavailable` unless every selected key was asked for, each once and in order. */
export function assertSelects({ keys }: SelectionRequest, outcome: SelectionOutcome): void {
  if (outcome.status !== 'selected') return;
  const asked = new Set(keys.map(({ key }) => key));
  if (!areInOrder(outcome.keys) || !outcome.keys.every((key) => asked.has(key))) throw wrongAnswer();
}

/** Throws `unavailable` where time will mend a refusal: the key holder's clock runs behind. */
export function assertClocksAgree(
  windowEnd: number,
  outcomes: readonly (CellOutcome | SelectionOutcome)[],
  now: number,
): void {
  const isBehind = outcomes.some((outcome) => outcome.status === 'refused' && outcome.reason === 'range');
  if (!isBehind || now >= windowEnd + RANGE_PATIENCE_SECONDS) return;
  throw new TelemetryKitError('unavailable', "the window is not over by the key holder's clock", {
    fix: 'synchronise the clocks of both machines',
  });
}

/** One line a reason; never which cell or key it was. */
export function reportRefusals(
  logger: Logger,
  { plan }: CompiledPlan,
  { report, windowStart }: WindowKey,
  outcomes: readonly (CellOutcome | SelectionOutcome)[],
): void {
  const reasons = new Set(outcomes.flatMap((outcome) => (outcome.status === 'refused' ? [outcome.reason] : [])));
  for (const reason of reasons) {
    logger.error(
      { plan: plan.name, report, windowStart, reason },
      'the key holder refuses to release this window; it is published as suppressed',
    );
  }
}

function wrongAnswer(): TelemetryKitError {
  return new TelemetryKitError('unavailable', 'the key holder answered something other than was asked', {
    fix: 'run the same version of telemetry-kit on both sides',
  });
}
