/**
 * Which keys of an open label a window may publish: asked of the key holder once the window is closed. What was
 * contributed under the selected ones then gets cells of their own, everything else one cell together, and the
 * window waits for its release as any other. Nothing here says how many keys there were, or which were not selected.
 */
import type { Store, WindowKey } from '../aggregation/store.js';
import { TelemetryKitError } from '../errors.js';
import type { CompiledPlan } from '../plan/compile.js';
import type { Logger } from '../service/logger.js';
import type { AggregateDecryptor } from '../wire/release.js';
import { assertClocksAgree, assertSelects, reportRefusals } from './check-answer.js';
import type { ClosingFactors } from './closing-factors.js';
import { windowAt } from './window-rule.js';

export interface KeySelectionOptions {
  readonly store: Store;
  readonly decryptor: AggregateDecryptor;
  readonly factors: ClosingFactors;
  readonly logger: Logger;
}

/** Asks something of the key holder, keeping track of whether it is there. */
export type Ask = <Response>(call: () => Promise<Response>) => Promise<Response>;

/**
 * selecting -> aggregated. No key is selected where the key holder refused or suppressed the selection: everything is
 * then one cell, which it decides about again. Rejects where it cannot be told yet.
 */
export async function selectKeys(
  { store, decryptor, factors, logger }: KeySelectionOptions,
  plan: CompiledPlan,
  window: WindowKey,
  now: number,
  ask: Ask,
): Promise<void> {
  const report = plan.reports[window.report];
  if (report === undefined) return;
  const request = await store.selectionRequest(window);
  const { outcome } = await ask(() => decryptor.selectKeys?.(request) ?? Promise.reject(cannotSelect()));
  assertSelects(request, outcome);
  assertClocksAgree(request.windowEnd, [outcome], now);
  reportRefusals(logger, plan, window, [outcome]);
  const keys = outcome.status === 'selected' ? outcome.keys : [];
  const cells = await factors.make(plan, report, keys);
  await store.closeSelected({ ...windowAt(plan, window, window.windowStart), cells });
}

/** Throws `invalid_configuration` where a plan has an open label and the decryptor cannot select its keys. */
export function assertCanSelect(plans: readonly CompiledPlan[], decryptor: AggregateDecryptor): void {
  const isNeeded = plans.some(({ reports }) => reports.some(({ openLabel }) => openLabel !== undefined));
  if (isNeeded && decryptor.selectKeys === undefined) throw cannotSelect();
}

function cannotSelect(): TelemetryKitError {
  return new TelemetryKitError('invalid_configuration', 'a plan has an open label, whose keys nobody selects', {
    fix: 'use the key holder, or give your decryptor a selectKeys() method',
  });
}
