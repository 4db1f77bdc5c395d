/** What an instrumented application needs to seal its spans. */
export { EncryptingSpanProcessor } from './encrypting-span-processor.js';
export type { EncryptingSpanProcessorOptions, PinnedPlan } from './processor-options.js';
export type { BudgetPeriod, ContributionStore, CounterRequest, OpenedPeriod, Silence } from './contribution-store.js';
export type { PairSource } from './pair-source.js';
export { DROP_REASONS, type DropReason, type ProcessorSnapshot, type SpanCounts } from './processor-stats.js';
export { VISIT_OUTCOMES, type VisitOutcome } from './visit.js';
export { TelemetryKitError, type ErrorCode } from '../src/errors.js';
export type { PublicKey } from '../src/paillier/public-key.js';
export type { CompiledPlan } from '../src/plan/compile.js';
export { openSignedPlan, type PlanTrust, type SignedPlan } from '../src/plan/document.js';
export { ENVELOPE_ATTRIBUTE } from '../src/wire/envelope.js';
export { decodePublicKey } from '../src/wire/public-key-document.js';
