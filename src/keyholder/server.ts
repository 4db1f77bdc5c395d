/**
 * The release service over gRPC, with grpc.health.v1: on a Unix socket that only its owner can reach, or on
 * TCP with certificates on both sides. There is no way to serve it in clear on a network.
 */
import { experimental, Server, ServerCredentials, type sendUnaryData, type ServerUnaryCall } from '@grpc/grpc-js';
import { HealthImplementation } from 'grpc-health-check';
import { systemClock } from '../clock.js';
import { TelemetryKitError } from '../errors.js';
import { listenError } from '../service/admin-server.js';
import { checkCertificates, type Certificates } from '../service/certificates.js';
import { certificateProvider } from '../service/grpc-certificates.js';
import { fixedValue, type Live } from '../service/reloaded-files.js';
import {
  MAX_RELEASE_MESSAGE_BYTES,
  RELEASE_SERVICE,
  RELEASE_WINDOW_PATH,
  SELECT_KEYS_PATH,
} from '../wire/release-messages.js';
import { carriesOneOf } from './client-names.js';
import type { RequestHandler } from './request-handler.js';
import { prepareSocket, removeSocket, restrictSocket } from './unix-socket.js';

/** PEM texts: the authority that signs the receivers' certificates, own certificate and own key. */
export interface ServerTls {
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
}

export type KeyHolderListen =
  | { readonly socketPath: string }
  /** Port 0 takes any free port. */
  | {
      readonly host: string;
      readonly port: number;
      readonly tls: ServerTls | Live<Certificates>;
      /** DNS names, one of which a client's certificate must carry; left out: any certificate of the authority. */
      readonly allowedClients?: readonly string[] | undefined;
    };

export interface ReleaseServer {
  /** gRPC target for clients. */
  readonly address: string;
  /** Lets running requests finish, up to a bound. */
  close(): Promise<void>;
}

const CLOSE_GRACE_MILLIS = 30_000;

const asBuffer = (bytes: Uint8Array): Buffer => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
const asIs = (bytes: Buffer): Buffer => bytes;

const UNARY = {
  requestStream: false,
  responseStream: false,
  requestSerialize: asIs,
  requestDeserialize: asIs,
  responseSerialize: asIs,
  responseDeserialize: asIs,
} as const;
const SERVICE = {
  ReleaseWindow: { path: RELEASE_WINDOW_PATH, ...UNARY },
  SelectKeys: { path: SELECT_KEYS_PATH, ...UNARY },
};

/** Throws `address_in_use` or `invalid_configuration`. */
export async function startReleaseServer(handler: RequestHandler, listen: KeyHolderListen): Promise<ReleaseServer> {
  const server = new Server({
    'grpc.max_receive_message_length': MAX_RELEASE_MESSAGE_BYTES,
    'grpc.max_send_message_length': MAX_RELEASE_MESSAGE_BYTES,
  });
  const health = new HealthImplementation({ '': 'SERVING', [RELEASE_SERVICE]: 'SERVING' });
  const stopServing = (): void => {
    for (const name of ['', RELEASE_SERVICE]) health.setStatus(name, 'NOT_SERVING');
  };
  const names = 'socketPath' in listen ? undefined : listen.allowedClients;
  const answerWith =
    (answer: RequestHandler['handle']) =>
    (call: ServerUnaryCall<Buffer, Buffer>, callback: sendUnaryData<Buffer>): void => {
      if (names !== undefined && !isNamed(call, names)) {
        callback(handler.turnAway(describePeer(call)));
        return;
      }
      void answer(call.request, describePeer(call)).then((result) => {
        if (!handler.isServing()) stopServing();
        if (result instanceof Uint8Array) callback(null, asBuffer(result));
        else callback(result);
      });
    };
  server.addService(SERVICE, {
    ReleaseWindow: answerWith((bytes, peer) => handler.handle(bytes, peer)),
    SelectKeys: answerWith((bytes, peer) => handler.select(bytes, peer)),
  });
  health.addToServer(server);
  const binding = 'socketPath' in listen ? await bindSocket(server, listen.socketPath) : await bindTcp(server, listen);
  return {
    address: binding.address,
    close: async () => {
      stopServing();
      await shutdown(server);
      binding.release();
    },
  };
}

/** Where the server is reached, and what to do after it has closed. */
interface Binding {
  readonly address: string;
  readonly release: () => void;
}

async function bindSocket(server: Server, path: string): Promise<Binding> {
  await prepareSocket(path);
  const address = `unix:${path}`;
  await bind(server, address, ServerCredentials.createInsecure(), { host: path, port: 0 });
  restrictSocket(path);
  return {
    address,
    release: () => {
      removeSocket(path);
    },
  };
}

async function bindTcp(server: Server, listen: Exclude<KeyHolderListen, { socketPath: string }>): Promise<Binding> {
  const host = listen.host.includes(':') ? `[${listen.host}]` : listen.host;
  const port = await bind(server, `${host}:${String(listen.port)}`, mutualTls(liveCertificates(listen.tls)), listen);
  return { address: `${host}:${String(port)}`, release: () => undefined };
}

function bind(
  server: Server,
  target: string,
  credentials: ServerCredentials,
  place: { readonly host: string; readonly port: number },
): Promise<number> {
  return new Promise((resolve, reject) => {
    server.bindAsync(target, credentials, (error, port) => {
      if (error === null) resolve(port);
      else reject(listenError(withCode(error), place, 'the key holder'));
    });
  });
}

/** Both sides show a certificate. New connections get a changed one; those that exist go on. */
function mutualTls(tls: Live<Certificates>): ServerCredentials {
  const provider = certificateProvider(tls);
  return experimental.createCertificateProviderServerCredentials(provider, provider, true);
}

/** A caller without TypeScript may have left a part out. */
function liveCertificates(tls: ServerTls | Live<Certificates> | undefined): Live<Certificates> {
  if (tls !== undefined && 'onChange' in tls && tls.value.ca !== undefined) return tls;
  const { ca, cert, key }: Partial<ServerTls> = tls === undefined || 'onChange' in tls ? {} : tls;
  if (!ca || !cert || !key) {
    throw new TelemetryKitError('invalid_configuration', 'on TCP the key holder needs mutual TLS', {
      fix: 'give ca, cert and key, or listen on a Unix socket',
    });
  }
  const names = { ca: 'listen.tls.ca', cert: 'listen.tls.cert', key: 'listen.tls.key' };
  return fixedValue(checkCertificates({ ca, cert, key }, names, systemClock));
}

/** The library tells the system's error code only in its text. */
function withCode(error: Error): NodeJS.ErrnoException {
  const code = /\bE[A-Z]+\b/.exec(error.message)?.[0];
  return Object.assign(error, code === undefined ? {} : { code });
}

function isNamed(call: ServerUnaryCall<Buffer, Buffer>, names: readonly string[]): boolean {
  const certificate = call.getAuthContext().sslPeerCertificate;
  return certificate !== undefined && carriesOneOf(certificate.raw, names);
}

/** Address, and under TLS the name in the peer's certificate. */
function describePeer(call: ServerUnaryCall<Buffer, Buffer>): string {
  const name: unknown = call.getAuthContext().sslPeerCertificate?.subject.CN;
  return typeof name === 'string' ? `${call.getPeer()} (${name})` : call.getPeer();
}

function shutdown(server: Server): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => {
      server.forceShutdown();
    }, CLOSE_GRACE_MILLIS);
    server.tryShutdown(() => {
      clearTimeout(timer);
      resolve();
    });
  });
}
