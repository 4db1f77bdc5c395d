/** `host:port` as users write it. */
import { TelemetryKitError } from '../errors.js';
import type { ListenAddress } from '../service/admin-server.js';

/** Reads `127.0.0.1:4318` or `[::1]:4318`; port 0 takes any free one. Throws `invalid_configuration`. */
export function parseAddress(text: string): ListenAddress {
  const [, bracketed, plain, port] = /^(?:\[([0-9a-fA-F:.]+)\]|([^\s:[\]]+)):(\d{1,5})$/.exec(text) ?? [];
  const host = bracketed ?? plain;
  if (host === undefined || Number(port) > 65_535) {
    throw new TelemetryKitError('invalid_configuration', `"${text}" is not an address to listen on`, {
      fix: 'write host:port, for example 127.0.0.1:4318',
    });
  }
  return { host, port: Number(port) };
}

export function formatAddress({ host, port }: ListenAddress): string {
  return `${host.includes(':') ? `[${host}]` : host}:${String(port)}`;
}
