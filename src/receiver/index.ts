/**
 * The receiver: takes sealed contributions over OTLP, adds them up, publishes what the key holder releases.
 * Loads no private key.
 */
export { systemClock, type Clock } from '../clock.js';
export { TelemetryKitError, type ErrorCode } from '../errors.js';
export { systemRandom, type RandomBytes } from '../random.js';
export type { ListenAddress } from '../service/admin-server.js';
export { createLogger, type Logger, type LogLevel } from '../service/logger.js';
export { REJECTION_REASONS, type RejectionReason } from '../wire/rejection.js';
export type {
  AggregateDecryptor,
  BudgetState,
  CellAggregate,
  CellOutcome,
  KeyedAggregate,
  LedgerPosition,
  RefusalReason,
  RefusedCell,
  ReleasedCell,
  SuppressedCell,
  SuppressionReason,
  WindowReleaseRequest,
  WindowReleaseResponse,
} from '../wire/release.js';
export { createKeyHolderClient, type KeyHolderClient, type KeyHolderClientOptions } from './keyholder-client.js';
export { DEFAULT_LIMITS, type ReceiverLimits } from './limits.js';
export type { ReceiverCounts, ReceiverOptions, RunningReceiver } from './options.js';
export type { PublishedCell, PublishedValue, PublishedWindow } from './publication.js';
export type { PublishedGuarantee } from './published-guarantee.js';
export type { OtlpMetricsOptions } from './published-endpoint.js';
export { startReceiver } from './start.js';
