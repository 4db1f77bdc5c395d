/** One suite for every kernel: the laws of powers, against square-and-multiply. */
import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BigIntKernel } from '../../src/math/bigint-kernel.js';
import { createGroupKernel, type GroupKernel, type PowerTerm } from '../../src/math/group-kernel.js';
import { findDefect } from '../../src/math/kernel-self-test.js';
import { gcd, mod, modPow } from '../../src/math/modular.js';
import { joinSplit, splitStandard, type RawElement } from '../../src/math/split-form.js';
import { loadWasm, type WasmCode } from '../../src/math/wasm-host.js';
import { WasmKernel } from '../../src/math/wasm-kernel.js';
import { randomBelow, randomBits } from '../../src/random.js';
import { extremeModuli, repeatableRandom } from '../support/kernel-operands.js';
import { testPrivateKey } from '../support/keys.js';

const NAMES = ['bigint', 'wasm'] as const;

/** unit * (1 + omega n) mod n^2. */
function valueOf({ unit, omega }: RawElement, n: bigint): bigint {
  return mod(unit * (1n + omega * n), n * n);
}

function naive(terms: readonly PowerTerm[], n: bigint): bigint {
  return terms.reduce((product, { unit, exponent }) => (product * modPow(unit, exponent, n * n)) % (n * n), 1n);
}

