/**
 * From an aggregate to its published outcome. The only place where a total is in the clear, and only until
 * the noise is on it. Nothing but the returned outcome depends on what was decrypted: decoding and adding are
 * total, and whether the random generator fails depends on the generator alone.
 */
import { decodeSlots } from '../paillier/slots.js';
import type { CompiledMeasurement } from '../plan/components.js';
import { SUM_COUNT } from '../plan/slots.js';
import type { NoisePool } from '../privacy/noise-pool.js';
import type { RandomBytes } from '../random.js';
import type { OpenableAggregate } from './held-keys.js';
import type { SealedBody } from './ledger-entry.js';
import type { AdmittedCell } from './release-policy.js';

/**
 * One draw per slot is taken before anything is decrypted; then the totals under every key are decrypted,
 * decoded within fixed bounds and added up, and the noise is added to them. Throws where the random generator
 * fails: for the noise before a plaintext exists, for the blinding of a second key's decryption after the first
 * one; that plaintext is dropped with the release, and neither the failure nor the outcome it leads to shows it.
 */
export function openCell(cell: AdmittedCell, pool: NoisePool, random: RandomBytes): SealedBody['outcome'] {
  const { measurement } = cell;
  const noise = cell.terms.noise.map((mechanism) => pool.take(mechanism));
  const perKey = cell.aggregates.map((aggregate) => openSlots(aggregate, measurement, random));
  const noised = noise.map((draw, slot) => perKey.reduce((sum, totals) => sum + (totals[slot] ?? 0n), draw));
  return isBelowMinimum(noised, measurement)
    ? { status: 'suppressed', reason: 'below_minimum' }
    : { status: 'released', values: noised.map(String) };
}

function openSlots(
  { key, ciphertext }: OpenableAggregate,
  { slots, slotBits }: CompiledMeasurement,
  random: RandomBytes,
): bigint[] {
  return decodeSlots(key.publicKey, key.decrypt(ciphertext, random), slots.length, slotBits);
}

/** Compared with the noised count; a minimum of 0 is none, so that small counts are not biased upward. */
function isBelowMinimum(noised: readonly bigint[], { measurement, slots }: CompiledMeasurement): boolean {
  const { minimum = 0 } = measurement;
  if (minimum === 0) return false;
  const counts = measurement.kind === 'sum' ? noised.slice(slots.indexOf(SUM_COUNT)) : noised;
  return counts.reduce((sum, value) => sum + value, 0n) < BigInt(minimum);
}
