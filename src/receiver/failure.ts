/** What a sender is told when its request could not be taken: send again later, or never again. */
import { TelemetryKitError } from '../errors.js';
import { RPC_CODES, type RpcStatus } from '../otlp/encode.js';
import { UndecodableRequest } from '../otlp/errors.js';
import type { Logger } from '../service/logger.js';
import type { AccessRefusal } from '../service/tokens.js';
import type { IngestCounters } from './ingest-counters.js';
import { RETRY_AFTER_SECONDS } from './limits.js';

/** What a sender without the right token is told. */
export const CODE_OF_REFUSAL: Readonly<Record<AccessRefusal, RpcStatus['code']>> = {
  unauthenticated: RPC_CODES.UNAUTHENTICATED,
  permission_denied: RPC_CODES.PERMISSION_DENIED,
};

/** Maps anything thrown while a request was handled, counts it, and logs what nobody expected. */
export function describeFailure(error: unknown, counters: IngestCounters, logger: Logger): RpcStatus {
  if (error instanceof UndecodableRequest) {
    counters.requests.undecodable += 1;
    return { code: RPC_CODES.INVALID_ARGUMENT, message: error.message };
  }
  counters.requests.unavailable += 1;
  if (error instanceof TelemetryKitError && error.code === 'unavailable') return unavailable(error.message);
  logger.error({ err: error }, 'a request failed');
  return unavailable('the receiver cannot store contributions at the moment');
}

/** Thrown before any work is done for a request there is no room for. */
export function busy(): TelemetryKitError {
  return new TelemetryKitError('unavailable', 'the receiver is busy', { fix: 'send the request again later' });
}

function unavailable(message: string): RpcStatus {
  return { code: RPC_CODES.UNAVAILABLE, message, retryDelaySeconds: RETRY_AFTER_SECONDS };
}
