/**
 * One gRPC request, from bytes to bytes. Every failure is mapped by hand, with a fixed text: an exception
 * that escaped would reach the peer as it is.
 */
import { status } from '@grpc/grpc-js';
import type { Clock } from '../clock.js';
import { TelemetryKitError } from '../errors.js';
import type { Logger } from '../service/logger.js';
import type { Decoded } from '../wire/release-decoding.js';
import {
  decodeSelectionRequest,
  decodeWindowReleaseRequest,
  encodeSelectionResponse,
  encodeWindowReleaseResponse,
} from '../wire/release-messages.js';
import type { KeyHolderMetrics } from './metrics.js';
import type { ReleaseService } from './release-service.js';

/** What the peer is told instead of an answer. */
interface RequestFailure {
  readonly code: status;
  readonly details: string;
}

export interface RequestHandler {
  /** Releases the cells of a window. Never rejects. */
  handle(bytes: Uint8Array, peer: string): Promise<Uint8Array | RequestFailure>;
  /** Selects the keys of an open label. Never rejects. */
  select(bytes: Uint8Array, peer: string): Promise<Uint8Array | RequestFailure>;
  /** What a client is told whose certificate carries none of the names that may ask. */
  turnAway(peer: string): RequestFailure;
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
  async function answer<Message, Response>(
    request: Decoded<Message>,
    peer: string,
    act: (message: Message) => Promise<Response>,
    encode: (response: Response, seconds: number) => Uint8Array,
  ): Promise<Uint8Array | RequestFailure> {
    const started = clock();
    const elapsed = (): number => (clock() - started) / 1000;
    if (!request.ok) {
      metrics.failed('invalid_argument', elapsed());
      logger.warn({ event: 'malformed_request', peer, fault: request.fault }, 'a request is malformed');
      return { code: status.INVALID_ARGUMENT, details: request.fault };
    }
    try {
      return encode(await act(request.message), elapsed());
    } catch (error) {
      metrics.failed(error instanceof TelemetryKitError ? error.code : 'internal', elapsed());
      logger.error({ event: 'request_failed', peer, err: error }, 'a request was not answered');
      return describeFailure(error);
    }
  }
  const handle: RequestHandler['handle'] = (bytes, peer) =>
    answer(
      decodeWindowReleaseRequest(bytes),
      peer,
      (message) => service.releaseWindow(message, peer),
      (response, seconds) => {
        metrics.answered(response.cells, seconds);
        return encodeWindowReleaseResponse(response);
      },
    );
  const select: RequestHandler['select'] = (bytes, peer) =>
    answer(
      decodeSelectionRequest(bytes),
      peer,
      (message) => service.selectKeys(message, peer),
      (response, seconds) => {
        metrics.answered([response.outcome], seconds);
        return encodeSelectionResponse(response);
      },
    );
  const turnAway: RequestHandler['turnAway'] = (peer) => {
    metrics.failed('permission_denied', 0);
    logger.warn(
      { event: 'client_not_allowed', peer },
      'a client asked whose certificate has none of the allowed names',
    );
    return { code: status.PERMISSION_DENIED, details: 'no name in this certificate is among those that may ask' };
  };
  return { handle, select, turnAway, isServing: () => service.notServingBecause() === undefined };
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
