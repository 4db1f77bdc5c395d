/**
 * The digest of a selection's aggregates as the ledger holds it. The digest itself could be recomputed where it is that of
 * nothing, which one subject can bring about by staying away; blinded with a key that only the key holder has, it tells
 * apart whether two requests for one selection are the same, and nothing else. HMAC-SHA256 (RFC 2104) is a pseudorandom
 * function.
 *
 * Blinding key, label `telemetry-kit/v1/digest-blinding-key`: the private key's smaller prime | its larger prime, each in
 *   the modulus' bytes.
 * Blinded digest: HMAC-SHA256 under that key of release id (32) | digest (32).
 */
import { createHmac } from 'node:crypto';
import { bigIntToBytes, concatBytes, fromBase64Url, toBase64Url, utf8ToBytes } from '../bytes.js';
import { hashFramed } from '../framing.js';
import type { PrivateKey } from '../paillier/private-key.js';

/** Of one selection always the same. Release id, digest and result: 32 bytes, base64url. */
export function blindDigest(key: PrivateKey, releaseId: string, digest: string): string {
  const message = concatBytes([releaseId, digest].map((text) => fromBase64Url(text) ?? utf8ToBytes(text)));
  return toBase64Url(new Uint8Array(createHmac('sha256', blindingKey(key)).update(message).digest()));
}

/** SECRET. */
function blindingKey(key: PrivateKey): Uint8Array {
  const { p, q } = key.exportPrimes();
  const primes = p < q ? [p, q] : [q, p];
  const items = primes.map((prime) => bigIntToBytes(prime, key.publicKey.modulusBytes));
  return hashFramed('telemetry-kit/v1/digest-blinding-key', items);
}
