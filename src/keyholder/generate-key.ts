/** Makes a private key without holding up the event loop, so that it can be cancelled. */
import { setImmediate } from 'node:timers/promises';
import { searchPrivateKey, type KeyGenerationProgress } from '../paillier/key-generation.js';
import type { PrivateKey } from '../paillier/private-key.js';
import type { PublicKeyOptions } from '../paillier/public-key.js';
import { systemRandom, type RandomBytes } from '../random.js';

export interface GenerateKeyOptions extends PublicKeyOptions {
  /** Called after every exponentiation. */
  readonly onProgress?: (progress: KeyGenerationProgress) => void;
  /** Stops the search between two exponentiations, some milliseconds apart. */
  readonly signal?: AbortSignal;
}

/**
 * A fresh key of exactly `bits` bits: 2048, 3072 or 4096. Takes seconds; the event loop has its turn between two
 * exponentiations. Rejects with `invalid_argument` for other sizes, and with the signal's reason once it is
 * aborted: then nothing is left of the key.
 */
export async function generatePrivateKey(
  bits: number,
  random: RandomBytes = systemRandom,
  { onProgress, signal, ...size }: GenerateKeyOptions = {},
): Promise<PrivateKey> {
  const search = searchPrivateKey(bits, random, size);
  for (;;) {
    signal?.throwIfAborted();
    const step = search.next();
    if (step.done === true) return step.value;
    onProgress?.(step.value);
    await setImmediate();
  }
}
