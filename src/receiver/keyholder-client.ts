/**
 * The receiver's way to the key holder: gRPC over a Unix socket, or over TCP with mutual TLS. Holds no key
 * and knows none; every failure of the connection or the peer is `unavailable`, because asking again with
 * the same bytes is always safe.
 */
import { Client, credentials, experimental, status, type ChannelCredentials, type ServiceError } from '@grpc/grpc-js';
import { systemClock } from '../clock.js';
import { TelemetryKitError } from '../errors.js';
import type { Certificates } from '../service/certificates.js';
import { certificateProvider } from '../service/grpc-certificates.js';
import type { Live } from '../service/reloaded-files.js';
import {
  decodeSelectionResponse,
  decodeWindowReleaseResponse,
  encodeSelectionRequest,
  encodeWindowReleaseRequest,
  MAX_RELEASE_MESSAGE_BYTES,
  RELEASE_WINDOW_PATH,
  SELECT_KEYS_PATH,
} from '../wire/release-messages.js';
import type {
  AggregateDecryptor,
  SelectionResponse,
  WindowReleaseRequest,
  WindowReleaseResponse,
} from '../wire/release.js';

export interface KeyHolderClientOptions {
  /** A gRPC target: `unix:/path/to/socket`, or `host:port` together with `tls`. */
  readonly target: string;
  /**
   * Mutual TLS: the authority that signed the key holder's certificate, own certificate and key, as PEM texts or as
   * certificates that may change, which later connections then use.
   */
  readonly tls?: { readonly ca: string; readonly cert: string; readonly key: string } | Live<Certificates>;
  /** How long one call may take; default 30 s. What was not answered in time is answered when asked again. */
  readonly timeoutMillis?: number;
}

export type KeyHolderClient = Required<AggregateDecryptor> & { close(): void };

const DEFAULT_TIMEOUT_MILLIS = 30_000;
const CHANNEL_OPTIONS = {
  'grpc.max_receive_message_length': MAX_RELEASE_MESSAGE_BYTES,
  'grpc.max_send_message_length': MAX_RELEASE_MESSAGE_BYTES,
  // The key holder is near: after its restart the next window must not wait for a long back-off.
  'grpc.initial_reconnect_backoff_ms': 100,
  'grpc.min_reconnect_backoff_ms': 100,
  'grpc.max_reconnect_backoff_ms': 2000,
  'grpc.enable_http_proxy': 0,
};

/** Throws `invalid_configuration` for a TCP target without mutual TLS. Connects at the first call. */
export function createKeyHolderClient(options: KeyHolderClientOptions): KeyHolderClient {
  const client = new Client(options.target, credentialsFor(options), CHANNEL_OPTIONS);
  const timeoutMillis = options.timeoutMillis ?? DEFAULT_TIMEOUT_MILLIS;
  const ask = (path: string, request: Uint8Array): Promise<Buffer> => call(client, path, request, timeoutMillis);
  return {
    releaseWindow: async (request) =>
      decodeAnswer(request, await ask(RELEASE_WINDOW_PATH, encodeWindowReleaseRequest(request))),
    selectKeys: async (request) => decodeSelection(await ask(SELECT_KEYS_PATH, encodeSelectionRequest(request))),
    close: () => {
      client.close();
    },
  };
}

function credentialsFor({ target, tls }: KeyHolderClientOptions): ChannelCredentials {
  if (tls !== undefined && 'onChange' in tls) {
    const provider = certificateProvider(tls);
    return experimental.createCertificateProviderChannelCredentials(provider, provider);
  }
  if (tls !== undefined) {
    return credentials.createSsl(Buffer.from(tls.ca), Buffer.from(tls.key), Buffer.from(tls.cert));
  }
  if (target.startsWith('unix:')) return credentials.createInsecure();
  throw new TelemetryKitError('invalid_configuration', `the key holder at ${target} would be reached in clear`, {
    fix: 'use a Unix socket (unix:/path), or configure mutual TLS with ca, cert and key',
  });
}

function call(client: Client, path: string, bytes: Uint8Array, timeoutMillis: number): Promise<Buffer> {
  const request = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const same = (buffer: Buffer): Buffer => buffer;
  const deadline = new Date(systemClock() + timeoutMillis);
  return new Promise((resolve, reject) => {
    client.makeUnaryRequest(path, same, same, request, { deadline }, (error, answer) => {
      if (error !== null || answer === undefined) reject(unavailable(describeFailure(error), error));
      else resolve(answer);
    });
  });
}

function decodeAnswer(request: WindowReleaseRequest, bytes: Buffer): WindowReleaseResponse {
  const decoded = decodeWindowReleaseResponse(bytes);
  if (!decoded.ok) throw unavailable(`its answer is not understood (${decoded.fault})`);
  if (decoded.message.cells.length !== request.cells.length) throw unavailable('it answered another number of cells');
  return decoded.message;
}

function decodeSelection(bytes: Uint8Array): SelectionResponse {
  const decoded = decodeSelectionResponse(bytes);
  if (!decoded.ok) throw unavailable(`its answer is not understood (${decoded.fault})`);
  return decoded.message;
}

function describeFailure(error: ServiceError | null): string {
  return error === null ? 'it gave no answer' : `${status[error.code]}: ${error.details}`;
}

function unavailable(what: string, cause?: unknown): TelemetryKitError {
  return new TelemetryKitError('unavailable', `the key holder cannot be used: ${what}`, {
    fix: 'check that the key holder runs and that the target names its socket or address; then ask again',
    cause,
  });
}
