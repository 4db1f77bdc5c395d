/**
 * The operators' endpoint: /healthz, /readyz and the process's own metrics. Raw counts about single
 * processes are no private releases, so they never share a port with the released values. Loopback unless
 * told otherwise.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Server as NetServer } from 'node:net';
import { TelemetryKitError } from '../errors.js';
import type { AccessControl } from './access.js';
import type { Certificates } from './certificates.js';
import type { Live } from './reloaded-files.js';
import { createWebServer, type WebServer } from './tls-servers.js';

export interface ListenAddress {
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
}

export interface AdminRoutes {
  /** `undefined` when ready, else what is being waited for. */
  readonly notReadyBecause: () => string | undefined;
  readonly metrics: (request: IncomingMessage, response: ServerResponse) => void;
}

export interface DoorProtection {
  readonly tls: Live<Certificates> | undefined;
  readonly access: AccessControl;
  /** Told of every failed TLS handshake. */
  readonly handshakeFailed?: () => void;
}

/** Numbers ask for the scope `admin`; health and readiness, which probes ask for, do not. */
export function createAdminServer(routes: AdminRoutes, { tls, access, handshakeFailed }: DoorProtection): WebServer {
  const listener = (request: IncomingMessage, response: ServerResponse): void => {
    switch (request.url?.split('?')[0]) {
      case '/healthz':
        return answer(response, 200, 'ok');
      case '/readyz': {
        const reason = routes.notReadyBecause();
        return reason === undefined ? answer(response, 200, 'ready') : answer(response, 503, `not ready: ${reason}`);
      }
      case '/metrics':
        if (access.turnedAway(request, response, 'admin')) return;
        return routes.metrics(request, response);
      default:
        return answer(response, 404, 'try /healthz, /readyz or /metrics');
    }
  };
  return createWebServer(tls, listener, handshakeFailed);
}

function answer(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8' }).end(`${text}\n`);
}

/** Starts listening; resolves with the port. Rejects with `address_in_use` naming the port. */
export function listen(server: NetServer, address: ListenAddress, what: string): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => {
      reject(listenError(cause, address, what));
    });
    server.listen(address.port, address.host, () => {
      const bound = server.address();
      resolve(typeof bound === 'object' && bound !== null ? bound.port : address.port);
    });
  });
}

export function listenError(cause: NodeJS.ErrnoException, address: ListenAddress, what: string): TelemetryKitError {
  const place = `${address.host}:${String(address.port)}`;
  return cause.code === 'EADDRINUSE'
    ? new TelemetryKitError('address_in_use', `${what} cannot listen on ${place}: the port is taken`, {
        fix: 'stop the program that holds the port, or choose another port',
        cause,
      })
    : new TelemetryKitError('invalid_configuration', `${what} cannot listen on ${place} (${cause.code ?? 'unknown'})`, {
        fix: 'choose an address of this machine and a port this user may bind',
        cause,
      });
}

/** Stops accepting, lets running requests finish, then closes idle and slow connections. */
export function closeServer(server: WebServer, graceMillis: number): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => {
      server.closeAllConnections();
    }, graceMillis);
    server.close(() => {
      clearTimeout(timer);
      resolve();
    });
    server.closeIdleConnections();
  });
}
