/** How the keys of an open label were selected, in the words of the release information: public parameters. */
import type { Attributes } from '@opentelemetry/api';
import { formatRational, multiplyRational, rational } from '../math/rational.js';
import type { CompiledPlan, CompiledReport } from '../plan/compile.js';
import { selectionDelta, selectionEpsilon } from '../plan/plan-cost.js';
import { keyThreshold } from '../wire/selection-noise.js';

/** Of all keys in a period, over all processes that do not share their contribution store; nothing without an open label. */
export function selectionInfo(compiled: CompiledPlan, report: CompiledReport): Attributes {
  if (report.openLabel === undefined) return {};
  const processes = rational(BigInt(compiled.plan.privacy.bounds?.processes ?? 1), 1n);
  return {
    selection_epsilon: formatRational(multiplyRational(processes, selectionEpsilon(report.report))),
    selection_delta: formatRational(selectionDelta(compiled.plan)),
    selection_threshold: String(keyThreshold(compiled, report)),
  };
}