describe.each(NAMES)('%s kernel', (name) => {
  const { n } = testPrivateKey().publicKey;
  const kernel = createGroupKernel(n, { kernel: name });

  it('is the one asked for and says why', () => {
    expect(kernel.name).toBe(name);
    expect(kernel.reason).not.toBe('');
  });

  it('multiplies powers of any mixture of lengths', () => {
    const term = fc.record({
      unit: fc.oneof(fc.bigInt({ min: 0n, max: n - 1n }), fc.constantFrom(0n, 1n, n - 1n)),
      exponent: fc.oneof(
        fc.bigInt({ min: 0n, max: (1n << 225n) - 1n }),
        fc.bigInt({ min: 0n, max: (1n << 96n) - 1n }),
        fc.constantFrom(0n, 1n, 2n, 1n << 224n, (1n << 225n) - 1n),
      ),
    });
    fc.assert(
      fc.property(fc.array(term, { maxLength: 24 }), (terms) => {
        expect(kernel.multiPower(terms)).toBe(naive(terms, n));
      }),
      { numRuns: 60 },
    );
  });

  it('multiplies many powers as one product', () => {
    const random = repeatableRandom(11n);
    const terms = Array.from({ length: 300 }, (_, index) => ({
      unit: randomBelow(random, n),
      exponent: randomBits(random, index % 3 === 0 ? 225 : 96),
    }));
    expect(kernel.multiPower(terms)).toBe(naive(terms, n));
    expect(kernel.multiPower([...terms].reverse())).toBe(kernel.multiPower(terms));
  });

  it('multiplies more powers than fit in memory at once', () => {
    const random = repeatableRandom(12n);
    const terms = Array.from({ length: 5000 }, () => ({
      unit: randomBelow(random, n),
      exponent: randomBits(random, 8),
    }));
    expect(kernel.multiPower(terms)).toBe(naive(terms, n));
  });

  it('raises one base to several exponents', () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.bigInt({ min: 0n, max: n * n - 1n }), fc.constantFrom(0n, 1n, n, n * n - 1n)),
        fc.array(fc.oneof(fc.bigInt({ min: 0n, max: (1n << 130n) - 1n }), fc.constantFrom(0n, 1n, 16n)), {
          maxLength: 5,
        }),
        (base, exponents) => {
          const expected = exponents.map((exponent) => modPow(base, exponent, n * n));
          expect(kernel.powersOf(base, exponents)).toEqual(expected);
        },
      ),
      { numRuns: 60 },
    );
    expect(kernel.powersOf(3n, [n, 0n, n * n - 1n])).toEqual([modPow(3n, n, n * n), 1n, modPow(3n, n * n - 1n, n * n)]);
    expect(() => kernel.powersOf(n * n, [1n])).toThrow(/out of range/);
    expect(() => kernel.powersOf(2n, [-1n])).toThrow(/out of range/);
  });

  it('raises one base to more exponents than it has room for at once, and goes on after refusals', () => {
    const exponents = Array.from({ length: 1500 }, (_, index) => BigInt(index % 7));
    const powers = kernel.powersOf(3n, exponents);
    expect(powers).toEqual(exponents.map((exponent) => 3n ** exponent % (n * n)));
    const base = kernel.fixedBase({ unit: 3n, omega: 5n }, 64, { teeth: 4, tables: 2 });
    const expected = base.powers([7n]);
    for (let refusal = 0; refusal < 3000; refusal += 1) expect(() => base.power(1n << 64n)).toThrow(/exponent/);
    expect(base.powers([7n])).toEqual(expected);
  });

  it('gives 1 for no terms and for exponents of 0', () => {
    expect(kernel.multiPower([])).toBe(1n);
    expect(kernel.multiPower([{ unit: 5n, exponent: 0n }])).toBe(1n);
  });

  it('refuses units and exponents out of range', () => {
    expect(() => kernel.multiPower([{ unit: n, exponent: 1n }])).toThrow(/out of range/);
    expect(() => kernel.multiPower([{ unit: -1n, exponent: 1n }])).toThrow(/out of range/);
    expect(() => kernel.multiPower([{ unit: 2n, exponent: -1n }])).toThrow(/out of range/);
  });

  it.each([
    { teeth: 8, tables: 8 },
    { teeth: 5, tables: 3 },
    { teeth: 1, tables: 1 },
    { teeth: 2, tables: 64 },
    { teeth: 9, tables: 1 },
  ])('raises a fixed base with $teeth teeth and $tables tables', (shape) => {
    const random = repeatableRandom(13n);
    const bits = 203;
    const base = splitStandard(randomBelow(random, n * n), n);
    const fixed = kernel.fixedBase(base, bits, shape);
    const exponents = [0n, 1n, 2n, 1n << 202n, (1n << 203n) - 1n];
    while (exponents.length < 70) exponents.push(randomBits(random, bits));
    const expected = exponents.map((exponent) => modPow(joinSplit(base, n), exponent, n * n));
    expect(fixed.exponentBits).toBeGreaterThanOrEqual(bits);
    expect(exponents.map((exponent) => valueOf(fixed.power(exponent), n))).toEqual(expected);
    expect(fixed.powers(exponents).map((power) => joinSplit(power, n))).toEqual(expected);
    expect(fixed.powers(exponents)).toEqual(expected.map((value) => splitStandard(value, n)));
    expect(fixed.powers([])).toEqual([]);
    expect(() => fixed.power(1n << BigInt(fixed.exponentBits))).toThrow(/out of range/);
    expect(() => fixed.power(-1n)).toThrow(/out of range/);
    expect(fixed.power(3n).unit).toBeLessThan(n * n);
  });

  it('raises 1, -1 and 1 + n', () => {
    for (const value of [1n, n * n - 1n, 1n + n]) {
      const fixed = kernel.fixedBase(splitStandard(value, n), 40, { teeth: 3, tables: 2 });
      for (const exponent of [0n, 1n, 2n, 12_345_678_901n]) {
        expect(valueOf(fixed.power(exponent), n)).toBe(modPow(value, exponent, n * n));
      }
    }
  });

  it('states the memory of its tables and refuses shapes without sense', () => {
    const base = splitStandard(3n, n);
    const small = kernel.fixedBase(base, 64, { teeth: 4, tables: 2 }).tableBytes;
    expect(small).toBeGreaterThanOrEqual(2 * 16 * 2 * 64);
    expect(small).toBeLessThan(2 * 2 * 16 * 2 * 64);
    expect(kernel.fixedBase(base, 64, { teeth: 5, tables: 2 }).tableBytes).toBe(2 * small);
    for (const teeth of [0, 17, 1.5]) {
      expect(() => kernel.fixedBase(base, 64, { teeth, tables: 2 })).toThrow(/not a comb shape/);
    }
  });
});

