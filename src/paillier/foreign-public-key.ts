/**
 * Public keys of other Paillier libraries: python-paillier's JWK (`kty` DAJ, `alg` PAI-GN1) and paillier-bigint's
 * `{ n, g }`. Only g = n + 1 is Paillier as it is used here; every other key is refused by name.
 */
import { bigIntToMinimalBytes, bytesToBigInt, fromBase64Url, toBase64Url } from '../bytes.js';
import { TelemetryKitError } from '../errors.js';
import { PublicKey, type PublicKeyOptions } from './public-key.js';

/** python-paillier's public key document. */
export interface PublicJwk {
  readonly kty: 'DAJ';
  readonly alg: 'PAI-GN1';
  readonly key_ops: readonly ['encrypt'];
  /** Big-endian modulus, base64url. */
  readonly n: string;
  readonly kid: string;
}

export function exportPublicJwk(key: PublicKey): PublicJwk {
  return { kty: 'DAJ', alg: 'PAI-GN1', key_ops: ['encrypt'], n: numberText(key.n), kid: key.kid };
}

/**
 * Reads either form; numbers of paillier-bigint may be bigints or decimal strings. Throws `invalid_key` for
 * anything else, for another generator, and for a modulus that `PublicKey.fromModulus` refuses.
 */
export function importPublicKey(document: unknown, options: PublicKeyOptions = {}): PublicKey {
  const { kty, alg, n, g } = (document ?? {}) as Record<string, unknown>;
  if (kty !== undefined) {
    if (kty !== 'DAJ' || alg !== 'PAI-GN1') throw unknown('is a JWK of another kind');
    return PublicKey.fromModulus(readNumber(n), options);
  }
  const modulus = readInteger(n);
  const generator = readInteger(g);
  if (modulus === undefined || generator === undefined) throw unknown('is neither a JWK nor { n, g }');
  if (generator !== modulus + 1n) {
    throw new TelemetryKitError('invalid_key', 'the key has another generator than g = n + 1', {
      fix: 'make it with paillier-bigint as generateRandomKeys(bits, true), the simple variant',
    });
  }
  return PublicKey.fromModulus(modulus, options);
}

/** A number of a JWK: unsigned, big-endian, base64url. */
export function readNumber(value: unknown): bigint {
  const bytes = typeof value === 'string' ? fromBase64Url(value) : undefined;
  if (bytes === undefined) throw unknown('has a number that is not base64url');
  return bytesToBigInt(bytes);
}

export function numberText(value: bigint): string {
  return toBase64Url(bigIntToMinimalBytes(value));
}

/** A bigint, or its decimal digits; `undefined` for anything else. */
export function readInteger(value: unknown): bigint | undefined {
  if (typeof value === 'bigint') return value;
  return typeof value === 'string' && /^\d{1,4000}$/.test(value) ? BigInt(value) : undefined;
}

function unknown(what: string): TelemetryKitError {
  return new TelemetryKitError('invalid_key', `the key ${what}`, {
    fix: "pass python-paillier's JWK, or paillier-bigint's public key as { n, g }",
  });
}
