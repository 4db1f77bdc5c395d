/** Makes Paillier keys. SECRET: see private-key.ts. */
import { assertArgument } from '../errors.js';
import { gcd } from '../math/modular.js';
import { generateBlumPrime } from '../math/primes.js';
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
 * n = p q of exactly `bits` bits with p = q = 3 (mod 4), same length and gcd(p - 1, q - 1) = 2
 * (Damgard, Jurik, Nielsen 2010, section 4.2). Takes seconds. Throws `invalid_argument` for other sizes.
 */
export function generatePrivateKey(
  bits: number,
  random: RandomBytes,
  onProgress: (progress: KeyGenerationProgress) => void = () => undefined,
  options: PublicKeyOptions = {},
): PrivateKey {
  assertArgument(
    KEY_SIZES.some((size) => size === bits) || options.allowTestSize === true,
    `${String(bits)} bits is not a key size`,
    'choose 2048, 3072 (default) or 4096',
  );
  let candidatesTested = 0;
  const prime = (primesFound: number): bigint =>
    generateBlumPrime(bits / 2, random, () => {
      candidatesTested += 1;
      onProgress({ primesFound, candidatesTested });
    });
  const p = prime(0);
  for (;;) {
    const q = prime(1);
    if (p === q || gcd(p - 1n, q - 1n) !== 2n || gcd(p * q, (p - 1n) * (q - 1n)) !== 1n) continue;
    onProgress({ primesFound: 2, candidatesTested });
    return PrivateKey.fromPrimes(p, q, options);
  }
}