describe.each([275, 320, 384, 1021, 1024, 2048, 3072])('kernels for a modulus of %i bits', (bits) => {
  it('agree', () => {
    const random = repeatableRandom(BigInt(bits));
    for (const n of extremeModuli(bits, random)) {
      const kernels = NAMES.map((kernel) => createGroupKernel(n, { kernel }));
      const terms = [3, 40, 64].map((length) => ({
        unit: randomBelow(random, n),
        exponent: randomBits(random, length),
      }));
      const base = unitBelow(n, random);
      const exponents = [randomBits(random, 64), randomBits(random, 64)];
      const results = kernels.map((kernel) => ({
        product: kernel.multiPower(terms),
        powers: kernel.fixedBase(splitStandard(base, n), 64, { teeth: 4, tables: 2 }).powers(exponents),
      }));
      expect(results[1]).toEqual(results[0]);
      expect(results[0]?.product).toBe(naive(terms, n));
    }
  });
});

function unitBelow(n: bigint, random: ReturnType<typeof repeatableRandom>): bigint {
  for (;;) {
    const value = randomBelow(random, n * n);
    if (gcd(value, n) === 1n) return value;
  }
}

describe('choice of the kernel', () => {
  const { n } = testPrivateKey().publicKey;

  it('is WebAssembly where it works', () => {
    expect(createGroupKernel(n)).toBeInstanceOf(WasmKernel);
  });

  it('is BigInt for moduli that the other does not take', () => {
    const small = (1n << 200n) + 235n;
    const kernel = createGroupKernel(small);
    expect(kernel.name).toBe('bigint');
    expect(kernel.reason).toMatch(/does not take this modulus/);
    expect(kernel.multiPower([{ unit: 3n, exponent: 500n }])).toBe(modPow(3n, 500n, small * small));
    expect(() => createGroupKernel(small, { kernel: 'wasm' })).toThrow(/cannot be used/);
  });

  it.each([
    ['has no WebAssembly', ['--jitless']],
    ['WebAssembly with relaxed SIMD', []],
  ])('in an engine that %s', (_, flags) => {
    const script = `import { createGroupKernel } from './dist/src/math/group-kernel.js';
      const kernel = createGroupKernel(${String(n)}n);
      console.log(JSON.stringify([kernel.name, kernel.reason, String(kernel.multiPower([{ unit: 7n, exponent: 99n }]))]));`;
    const output = execFileSync(process.execPath, [...flags, '--input-type=module', '--eval', script], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const reason = flags.length > 0 ? 'WebAssembly is not used: the engine has no WebAssembly' : 'the self-test passed';
    const value = String(modPow(7n, 99n, n * n));
    expect(JSON.parse(output)).toEqual([flags.length > 0 ? 'bigint' : 'wasm', reason, value]);
  });
});

describe('self-test', () => {
  const { n } = testPrivateKey().publicKey;

  /** A kernel whose code was tampered with after it was made. */
  function tampered(change: (code: WasmCode) => Partial<WasmCode>): GroupKernel & WasmKernel {
    const loading = loadWasm();
    if ('failure' in loading) throw new Error(loading.failure);
    const kernel = new WasmKernel(loading.host, n, 'test');
    const { code } = kernel.arithmetic;
    Object.defineProperty(kernel.arithmetic, 'code', { value: { ...code, ...change(code) } });
    return kernel;
  }

  it('passes the kernel as it is', () => {
    expect(findDefect(tampered(() => ({})))).toBeUndefined();
  });

  it('finds a multiply-add that rounds twice', () => {
    expect(findDefect(tampered(() => ({ isFused: () => 0 })))).toMatch(/rounds twice/);
  });

  it.each(['multiplyPairs', 'multiplyPairByUnit', 'multiplyUnitsToPair', 'squarePair'] as const)(
    'finds a defect in %s',
    (name) => {
      const skipped = (): Partial<WasmCode> => ({ [name]: () => undefined });
      expect(findDefect(tampered(skipped))).toMatch(/differ/);
    },
  );

  it('finds a product that is wrong in one bit, for one operand', () => {
    const almost = (code: WasmCode): Partial<WasmCode> => {
      let calls = 0;
      return {
        multiplyPairs: (to, a, b) => {
          calls += 1;
          code.multiplyPairs(to, a, b);
          if (calls === 9) code.multiplyPairs(to, to, to);
        },
      };
    };
    expect(findDefect(tampered(almost))).toMatch(/differ/);
  });

  it('reports the reference for what it is', () => {
    expect(new BigIntKernel(n, 'because').reason).toBe('because');
  });
});
