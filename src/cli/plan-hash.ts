/** `telemetry-kit plan hash`: the name of a plan in envelopes, logs and pins. */
import { compilePlan } from '../plan/compile.js';
import { writeData } from './output.js';
import { loadPlan } from './plan-file.js';

/** Throws `invalid_plan` for a plan that does not pass its check. */
export function planHash(path: string): void {
  writeData(compilePlan(loadPlan(path)).hashText);
}
