/** HTTP/1.1 and HTTP/2 servers, in clear or behind TLS whose certificates can be replaced while they run. */
import { createServer, type RequestListener, type Server } from 'node:http';
import {
  createSecureServer,
  createServer as createHttp2Server,
  type Http2SecureServer,
  type Http2Server,
  type ServerOptions,
} from 'node:http2';
import { createServer as createHttpsServer, type Server as HttpsServer } from 'node:https';
import type { Server as TlsServer, TlsOptions } from 'node:tls';
import { secureContextOf, type Certificates } from './certificates.js';
import type { Live } from './reloaded-files.js';

export type WebServer = Server | HttpsServer;
export type AnyHttp2Server = Http2Server | Http2SecureServer;

/** A peer that is silent during the handshake holds a connection no longer than this. */
const HANDSHAKE_TIMEOUT_MILLIS = 15_000;

/** `handshakeFailed` is called for every connection that ends before its handshake does. */
export function createWebServer(
  tls: Live<Certificates> | undefined,
  listener: RequestListener,
  handshakeFailed: () => void = ignore,
): WebServer {
  if (tls === undefined) return createServer(listener);
  return following(tls, createHttpsServer(tlsOptions(tls), listener), handshakeFailed);
}

/** `handshakeFailed` as for `createWebServer`. */
export function createAnyHttp2Server(
  tls: Live<Certificates> | undefined,
  options: ServerOptions,
  handshakeFailed: () => void = ignore,
): AnyHttp2Server {
  if (tls === undefined) return createHttp2Server(options);
  return following(tls, createSecureServer({ ...options, ...tlsOptions(tls) }), handshakeFailed);
}

/** New connections get the new certificates; those that exist go on under the old ones. */
function following<Server extends TlsServer>(
  tls: Live<Certificates>,
  server: Server,
  handshakeFailed: () => void,
): Server {
  server.on('tlsClientError', handshakeFailed);
  tls.onChange((certificates) => {
    server.setSecureContext(secureContextOf(certificates));
  });
  return server;
}

function tlsOptions(tls: Live<Certificates>): TlsOptions {
  const asks = tls.value.ca !== undefined;
  return {
    ...secureContextOf(tls.value),
    requestCert: asks,
    rejectUnauthorized: asks,
    handshakeTimeout: HANDSHAKE_TIMEOUT_MILLIS,
  };
}

function ignore(): void {
  // Nobody counts.
}
