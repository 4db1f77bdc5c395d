/**
 * Primality and the cheap checks on a public modulus: small factors and perfect powers.
 * Miller-Rabin after HAC (Menezes, van Oorschot, Vanstone, 1996), algorithm 4.24.
 */
import { bitLength } from '../bytes.js';
import { randomBelow, randomBits, type RandomBytes } from '../random.js';
import { integerRoot } from './integer-root.js';
import { modPow } from './modular.js';

/** Rounds with random bases: a composite passes with probability below 4^-64. */
const MILLER_RABIN_ROUNDS = 64;
const SIEVE_LIMIT = 1 << 20;

let sieved: readonly number[] | undefined;

/** All primes below 2^20, computed once (sieve of Eratosthenes). */
export function smallPrimes(): readonly number[] {
  if (sieved !== undefined) return sieved;
  const composite = new Uint8Array(SIEVE_LIMIT);
  const primes: number[] = [];
  for (let candidate = 2; candidate < SIEVE_LIMIT; candidate += 1) {
    if (composite[candidate] === 1) continue;
    primes.push(candidate);
    for (let multiple = candidate * candidate; multiple < SIEVE_LIMIT; multiple += candidate) composite[multiple] = 1;
  }
  sieved = primes;
  return primes;
}

/** The smallest prime below 2^20 that divides value, or `undefined`. */
export function smallFactor(value: bigint): number | undefined {
  return smallPrimes().find((prime) => value % BigInt(prime) === 0n && value !== BigInt(prime));
}

/** Whether value = base^k for some k >= 2: by integer k-th roots, for every prime k. */
export function isPerfectPower(value: bigint): boolean {
  const bits = bitLength(value);
  for (const exponent of smallPrimes()) {
    if (exponent >= bits) return false;
    const root = integerRoot(value, exponent);
    if (root > 1n && root ** BigInt(exponent) === value) return true;
  }
  return false;
}

/** One Miller-Rabin round: false proves that the odd value > 2 is composite. */
export function passesMillerRabin(value: bigint, base: bigint): boolean {
  let odd = value - 1n;
  let twos = 0;
  while ((odd & 1n) === 0n) {
    odd >>= 1n;
    twos += 1;
  }
  let power = modPow(base, odd, value);
  if (power === 1n || power === value - 1n) return true;
  for (let squaring = 1; squaring < twos; squaring += 1) {
    power = (power * power) % value;
    if (power === value - 1n) return true;
  }
  return false;
}

/** Whether value is prime, wrong with probability below 2^-128 (and never for a prime). */
export function isProbablePrime(value: bigint, random: RandomBytes): boolean {
  return finish(primalitySteps(value, random));
}

/** The same, yielding between two exponentiations. */
function* primalitySteps(value: bigint, random: RandomBytes): Generator<'round', boolean> {
  if (value < 2n) return false;
  if (value === 2n || value === 3n) return true;
  if ((value & 1n) === 0n || (value > BigInt(SIEVE_LIMIT) && smallFactor(value) !== undefined)) return false;
  for (let round = 0; round < MILLER_RABIN_ROUNDS; round += 1) {
    if (!passesMillerRabin(value, 2n + randomBelow(random, value - 3n))) return false;
    yield 'round';
  }
  return true;
}

/** Primes tried before the first exponentiation: few, because each costs a division. */
const TRIAL_PRIMES = 2048;

/** Before the first exponentiation of a candidate, and after each of the rounds that make sure of it. */
export type PrimeSearchStep = 'candidate' | 'round';

/**
 * Searches for a random prime = 3 (mod 4) of exactly `bits` bits, its two highest bits set so that the product
 * of two has exactly twice as many. Candidates are independent, so no prime is preferred. Yields between two
 * exponentiations, some milliseconds apart: there the search can be left or made to wait.
 */
export function* searchBlumPrime(bits: number, random: RandomBytes): Generator<PrimeSearchStep, bigint> {
  const top = 3n << BigInt(bits - 2);
  const trial = smallPrimes().slice(0, TRIAL_PRIMES).map(BigInt);
  for (;;) {
    const candidate = randomBits(random, bits) | top | 3n;
    if (trial.some((prime) => candidate % prime === 0n)) continue;
    yield 'candidate';
    if (passesMillerRabin(candidate, 2n) && (yield* primalitySteps(candidate, random))) return candidate;
  }
}

/** Takes a search to its end without a pause. */
export function finish<Result>(steps: Generator<unknown, Result>): Result {
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
  }
}
