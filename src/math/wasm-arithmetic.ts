/**
 * Elements of Z_n and Z_{n^2} in the linear memory of one WebAssembly instance. Inside, n is replaced by its
 * multiple N = factor n with N = 1 mod 2^51, because quotients by it are easy to find: everything modulo N and N^2
 * is also right modulo n and n^2. A unit is an integer modulo N, a pair (a0, a1) stands for a0 + (a1/R) N modulo
 * N^2; assembly/products.ts says how they are multiplied. All products carry the factor 1/R: an element x is kept
 * as x R, and what is kept as a plain unit u counts as u/R.
 */
import { bigIntToBytes, bitLength, bytesToBigInt } from '../bytes.js';
import { assertArgument } from '../errors.js';
import { mod, modInverse } from './modular.js';
import { PAGE_BYTES, type WasmCode, type WasmHost, type WasmMemory } from './wasm-host.js';

/** The address of a unit, or of a pair plus 1. Addresses are multiples of 16. */
export type WasmElement = number;

const LIMB_BITS = 51;
/** Room above N, for results that are not reduced fully and for sums of omegas. */
const SPARE_BITS = 32;

/** The loops of assembly/rows.ts need some: moduli of at least 224 bits. */
const MIN_VECTORS = 4;

/** Bytes of a unit for this modulus: two limbs of 51 bits in 16 bytes. */
export function unitBytes(n: bigint): number {
  return 16 * Math.ceil((bitLength(n) + LIMB_BITS + SPARE_BITS) / (2 * LIMB_BITS));
}

export class WasmArithmetic {
  readonly n: bigint;
  readonly unitBytes: number;
  readonly code: WasmCode;
  /** N / n, below 2^51. */
  readonly factor: bigint;
  /** R. */
  readonly radix: bigint;
  /** The unit 1: multiplying by it takes a factor R out. */
  readonly one: WasmElement;
  /** The unit R mod N: multiplying a unit by it reduces that unit. */
  readonly radixUnit: WasmElement;
  /** The pair R^2 mod N^2, which is the element R: multiplying by it brings a factor R in. */
  readonly radixPair: WasmElement;
  /** N. */
  readonly #multiple: bigint;
  readonly #memory: WasmMemory;
  readonly #valueBytes: number;
  #bytes: Uint8Array;
  #used: number;

