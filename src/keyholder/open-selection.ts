/**
 * From the encrypted counts of subjects to the keys of an open label that may be published. Exact counts are in the
 * clear one at a time, and only until the noise is on them; what is left of the others is nothing.
 */
import { setImmediate as yieldToOthers } from 'node:timers/promises';
import { decodeSlots } from '../paillier/slots.js';
import { UNIT_COUNT_BITS } from '../plan/layout.js';
import type { NoisePool } from '../privacy/noise-pool.js';
import type { RandomBytes } from '../random.js';
import type { OpenableAggregate } from './held-keys.js';
import type { SealedBody } from './ledger-entry.js';
import type { AdmittedSelection } from './release-policy.js';

/**
 * All noise is drawn before anything is decrypted; then every key is decrypted, however many are selected. Rejects
 * where the random generator fails, and then for all keys alike.
 */
export async function openSelection(
  { terms, keys }: AdmittedSelection,
  pool: NoisePool,
  random: RandomBytes,
): Promise<SealedBody['outcome']> {
  const noise = keys.map(() => pool.take(terms.noise));
  const selected: string[] = [];
  for (const [index, { key, aggregates }] of keys.entries()) {
    await yieldToOthers();
    const noised = aggregates.reduce((sum, each) => sum + subjectsIn(each, random), noise[index] ?? 0n);
    if (noised >= terms.threshold) selected.push(key);
  }
  return { status: 'selected', keys: selected };
}

function subjectsIn({ key, ciphertext }: OpenableAggregate, random: RandomBytes): bigint {
  const [subjects = 0n] = decodeSlots(key.publicKey, key.decrypt(ciphertext, random), 1, UNIT_COUNT_BITS);
  return subjects;
}
