import { describe, expect, it } from 'vitest';
import { generatePrivateKey } from '../../src/keyholder/generate-key.js';
import { gcd } from '../../src/math/modular.js';
import { isProbablePrime } from '../../src/math/primes.js';
import { searchPrivateKey, type KeyGenerationProgress } from '../../src/paillier/key-generation.js';
import { systemRandom, type RandomBytes } from '../../src/random.js';

const allowTestSize = true;

/** The system's randomness, and how often it was asked. */
function countedRandom(): { random: RandomBytes; draws: () => number } {
  let count = 0;
  return { random: (length) => ((count += 1), systemRandom(length)), draws: () => count };
}

describe('a key', () => {
  it('has the declared form', async () => {
    const made = await generatePrivateKey(512, systemRandom, { allowTestSize });
    const { p, q } = made.exportPrimes();
    expect(made.publicKey.bits).toBe(512);
    expect(p * q).toBe(made.publicKey.n);
    expect([p, q].map((prime) => prime.toString(2).length)).toEqual([256, 256]);
    expect([p & 3n, q & 3n]).toEqual([3n, 3n]);
    expect([p, q].every((prime) => isProbablePrime(prime, systemRandom))).toBe(true);
    expect(gcd(p - 1n, q - 1n)).toBe(2n);
  });

  it.each([0, 512, 2047, 2049, 8192, NaN])('of %s bits is refused before any randomness is drawn', async (bits) => {
    const { random, draws } = countedRandom();
    await expect(generatePrivateKey(bits, random)).rejects.toMatchObject({
      code: 'invalid_argument',
      message: `${String(bits)} bits is not a key size`,
    });
    expect(draws()).toBe(0);
  });

  it('is the same whether the search was watched or not: nothing but the randomness decides', () => {
    const recorded: Uint8Array[] = [];
    const recording: RandomBytes = (length) => {
      const bytes = systemRandom(length);
      recorded.push(bytes.slice());
      return bytes;
    };
    const replaying: RandomBytes = () => recorded.shift()!;
    const keyOf = (random: RandomBytes): string => {
      const search = searchPrivateKey(256, random, { allowTestSize });
      for (;;) {
        const step = search.next();
        if (step.done === true) return step.value.publicKey.kid;
      }
    };
    const kid = keyOf(recording);
    expect(keyOf(replaying)).toBe(kid);
    expect(recorded).toHaveLength(0);
  });
});

describe('progress', () => {
  it('is told after every exponentiation, only ever grows, and ends with both primes', async () => {
    const seen: KeyGenerationProgress[] = [];
    await generatePrivateKey(512, systemRandom, { allowTestSize, onProgress: (progress) => seen.push(progress) });
    // 64 rounds make sure of each prime.
    expect(seen.length).toBeGreaterThan(2 * 64);
    expect(seen[0]).toEqual({ primesFound: 0, candidatesTested: 1 });
    expect(seen.at(-1)!.primesFound).toBe(2);
    seen.slice(1).forEach(({ primesFound, candidatesTested }, index) => {
      const before = seen[index]!;
      expect(primesFound).toBeGreaterThanOrEqual(before.primesFound);
      expect(candidatesTested - before.candidatesTested).toBeGreaterThanOrEqual(0);
      expect(candidatesTested - before.candidatesTested).toBeLessThanOrEqual(1);
    });
  });
});

describe('cancellation', () => {
  it('before the start draws no randomness', async () => {
    const { random, draws } = countedRandom();
    const signal = AbortSignal.abort(new Error('changed my mind'));
    await expect(generatePrivateKey(3072, random, { signal })).rejects.toThrow('changed my mind');
    expect(draws()).toBe(0);
  });

  it('from the event loop stops the search before the next exponentiation', async () => {
    const { random, draws } = countedRandom();
    const controller = new AbortController();
    let afterAbort = 0;
    const made = generatePrivateKey(4096, random, {
      signal: controller.signal,
      onProgress: () => {
        if (controller.signal.aborted) afterAbort += 1;
      },
    });
    // Fires only because the search lets the event loop have its turn.
    setImmediate(() => controller.abort());
    await expect(made).rejects.toMatchObject({ name: 'AbortError' });
    expect(afterAbort).toBe(0);
    const drawn = draws();
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(draws()).toBe(drawn);
  });

  it('between the rounds that make sure of a prime, too', async () => {
    const controller = new AbortController();
    let rounds = 0;
    let last: KeyGenerationProgress = { primesFound: 0, candidatesTested: 0 };
    const made = generatePrivateKey(512, systemRandom, {
      allowTestSize,
      signal: controller.signal,
      onProgress: ({ primesFound, candidatesTested }) => {
        rounds = candidatesTested === last.candidatesTested && primesFound === last.primesFound ? rounds + 1 : 0;
        last = { primesFound, candidatesTested };
        if (rounds === 3) controller.abort();
      },
    });
    await expect(made).rejects.toMatchObject({ name: 'AbortError' });
    expect(rounds).toBe(3);
  });
});
