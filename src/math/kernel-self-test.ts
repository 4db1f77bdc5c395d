/**
 * Whether the WebAssembly kernel computes what BigInt computes, on this engine and processor and for this
 * modulus: some milliseconds at every start. The operands are a fixed pseudo-random sequence and the edges.
 */
import { BigIntKernel } from './bigint-kernel.js';
import { splitStandard } from './split-form.js';
import type { WasmArithmetic } from './wasm-arithmetic.js';
import type { WasmKernel } from './wasm-kernel.js';

const PRODUCTS = 24;
const EXPONENT_BITS = 40;

/** The first check that fails, in words, or `undefined`. */
export function findDefect(kernel: WasmKernel): string | undefined {
  const { arithmetic } = kernel;
  if (arithmetic.code.isFused(1) !== 1) return 'its fused multiply-add rounds twice';
  const values = testValues(arithmetic.n);
  if (!productsAgree(arithmetic, values)) return 'its products differ from those of BigInt';
  if (!powersAgree(kernel, values)) return 'its powers differ from those of BigInt';
  return undefined;
}

/** x -> x^2 + 1 mod n^2 from 2, with the edges of both ranges in front. */
function testValues(n: bigint): bigint[] {
  const modulus = n * n;
  const values = [0n, 1n, n - 1n, n, n + 1n, modulus - 1n];
  for (let value = 2n; values.length < PRODUCTS; value = (value * value + 1n) % modulus) {
    // The first squares are small numbers; skip them.
    if (value > n) values.push(value);
  }
  return values;
}

function productsAgree(arithmetic: WasmArithmetic, values: readonly bigint[]): boolean {
  const { n, mark, radixPair, one } = arithmetic;
  const modulus = n * n;
  const [a, b, product] = [arithmetic.allocatePair(), arithmetic.allocatePair(), arithmetic.allocatePair()];
  const [unitA, unitB] = [arithmetic.allocateUnit(), arithmetic.allocateUnit()];
  const agree = values.every((value, index) => {
    const other = values[(index * 7 + 3) % values.length] ?? 1n;
    arithmetic.writePair(a, value);
    arithmetic.writePair(b, other);
    arithmetic.write(unitA, value % n);
    arithmetic.write(unitB, other % n);
    // With the factor R brought in, so that 1/R of each product cancels.
    arithmetic.multiply(product, arithmetic.multiply(product, a, radixPair), b);
    const full = arithmetic.readPair(product) === (value * other) % modulus;
    arithmetic.multiply(product, arithmetic.multiply(product, a, radixPair), unitB);
    const half = arithmetic.readPair(product) === (value * (other % n)) % modulus;
    arithmetic.multiply(product, arithmetic.multiply(product, unitB, unitA), radixPair);
    const units = arithmetic.readPair(product) === ((value % n) * (other % n)) % modulus;
    arithmetic.square(product, arithmetic.multiply(product, a, radixPair));
    const square = arithmetic.readPair(arithmetic.multiply(product, product, one)) === (value * value) % modulus;
    return full && half && units && square;
  });
  arithmetic.release(mark);
  return agree;
}

function powersAgree(kernel: WasmKernel, values: readonly bigint[]): boolean {
  const { n } = kernel.arithmetic;
  const reference = new BigIntKernel(n, 'reference');
  const exponents = values.slice(-3).map((value) => value % (1n << BigInt(EXPONENT_BITS)));
  const terms = exponents.map((exponent, index) => ({ unit: (values.at(-1 - index) ?? 0n) % n, exponent }));
  if (kernel.multiPower(terms) !== reference.multiPower(terms)) return false;
  const base = splitStandard(n * n - 2n, n);
  const shape = { teeth: 4, tables: 2 };
  const expected = reference.fixedBase(base, EXPONENT_BITS, shape).powers(exponents);
  const actual = kernel.fixedBase(base, EXPONENT_BITS, shape).powers(exponents);
  return expected.every(({ unit, omega }, index) => actual[index]?.unit === unit && actual[index].omega === omega);
}
