/**
 * From an aggregate to its published outcome. The only place where a total is in the clear, and only until
 * the noise is on it. Everything here is total: after decryption nothing can fail, and nothing but the
 * returned outcome depends on what was decrypted.
 */
import type { PrivateKey } from '../paillier/private-key.js';
import { decodeSlots } from '../paillier/slots.js';
import type { NoisePool } from '../privacy/noise-pool.js';
import type { RandomBytes } from '../random.js';
import type { SealedBody } from './ledger-entry.js';
import type { AdmittedCell } from './release-policy.js';

/**
 * One draw per slot is taken before anything is decrypted; then the totals under every key are decrypted,
 * decoded within fixed bounds and added up, and the noise is added to them. Throws `randomness` before a
 * plaintext exists, else never.
 */
export function openCell(cell: AdmittedCell, pool: NoisePool, random: RandomBytes): SealedBody['outcome'] {
  const { slots, measurement } = cell.measurement;
  const noise = slots.map(() => pool.take(cell.scale));
  const perKey = cell.aggregates.map(({ key, ciphertext }) => openSlots(key, ciphertext, slots.length, random));
  const noised = noise.map((draw, slot) => perKey.reduce((sum, totals) => sum + (totals[slot] ?? 0n), draw));
  return isBelowMinimum(noised, measurement.minimum)
    ? { status: 'suppressed', reason: 'below_minimum' }
    : { status: 'released', values: noised.map(String) };
}

function openSlots(key: PrivateKey, ciphertext: bigint, slots: number, random: RandomBytes): bigint[] {
  return decodeSlots(key.publicKey, key.decrypt(ciphertext, random), slots);
}

/** Compared with the noised total; a minimum of 0 is none, so that small counts are not biased upward. */
function isBelowMinimum(noised: readonly bigint[], minimum: number | undefined): boolean {
  if (minimum === undefined || minimum === 0) return false;
  return noised.reduce((sum, value) => sum + value, 0n) < BigInt(minimum);
}
