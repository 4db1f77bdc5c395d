/** Private keys of other Paillier libraries (foreign-public-key.ts). SECRET: see private-key.ts. */
import { TelemetryKitError } from '../errors.js';
import {
  exportPublicJwk,
  importPublicKey,
  numberText,
  readInteger,
  readNumber,
  type PublicJwk,
} from './foreign-public-key.js';
import { PrivateKey } from './private-key.js';
import type { PublicKeyOptions } from './public-key.js';

/** python-paillier's private key document. SECRET. */
export interface PrivateJwk {
  readonly kty: 'DAJ';
  readonly key_ops: readonly ['decrypt'];
  readonly p: string;
  readonly q: string;
  readonly pub: PublicJwk;
  readonly kid: string;
}

/** SECRET: the private key in clear. */
export function exportPrivateJwk(key: PrivateKey): PrivateJwk {
  const { p, q } = key.exportPrimes();
  const pub = exportPublicJwk(key.publicKey);
  return { kty: 'DAJ', key_ops: ['decrypt'], p: numberText(p), q: numberText(q), pub, kid: pub.kid };
}

/**
 * Reads python-paillier's JWK, or `{ p, q, publicKey: { n, g } }` of paillier-bigint. Throws `invalid_key` where
 * the primes do not give the public key, and for everything `PrivateKey.fromPrimes` refuses; never quotes a value.
 */
export function importPrivateKey(document: unknown, options: PublicKeyOptions = {}): PrivateKey {
  const { kty, pub, publicKey, p, q } = (document ?? {}) as Record<string, unknown>;
  const isJwk = kty !== undefined;
  const declared = importPublicKey(isJwk ? pub : publicKey, options);
  const [first, second] = isJwk ? [readNumber(p), readNumber(q)] : [readInteger(p), readInteger(q)];
  if (first === undefined || second === undefined) throw invalid('has no primes');
  if (first * second !== declared.n) throw invalid('does not belong to its public key');
  return PrivateKey.fromPrimes(first, second, options);
}

function invalid(what: string): TelemetryKitError {
  return new TelemetryKitError('invalid_key', `the private key ${what}`, {
    fix: 'export it again, with both primes and the public key it belongs to',
  });
}
