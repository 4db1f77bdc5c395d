/** Changes that make sense for any bytes. */
import type { Generator } from './generator.js';

/** Larger inputs are cut: what is found with them is found with smaller ones. */
const MAX_INPUT_BYTES = 64 * 1024;

const EDGES = [0x00, 0x01, 0x7f, 0x80, 0xff, 0x20, 0x22, 0x2c, 0x5b, 0x5c, 0x7b];

/** @param other another input, to take pieces from. */
export function mutateBytes(
  input: Uint8Array,
  other: Uint8Array,
  words: readonly string[],
  random: Generator,
): Uint8Array {
  const at = random.below(input.length + 1);
  switch (random.below(words.length > 0 ? 10 : 9)) {
    case 0:
      return changed(input, at, (byte) => byte ^ (1 << random.below(8)));
    case 1:
      return changed(input, at, () => random.below(256));
    case 2:
      return changed(input, at, () => random.pick(EDGES));
    case 3:
      return joined(input.subarray(0, at), input.subarray(at + 1 + random.below(8)));
    case 4:
      return joined(input.subarray(0, at), bytesOf(1 + random.below(8), random), input.subarray(at));
    case 5:
      return input.subarray(0, at);
    case 6: {
      const piece = pieceOf(input, random);
      return joined(input.subarray(0, at), ...Array<Uint8Array>(1 + random.below(8)).fill(piece), input.subarray(at));
    }
    case 7:
      return joined(input.subarray(0, at), pieceOf(other, random), input.subarray(at));
    case 8:
      return joined(input.subarray(0, at), other.subarray(random.below(other.length + 1)));
    default:
      return joined(input.subarray(0, at), Buffer.from(random.pick(words)), input.subarray(at));
  }
}

function joined(...parts: Uint8Array[]): Uint8Array {
  return Uint8Array.from(Buffer.concat(parts).subarray(0, MAX_INPUT_BYTES));
}

function changed(input: Uint8Array, at: number, change: (byte: number) => number): Uint8Array {
  const copy = Uint8Array.from(input);
  if (at < copy.length) copy[at] = change(copy[at] ?? 0);
  return copy;
}

function bytesOf(length: number, random: Generator): Uint8Array {
  return Uint8Array.from({ length }, () => random.below(256));
}

function pieceOf(input: Uint8Array, random: Generator): Uint8Array {
  const start = random.below(input.length + 1);
  return input.subarray(start, start + 1 + random.below(32));
}
