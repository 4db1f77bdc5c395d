import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FixedBaseComb } from '../../src/math/fixed-base-comb.js';
import { gcd, mod, modInverse, modInverseMany, modPow } from '../../src/math/modular.js';
import {
  finish,
  isPerfectPower,
  isProbablePrime,
  passesMillerRabin,
  searchBlumPrime,
  smallFactor,
  smallPrimes,
} from '../../src/math/primes.js';
import { equalUpToSign, joinSplit, normalizeMany, splitStandard } from '../../src/math/split-form.js';
import { assertTupleSet } from '../../src/math/tuple-set.js';
import { systemRandom } from '../../src/random.js';
import { testPrivateKey } from '../support/keys.js';

const { n, nSquared } = testPrivateKey().publicKey;
const residue = fc.bigInt({ min: 1n, max: n - 1n });
const exponent = fc.bigInt({ min: 0n, max: (1n << 200n) - 1n });

describe('modular arithmetic', () => {
  it('powers obey the laws', () => {
    fc.assert(
      fc.property(residue, exponent, exponent, (base, a, b) => {
        expect(mod(modPow(base, a, n) * modPow(base, b, n), n)).toBe(modPow(base, a + b, n));
      }),
      { numRuns: 30 },
    );
    expect(modPow(5n, 0n, 7n)).toBe(1n);
    expect(modPow(5n, 3n, 1n)).toBe(0n);
    expect(mod(-1n, 7n)).toBe(6n);
  });
  it('inverts one and many', () => {
    fc.assert(
      fc.property(fc.array(residue, { minLength: 1, maxLength: 8 }), (values) => {
        expect(modInverseMany(values, n)).toEqual(values.map((value) => modInverse(value, n)));
        expect(mod(modInverse(values[0]!, n) * values[0]!, n)).toBe(1n);
      }),
      { numRuns: 30 },
    );
    expect(() => modInverse(6n, 9n)).toThrow(/no inverse/);
    expect(() => modInverse(0n, 9n)).toThrow(/no inverse/);
    expect(gcd(12n, 18n)).toBe(6n);
  });
});

describe('split form', () => {
  it('is a bijection and multiplies by addition of omegas', () => {
    fc.assert(
      fc.property(residue, residue, residue, (unit, omega, other) => {
        const joined = joinSplit({ unit, omega }, n);
        expect(splitStandard(joined, n)).toEqual({ unit, omega });
        const product = mod(joined * joinSplit({ unit: other, omega: 5n }, n), nSquared);
        const [normal] = normalizeMany([{ unit: unit * other, omega: omega + 5n }], n);
        expect(joinSplit(normal!, n)).toBe(product);
      }),
      { numRuns: 30 },
    );
  });
  it('compares up to sign', () => {
    const element = splitStandard(123456789n, n);
    const negative = splitStandard(nSquared - 123456789n, n);
    expect(equalUpToSign(element, element, n)).toBe(true);
    expect(equalUpToSign(element, negative, n)).toBe(true);
    expect(equalUpToSign(element, { ...element, omega: element.omega + 1n }, n)).toBe(false);
    expect(equalUpToSign(element, { unit: 0n, omega: 0n }, n)).toBe(false);
  });
});

describe('comb', () => {
  const base = splitStandard(987654321987654321n, n);
  it.each([
    [{ teeth: 1, tables: 1 }, 17],
    [{ teeth: 4, tables: 2 }, 200],
    [{ teeth: 5, tables: 3 }, 199],
    [{ teeth: 8, tables: 8 }, 513],
  ])('equals plain exponentiation with shape %j and %i bits', (shape, bits) => {
    const comb = new FixedBaseComb(base, n, bits, shape);
    const last = (1n << BigInt(bits)) - 1n;
    const exponents = [0n, 1n, 2n, last, last >> 1n, ...fc.sample(fc.bigInt({ min: 0n, max: last }), 20)];
    for (const power of exponents) {
      const [element] = normalizeMany([comb.power(power)], n);
      expect(joinSplit(element!, n)).toBe(modPow(joinSplit(base, n), power, nSquared));
    }
    expect(() => comb.power(-1n)).toThrow(/out of range/);
    expect(() => comb.power(1n << BigInt(comb.exponentBits))).toThrow(/out of range/);
  });
});

describe('primes', () => {
  it('sieves', () => {
    expect(smallPrimes().slice(0, 6)).toEqual([2, 3, 5, 7, 11, 13]);
    expect(smallPrimes()).toHaveLength(82_025);
  });
  it('tells primes from composites, Carmichael numbers and strong pseudoprimes included', () => {
    for (const prime of [2n, 3n, 1_048_583n, (1n << 127n) - 1n])
      expect(isProbablePrime(prime, systemRandom)).toBe(true);
    for (const composite of [0n, 1n, 4n, 561n, 3_215_031_751n, ((1n << 127n) - 1n) * ((1n << 61n) - 1n)]) {
      expect(isProbablePrime(composite, systemRandom)).toBe(false);
    }
    // 2047 = 23 * 89 is a strong pseudoprime to base 2, not to base 3.
    expect(passesMillerRabin(2047n, 2n)).toBe(true);
    expect(passesMillerRabin(2047n, 3n)).toBe(false);
  });
  it('finds small factors and perfect powers', () => {
    expect(smallFactor(n * 1_048_573n)).toBe(1_048_573);
    expect(smallFactor(n)).toBeUndefined();
    expect(isPerfectPower(n * n)).toBe(true);
    expect(isPerfectPower(((1n << 61n) - 1n) ** 5n)).toBe(true);
    expect(isPerfectPower(n)).toBe(false);
    expect(isPerfectPower(n * n + 1n)).toBe(false);
  });
  it('generates Blum primes of the exact length', () => {
    const prime = finish(searchBlumPrime(128, systemRandom));
    expect(prime.toString(2)).toHaveLength(128);
    expect(prime & 3n).toBe(3n);
    expect(prime >> 126n).toBe(3n);
    expect(isProbablePrime(prime, systemRandom)).toBe(true);
  });
});

describe('tuple sets', () => {
  it.each([
    ['empty', 1, []],
    ['of wrong length', 2, [[1n]]],
    ['with a member twice', 1, [[1n], [1n]]],
    [
      'unordered',
      2,
      [
        [1n, 0n],
        [0n, 1n],
      ],
    ],
    ['with a negative member', 1, [[-1n]]],
    ['with a member at the bound', 1, [[100n]]],
  ])('refuses a set that is %s', (_name, arity, tuples) => {
    expect(() => assertTupleSet({ arity, tuples }, 100n)).toThrow(/not a set/);
  });
  it('accepts an ordered one', () => {
    expect(() =>
      assertTupleSet(
        {
          arity: 2,
          tuples: [
            [0n, 1n],
            [1n, 0n],
            [1n, 99n],
          ],
        },
        100n,
      ),
    ).not.toThrow();
  });
});
