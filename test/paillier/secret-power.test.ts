import fc from 'fast-check';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { modPow } from '../../src/math/modular.js';
import { createSecretPower } from '../../src/paillier/secret-power.js';
import { systemRandom } from '../../src/random.js';
import { testPrivateKey } from '../support/keys.js';

const { p } = testPrivateKey(1024).exportPrimes();
const modulus = p * p;
const BITS = 576;

afterEach(() => {
  vi.restoreAllMocks();
});

function agreesWithBigInt(): void {
  const power = createSecretPower(modulus, BITS, systemRandom);
  fc.assert(
    fc.property(
      fc.bigInt({ min: 0n, max: modulus - 1n }),
      fc.bigInt({ min: 1n, max: (1n << BigInt(BITS)) - 1n }),
      (base, exponent) => {
        expect(power(base, exponent)).toBe(modPow(base, exponent, modulus));
      },
    ),
    {
      numRuns: 30,
      // What OpenSSL refuses as a public value is done by BigInt.
      examples: [0n, 1n, modulus - 1n, p, p - 1n].map((base): [bigint, bigint] => [base, 12_345n]),
    },
  );
}

describe('powers with secret exponents', () => {
  it('agree with BigInt, also for the bases that OpenSSL refuses', agreesWithBigInt);

  it('are done by BigInt where there is no OpenSSL', () => {
    vi.spyOn(process, 'getBuiltinModule').mockReturnValue(undefined);
    agreesWithBigInt();
  });

  it('are done by BigInt where OpenSSL refuses the modulus or gives something else', () => {
    const answers = vi.fn(() => new Uint8Array([1]));
    for (const createDiffieHellman of [
      () => {
        throw new Error('modulus too small');
      },
      () => ({ setPrivateKey: () => undefined, computeSecret: answers }),
    ]) {
      vi.spyOn(process, 'getBuiltinModule').mockReturnValue({ createDiffieHellman });
      agreesWithBigInt();
    }
    // Asked at the start only: one wrong answer is enough.
    expect(answers).toHaveBeenCalledTimes(1);
  });
});
