/**
 * Changes of a protobuf message field by field, with lengths that fit again, so that what comes out is protobuf and
 * gets past the framing. Which field is a message is guessed: whatever can be read as one is.
 */
import type { Generator } from './generator.js';
import { mutateBytes } from './mutate-bytes.js';

interface Field {
  readonly number: number;
  readonly wire: number;
  /** Of a varint: its value. */
  readonly value: bigint;
  /** Of everything else: its content. */
  readonly content: Uint8Array;
  /** Where the content reads as a message. */
  readonly inner: readonly Field[] | undefined;
}

const MAX_DEPTH = 12;
const NUMBERS = [0n, 1n, 2n, 127n, 128n, 255n, 65_535n, 65_536n, 2n ** 31n, 2n ** 32n - 1n, 2n ** 53n, 2n ** 64n - 1n];

/** `undefined` where the input does not read as a message. */
export function mutateProtobuf(
  input: Uint8Array,
  other: Uint8Array,
  words: readonly string[],
  random: Generator,
): Uint8Array | undefined {
  const fields = read(input, MAX_DEPTH);
  if (fields === undefined || fields.length === 0) return undefined;
  const foreign = read(other, MAX_DEPTH) ?? fields;
  return write(changeList(fields, foreign, other, words, random));
}

function read(bytes: Uint8Array, depth: number): Field[] | undefined {
  const fields: Field[] = [];
  let at = 0;
  const varint = (): bigint | undefined => {
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = bytes[at];
      if (byte === undefined) return undefined;
      at += 1;
      value |= BigInt(byte & 127) << shift;
      if (byte < 128) return BigInt.asUintN(64, value);
    }
    return undefined;
  };
  while (at < bytes.length) {
    const tag = varint();
    if (tag === undefined || tag < 8n || tag >= 2n ** 32n) return undefined;
    const [number, wire] = [Number(tag >> 3n), Number(tag & 7n)];
    const value = wire === 0 || wire === 2 ? varint() : 0n;
    const length = { 0: 0, 1: 8, 2: Number(value), 5: 4 }[wire];
    if (value === undefined || length === undefined || at + length > bytes.length) return undefined;
    const content = bytes.subarray(at, at + length);
    at += length;
    const inner = wire === 2 && depth > 0 && content.length > 1 ? read(content, depth - 1) : undefined;
    fields.push({ number, wire, value, content, inner });
  }
  return fields;
}

function write(fields: readonly Field[]): Uint8Array {
  return Uint8Array.from(
    Buffer.concat(
      fields.flatMap(({ number, wire, value, content, inner }) => {
        const tag = encodeVarint((BigInt(number) << 3n) | BigInt(wire));
        if (wire === 0) return [tag, encodeVarint(value)];
        const written = inner === undefined ? content : write(inner);
        return wire === 2 ? [tag, encodeVarint(BigInt(written.length)), written] : [tag, written];
      }),
    ),
  );
}

function encodeVarint(value: bigint): Uint8Array {
  const bytes: number[] = [];
  for (let rest = BigInt.asUintN(64, value); ; rest >>= 7n) {
    bytes.push(Number(rest & 127n) | (rest > 127n ? 128 : 0));
    if (rest <= 127n) return Uint8Array.from(bytes);
  }
}

/** One field of the list is changed, or one further down. */
function changeList(
  fields: readonly Field[],
  foreign: readonly Field[],
  other: Uint8Array,
  words: readonly string[],
  random: Generator,
): Field[] {
  const chosen = random.below(fields.length);
  return fields.flatMap((field, index) => {
    if (index !== chosen) return [field];
    const { inner } = field;
    if (inner !== undefined && inner.length > 0 && !random.oneIn(4)) {
      return [{ ...field, inner: changeList(inner, foreign, other, words, random) }];
    }
    return changeField(field, fields, foreign, other, words, random);
  });
}

function changeField(
  field: Field,
  fields: readonly Field[],
  foreign: readonly Field[],
  other: Uint8Array,
  words: readonly string[],
  random: Generator,
): Field[] {
  switch (random.below(9)) {
    case 0:
      return [];
    case 1:
      return Array<Field>(2 + random.below(5)).fill(field);
    case 2:
      return [random.pick(fields), field];
    case 3:
      return [field, random.pick(foreign.length > 0 ? foreign : fields)];
    case 4:
      return [{ ...field, number: random.pick([1, 2, 3, 4, 5, 6, 7, 8, 9, 15, 16, 2 ** 29 - 1]) }];
    case 5:
      return [{ ...field, wire: 0, value: random.pick(NUMBERS) }];
    case 6:
      return [{ ...field, wire: 2, inner: [field] }];
    case 7:
      return [{ number: field.number, wire: 2, value: 0n, content: word(words, random), inner: undefined }];
    default:
      return [{ ...field, inner: undefined, content: mutateBytes(field.content, other, words, random) }];
  }
}

function word(words: readonly string[], random: Generator): Uint8Array {
  return Buffer.from(words.length > 0 ? random.pick(words) : '');
}
