/** Operands and moduli on which limb arithmetic goes wrong first, and pseudo-random ones between them. */
import { randomBelow, type RandomBytes } from '../../src/random.js';

const LIMB_BITS = 51n;

/** A deterministic stream (xorshift64*, S. Vigna 2016) for tests that must be repeatable. */
export function repeatableRandom(seed: bigint): RandomBytes {
  let state = BigInt.asUintN(64, seed | 1n);
  return (length) => {
    const bytes = new Uint8Array(length);
    for (let index = 0; index < length; index += 1) {
      state ^= state >> 12n;
      state = BigInt.asUintN(64, state ^ (state << 25n));
      state ^= state >> 27n;
      bytes[index] = Number(BigInt.asUintN(64, state * 0x2545f4914f6cdd1dn) >> 56n);
    }
    return bytes;
  };
}

/** Odd moduli of exactly `bits` bits: random, all ones, almost none, and with extreme limbs in turn. */
export function extremeModuli(bits: number, random: RandomBytes): bigint[] {
  const top = 1n << BigInt(bits - 1);
  const striped = stripes(BigInt(bits)) % top;
  return [randomBelow(random, top) | top | 1n, 2n * top - 1n, top + 1n, top | striped | 1n];
}

/** 2^51 - 1 in every second limb. */
function stripes(bits: bigint): bigint {
  let value = 0n;
  for (let position = 0n; position < bits; position += 2n * LIMB_BITS) value |= ((1n << LIMB_BITS) - 1n) << position;
  return value;
}

/** The corners of [0, n^2): its ends, multiples of n, powers of two at limb boundaries, full and empty limbs. */
export function edgeOperands(n: bigint): bigint[] {
  const modulus = n * n;
  const edges = [0n, 1n, 2n, n - 1n, n, n + 1n, 2n * n - 1n, modulus - n, modulus - 2n, modulus - 1n, (n - 1n) * n];
  for (let power = 1n << LIMB_BITS; power < modulus; power <<= LIMB_BITS) {
    edges.push(power - 1n, power, power + 1n, modulus - power, modulus - power - 1n);
  }
  const half = (1n << BigInt(n.toString(2).length)) - 1n;
  edges.push(half % modulus, stripes(BigInt(2 * n.toString(2).length)) % modulus, (half * n) % modulus);
  return edges;
}

/** An edge in one case of four, else uniform in [0, n^2). */
export function operand(n: bigint, edges: readonly bigint[], random: RandomBytes): bigint {
  const [choice = 0, low = 0, high = 0] = random(3);
  return choice < 64 ? (edges[(low + 256 * high) % edges.length] ?? 0n) : randomBelow(random, n * n);
}
