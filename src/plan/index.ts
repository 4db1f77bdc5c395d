/** `telemetry-kit/plan`: read, check, sign and pin measurement plans. */
export { checkPlan, parsePlan, type PlanCheck, type PlanIssue } from './check.js';
export { canonicalPlan, hashPlan } from './canonical.js';
export { compilePlan, type CompiledPlan, type CompiledReport } from './compile.js';
export { openSignedPlan, signPlan, verifyPlanSignature, type PlanTrust, type SignedPlan } from './document.js';
export { attributesOf } from './plan.js';
export type {
  CategoryMeasurement,
  ClosedLabel,
  FlagMeasurement,
  HistogramMeasurement,
  Label,
  Measurement,
  OpenLabel,
  Plan,
  PlanPrivacy,
  PlanWindow,
  ProductMeasurement,
  Report,
  SpanSelector,
  SumMeasurement,
} from './plan.js';