  /** Throws `RangeError` where the engine has no `bytes`; later allocations may take up to `maximumBytes`. */
  constructor(host: WasmHost, n: bigint, bytes: number, maximumBytes = bytes) {
    const { memory, code } = host.instantiate(pages(PAGE_BYTES + bytes), pages(PAGE_BYTES + maximumBytes));
    this.n = n;
    this.unitBytes = unitBytes(n);
    this.code = code;
    this.#memory = memory;
    this.#bytes = new Uint8Array(memory.buffer);
    this.#used = code.ARENA.value;

    const vectors = this.unitBytes / 16;
    const valid = (n & 1n) === 1n && vectors >= MIN_VECTORS && vectors <= code.MAX_VECTORS.value;
    assertArgument(valid, 'the WebAssembly kernel does not take this modulus', 'use the BigInt kernel');
    this.factor = modInverse(n, 1n << BigInt(LIMB_BITS));
    this.#multiple = this.factor * n;
    this.radix = 1n << BigInt(2 * vectors * LIMB_BITS);
    // What is read may be up to 2N.
    this.#valueBytes = Math.ceil((bitLength(this.#multiple) + 1) / 8);
    code.setUp(vectors);
    this.#putBytes(this.#multiple);
    code.readModulus();

    this.one = this.allocateUnit();
    this.radixUnit = this.allocateUnit();
    this.radixPair = this.allocatePair();
    this.write(this.one, 1n);
    this.write(this.radixUnit, this.radix % this.#multiple);
    this.writePair(this.radixPair, this.radix * this.radix);
  }

  /** Memory held, in bytes. */
  get memoryBytes(): number {
    return this.#bytes.length;
  }

  allocateUnit(): WasmElement {
    return this.allocate(this.unitBytes);
  }

  allocatePair(): WasmElement {
    return this.allocate(2 * this.unitBytes) + 1;
  }

  /** Zeroed bytes, a multiple of 16, until `release`. Throws `RangeError` above the maximum. */
  allocate(bytes: number): number {
    const address = this.#used;
    const missing = pages(address + bytes) - pages(this.#bytes.length);
    if (missing > 0) {
      this.#memory.grow(missing);
      this.#bytes = new Uint8Array(this.#memory.buffer);
    }
    this.#used += bytes;
    return address;
  }

  /** Where the next allocation will be. */
  get mark(): number {
    return this.#used;
  }

  /** Zeroes and takes back everything allocated since `mark`, and what products leave behind. */
  release(mark: number): void {
    this.#bytes.fill(0, mark, this.#used);
    this.#used = mark;
    this.code.wipe();
  }

  /** What `work` allocates is released when it ends, however it ends: a failure leaves neither secrets nor less room. */
  scoped<Result>(work: () => Result): Result {
    const { mark } = this;
    try {
      return work();
    } finally {
      this.release(mark);
    }
  }

  /** A value in [0, N), to a unit. */
  write(unit: WasmElement, value: bigint): void {
    this.#putBytes(value);
    this.code.readBorder(unit);
  }

  /** The unit's integer, in (-2N, 2N). */
  readInteger(unit: WasmElement): bigint {
    const times = this.code.writeBorder(unit);
    const end = this.code.BORDER.value;
    const value = bytesToBigInt(this.#bytes.subarray(end - this.#valueBytes, end));
    return times === 0 ? value : value - BigInt(times) * this.#multiple;
  }

  /** The representative in [0, n). */
  read(unit: WasmElement): bigint {
    return mod(this.readInteger(unit), this.n);
  }

  /** Any value that is not negative, to a pair. */
  writePair(pair: WasmElement, value: bigint): void {
    this.write(pair - 1, value % this.#multiple);
    this.write(pair - 1 + this.unitBytes, ((value / this.#multiple) * this.radix) % this.#multiple);
  }

  /** The representative in [0, n^2). */
  readPair(pair: WasmElement): bigint {
    const { mark } = this;
    const upper = this.allocateUnit();
    this.code.multiplyUnits(upper, pair - 1 + this.unitBytes, this.one);
    const value = this.readInteger(pair - 1) + this.#multiple * this.readInteger(upper);
    this.release(mark);
    return mod(value, this.n * this.n);
  }

  /** a b / R mod N^2 in the pair `to`, for units and pairs a and b. */
  multiply(to: WasmElement, a: WasmElement, b: WasmElement): WasmElement {
    if (isPair(a) && isPair(b)) this.code.multiplyPairs(to - 1, a - 1, b - 1);
    else if (isPair(a)) this.code.multiplyPairByUnit(to - 1, a - 1, b);
    else if (isPair(b)) this.code.multiplyPairByUnit(to - 1, b - 1, a);
    else this.code.multiplyUnitsToPair(to - 1, a, b);
    return to;
  }

  /** a^2 / R mod N^2 in the pair `to`. */
  square(to: WasmElement, a: WasmElement): WasmElement {
    if (isPair(a)) this.code.squarePair(to - 1, a - 1);
    else this.code.multiplyUnitsToPair(to - 1, a, a);
    return to;
  }

  /** The unit or pair a as the pair `to`. */
  copy(to: WasmElement, a: WasmElement): WasmElement {
    const from = a & ~1;
    this.#bytes.copyWithin(to - 1, from, from + this.unitBytes);
    const upper = to - 1 + this.unitBytes;
    if (isPair(a)) this.#bytes.copyWithin(upper, from + this.unitBytes, from + 2 * this.unitBytes);
    else this.#bytes.fill(0, upper, upper + this.unitBytes);
    return to;
  }

  #putBytes(value: bigint): void {
    this.#bytes.set(bigIntToBytes(value, this.#valueBytes), this.code.BORDER.value - this.#valueBytes);
  }
}

function isPair(element: WasmElement): boolean {
  return (element & 1) === 1;
}

function pages(bytes: number): number {
  return Math.ceil(bytes / PAGE_BYTES);
}
