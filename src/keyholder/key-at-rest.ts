/** The Paillier private key and the data owner's signing key as sealed documents. */
import { ed25519 } from '@noble/curves/ed25519.js';
import { bigIntToBytes, bytesToBigInt, concatBytes, toBase64Url } from '../bytes.js';
import { assertArgument, TelemetryKitError } from '../errors.js';
import { PrivateKey } from '../paillier/private-key.js';
import type { PublicKeyOptions } from '../paillier/public-key.js';
import { systemRandom, type RandomBytes } from '../random.js';
import { openSecret, sealSecret, type SealedSecret } from './sealed-secret.js';

const SEED_BYTES = 32;

/** Seals p and q. The result is a JSON document that holds nothing secret in clear. */
export function sealPrivateKey(
  key: PrivateKey,
  passphrase: string,
  random: RandomBytes = systemRandom,
): Promise<SealedSecret> {
  const { p, q } = key.exportPrimes();
  const { kid, modulusBytes } = key.publicKey;
  const secret = concatBytes([bigIntToBytes(p, modulusBytes), bigIntToBytes(q, modulusBytes)]);
  return sealSecret({ kind: 'telemetry-kit/private-key', kid, secret }, passphrase, random);
}

/**
 * Opens a private key document (parsed JSON) and checks the key itself: both factors prime, and their
 * product the modulus its id names. Throws `wrong_passphrase` or `invalid_key`.
 */
export async function openPrivateKey(
  document: unknown,
  passphrase: string,
  options: PublicKeyOptions = {},
): Promise<PrivateKey> {
  const { kid, secret } = await openSecret('telemetry-kit/private-key', document, passphrase);
  const half = secret.length / 2;
  const [p, q] = [bytesToBigInt(secret.subarray(0, half)), bytesToBigInt(secret.subarray(half))];
  secret.fill(0);
  const key = PrivateKey.fromPrimes(p, q, options);
  if (key.publicKey.kid === kid) return key;
  throw new TelemetryKitError('invalid_key', 'the factors of the private key do not give the modulus its id names', {
    fix: 'restore the key from its backup',
  });
}

/** Seals the 32-byte Ed25519 seed with which the data owner signs plans. */
export function sealOwnerSeed(
  seed: Uint8Array,
  passphrase: string,
  random: RandomBytes = systemRandom,
): Promise<SealedSecret> {
  assertArgument(seed.length === SEED_BYTES, 'the owner seed is not 32 bytes', 'pass 32 fresh random bytes');
  const kid = toBase64Url(ed25519.getPublicKey(seed));
  return sealSecret({ kind: 'telemetry-kit/owner-key', kid, secret: seed }, passphrase, random);
}

/** Opens the owner's seed; the document's `kid` is its public key. Throws `wrong_passphrase` or `invalid_key`. */
export async function openOwnerSeed(document: unknown, passphrase: string): Promise<Uint8Array> {
  const { kid, secret } = await openSecret('telemetry-kit/owner-key', document, passphrase);
  if (secret.length === SEED_BYTES && toBase64Url(ed25519.getPublicKey(secret)) === kid) return secret;
  throw new TelemetryKitError('invalid_key', 'the owner key is not the one its id names', {
    fix: 'restore the key from its backup',
  });
}
