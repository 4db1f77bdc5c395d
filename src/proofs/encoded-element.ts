/**
 * A group element in its wire form: unit || omega of a precomputed record, with what is still to be added to omega.
 * Nearly always that changes the last bytes only, so omega is copied and its end rewritten: reading all of it as an
 * integer, reducing and writing it again costs more than the rest of a seal.
 */
import { bigIntWriter, readBigInt } from '../bytes.js';
import { mod } from '../math/modular.js';
import type { PublicKey } from '../paillier/public-key.js';

export interface EncodedElement {
  /** unit || omega, big-endian, each as long as the modulus. */
  readonly bytes: Uint8Array;
  /** To be added to omega modulo n. */
  readonly shift: bigint;
}

/** More than a challenge times the difference of two members needs. */
const END_BYTES = 32;
const END_MODULUS = 1n << BigInt(8 * END_BYTES);

/** omega with its shift, in [0, n). */
export function omegaOf({ modulusBytes, n }: PublicKey, { bytes, shift }: EncodedElement): bigint {
  return mod(readBigInt(bytes, modulusBytes, 2 * modulusBytes) + shift, n);
}

/** Writes elements into `out`: unit || shifted omega from `offset`. */
export function elementWriter(key: PublicKey, out: Uint8Array): (element: EncodedElement, offset: number) => void {
  const { modulusBytes } = key;
  const write = bigIntWriter(out);
  return (element, offset) => {
    const { bytes, shift } = element;
    out.set(bytes, offset);
    if (shift === 0n) return;
    const end = shiftedEnd(key, element);
    if (end === undefined) write(omegaOf(key, element), offset + modulusBytes, modulusBytes);
    else write(end, offset + 2 * modulusBytes - END_BYTES, END_BYTES);
  };
}

/** The last bytes of the shifted omega; `undefined` where they are not all that changes, or it may reach n. */
function shiftedEnd({ modulus, modulusBytes }: PublicKey, { bytes, shift }: EncodedElement): bigint | undefined {
  const isBelow = modulusBytes > END_BYTES && (bytes[modulusBytes] ?? 0) < (modulus[0] ?? 0);
  if (!isBelow) return undefined;
  const end = readBigInt(bytes, 2 * modulusBytes - END_BYTES, 2 * modulusBytes) + shift;
  return end >= 0n && end < END_MODULUS ? end : undefined;
}
