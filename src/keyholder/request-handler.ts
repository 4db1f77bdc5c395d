/**
 * One gRPC request, from bytes to bytes. Every failure is mapped by hand, with a fixed text: an exception
 * that escaped would reach the peer as it is.
 */
import { status } from '@grpc/grpc-js';
import type { Clock } from '../clock.js';
import { TelemetryKitError } from '../errors.js';
import type { Logger } from '../service/logger.js';
import { decodeWindowReleaseRequest, encodeWindowReleaseResponse } from '../wire/release-messages.js';
import type { KeyHolderMetrics } from './metrics.js';
import type { ReleaseService } from './release-service.js';

/** What the peer is told instead of an answer. */
interface RequestFailure {
  readonly code: status;
  readonly details: string;
}

export interface RequestHandler {
  /** Never rejects. */
  handle(bytes: Uint8Array, peer: string): Promise<Uint8Array | RequestFailure>;
  /** Whether requests are still answered: false for good once a write to the ledger has failed. */
  isServing(): boolean;
}

interface HandlerParts {
  readonly service: ReleaseService;
  readonly metrics: KeyHolderMetrics;
  readonly logger: Logger;
  readonly clock: Clock;
}

export function createRequestHandler({ service, metrics, logger, clock }: HandlerParts): RequestHandler {
  const handle: RequestHandler['handle'] = async (bytes, peer) => {
    const started = clock();
    const elapsed = (): number => (clock() - started) / 1000;
    const request = decodeWindowReleaseRequest(bytes);
    if (!request.ok) {
      metrics.failed('invalid_argument', elapsed());
      logger.warn({ event: 'malformed_request', peer, fault: request.fault }, 'a request is malformed');
      return { code: status.INVALID_ARGUMENT, details: request.fault };
    }
    try {
      const response = await service.releaseWindow(request.message, peer);
      metrics.answered(response, elapsed());
      return encodeWindowReleaseResponse(response);
    } catch (error) {
      metrics.failed(error instanceof TelemetryKitError ? error.code : 'internal', elapsed());
      logger.error({ event: 'request_failed', peer, err: error }, 'a request was not answered');
      return describeFailure(error);
    }
  };
  return { handle, isServing: () => service.notServingBecause() === undefined };
}

/** UNAVAILABLE invites the peer to ask again with the same bytes, which is always safe. */
function describeFailure(error: unknown): RequestFailure {
  switch (error instanceof TelemetryKitError ? error.code : undefined) {
    case 'unavailable':
      return { code: status.UNAVAILABLE, details: 'the key holder is stopping' };
    case 'storage':
      return { code: status.UNAVAILABLE, details: 'the key holder cannot use its ledger until it is restarted' };
    default:
      return { code: status.INTERNAL, details: 'internal error, see the log of the key holder' };
  }
}
