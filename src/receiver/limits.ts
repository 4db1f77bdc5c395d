/** What one receiver takes on at a time. Beyond any of these the sender is told to try again later, or refused. */

const MEBIBYTE = 1024 * 1024;

export interface ReceiverLimits {
  /** Largest HTTP body, before and after decompression. Beyond it: 413. */
  readonly maxBodyBytes: number;
  /** Largest gRPC message, before and after decompression. Beyond it: RESOURCE_EXHAUSTED. */
  readonly maxGrpcMessageBytes: number;
  /** Calls one gRPC connection may have running; further ones wait at the sender. */
  readonly maxGrpcStreams: number;
  /** Room for bodies while they arrive and are handled, all requests together. Beyond it: 503, UNAVAILABLE. */
  readonly maxInFlightBytes: number;
  /** Envelopes accepted for verification and not yet answered. Beyond it: 503, UNAVAILABLE. */
  readonly maxQueuedEnvelopes: number;
  /** The same in bytes of envelope text. */
  readonly maxQueuedBytes: number;
  /** Open connections of each transport; later ones are closed at once. */
  readonly maxConnections: number;
  /** The same from one address; later ones are closed at once. */
  readonly maxConnectionsPerPeer: number;
  /** Time for a sender to finish its headers (HTTP), and its whole request. */
  readonly headersTimeoutMillis: number;
  readonly requestTimeoutMillis: number;
  /** How long a shutdown waits for running requests. */
  readonly drainTimeoutMillis: number;
}

export const DEFAULT_LIMITS: ReceiverLimits = {
  maxBodyBytes: 64 * MEBIBYTE,
  maxGrpcMessageBytes: 4 * MEBIBYTE,
  maxGrpcStreams: 16,
  maxInFlightBytes: 256 * MEBIBYTE,
  maxQueuedEnvelopes: 4096,
  maxQueuedBytes: 64 * MEBIBYTE,
  maxConnections: 4096,
  maxConnectionsPerPeer: 512,
  headersTimeoutMillis: 15_000,
  requestTimeoutMillis: 60_000,
  drainTimeoutMillis: 10_000,
};

/** What a sender is told to wait before it tries again. */
export const RETRY_AFTER_SECONDS = 2;
