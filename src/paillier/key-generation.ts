/** Makes Paillier keys, step by step. SECRET: see private-key.ts. */
import { assertArgument } from '../errors.js';
import { gcd } from '../math/modular.js';
import { searchBlumPrime } from '../math/primes.js';
import type { RandomBytes } from '../random.js';
import { PrivateKey } from './private-key.js';
import { KEY_SIZES, type PublicKeyOptions } from './public-key.js';

export interface KeyGenerationProgress {
  /** Primes found so far: 0, 1 or 2. */
  readonly primesFound: number;
  /** Candidates that reached a primality test. */
  readonly candidatesTested: number;
}

/**
 * Searches for n = p q of exactly `bits` bits with p = q = 3 (mod 4), same length and gcd(p - 1, q - 1) = 2
 * (Damgard, Jurik, Nielsen 2010, section 4.2). Takes seconds in all and some milliseconds a step; nothing is left
 * of a search that is not taken to its end. Throws `invalid_argument` for other sizes at the first step.
 */
export function* searchPrivateKey(
  bits: number,
  random: RandomBytes,
  options: PublicKeyOptions = {},
): Generator<KeyGenerationProgress, PrivateKey> {
  assertArgument(
    KEY_SIZES.some((size) => size === bits) || options.allowTestSize === true,
    `${String(bits)} bits is not a key size`,
    'choose 2048, 3072 (default) or 4096',
  );
  let candidatesTested = 0;
  function* prime(primesFound: number): Generator<KeyGenerationProgress, bigint> {
    const search = searchBlumPrime(bits / 2, random);
    for (;;) {
      const step = search.next();
      if (step.done === true) return step.value;
      if (step.value === 'candidate') candidatesTested += 1;
      yield { primesFound, candidatesTested };
    }
  }
  const p = yield* prime(0);
  for (;;) {
    const q = yield* prime(1);
    if (p === q || gcd(p - 1n, q - 1n) !== 2n || gcd(p * q, (p - 1n) * (q - 1n)) !== 1n) continue;
    yield { primesFound: 2, candidatesTested };
    return PrivateKey.fromPrimes(p, q, options);
  }
}
