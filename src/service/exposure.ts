/** What may listen where: beyond this machine only behind TLS and tokens, unless the operator says otherwise. */
import { isIP } from 'node:net';
import { TelemetryKitError } from '../errors.js';
import type { ListenAddress } from './admin-server.js';

export interface Protection {
  readonly tls: boolean;
  readonly tokens: boolean;
  /** The operator's word that an open door is wanted. */
  readonly allowUnprotectedNetwork: boolean;
}

/** Whether only this machine can reach the address. A name other than localhost may lead anywhere. */
function isLoopback(host: string): boolean {
  if (isIP(host) === 4) return host.startsWith('127.');
  return host === '::1' || host.toLowerCase() === 'localhost';
}

/** Throws `invalid_configuration` for an address beyond loopback without TLS or without tokens. */
export function assertProtected(address: ListenAddress, protection: Protection, what: string): void {
  if (isLoopback(address.host) || protection.allowUnprotectedNetwork || (protection.tls && protection.tokens)) return;
  const missing = [protection.tls ? [] : ['TLS'], protection.tokens ? [] : ['tokens']].flat().join(' and ');
  throw new TelemetryKitError(
    'invalid_configuration',
    `${what} would listen on ${address.host}, beyond this machine, without ${missing}`,
    {
      fix: 'configure tls and tokensFile, listen on 127.0.0.1, or say allowUnprotectedNetwork (--allow-unprotected-network)',
    },
  );
}
