/** A public key as JSON: what applications and receivers load. */
import { bigIntToBytes, bytesToBigInt, fromBase64Url, toBase64Url } from '../bytes.js';
import { TelemetryKitError } from '../errors.js';
import { PublicKey, type PublicKeyOptions } from '../paillier/public-key.js';

export interface PublicKeyDocument {
  readonly type: 'telemetry-kit/paillier-public-key';
  readonly version: 1;
  readonly kid: string;
  readonly bits: number;
  /** Big-endian modulus, base64url; the generator is n + 1. */
  readonly n: string;
}

export function encodePublicKey(key: PublicKey): PublicKeyDocument {
  return {
    type: 'telemetry-kit/paillier-public-key',
    version: 1,
    kid: key.kid,
    bits: key.bits,
    n: toBase64Url(bigIntToBytes(key.n, key.modulusBytes)),
  };
}

/** Reads a document and checks the key; throws `invalid_key` naming what is wrong. */
export function decodePublicKey(document: unknown, options: PublicKeyOptions = {}): PublicKey {
  const { type, version, kid, n } = (document ?? {}) as Partial<Record<keyof PublicKeyDocument, unknown>>;
  const modulus = typeof n === 'string' ? fromBase64Url(n) : undefined;
  if (type !== 'telemetry-kit/paillier-public-key' || version !== 1 || modulus === undefined) {
    throw invalid('this is not a public key document of version 1');
  }
  const key = PublicKey.fromModulus(bytesToBigInt(modulus), options);
  if (key.kid !== kid) throw invalid('the key id does not match the modulus');
  return key;
}

function invalid(message: string): TelemetryKitError {
  return new TelemetryKitError('invalid_key', message, {
    fix: 'pass the public-key.json that `telemetry-kit keys generate` wrote',
  });
}
