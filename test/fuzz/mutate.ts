/** A new input from an old one: mostly by its structure, else by its bytes; a few changes at a time. */
import { fromBase64Url, toBase64Url } from '../../src/bytes.js';
import type { Generator } from './generator.js';
import { mutateBytes } from './mutate-bytes.js';
import { mutateJson } from './mutate-json.js';
import { mutateProtobuf } from './mutate-protobuf.js';
import type { Form, Target } from './target.js';

type Mutation = (
  input: Uint8Array,
  other: Uint8Array,
  words: readonly string[],
  random: Generator,
) => Uint8Array | undefined;

const BY_STRUCTURE: Readonly<Record<Form, Mutation>> = {
  bytes: mutateBytes,
  text: mutateBytes,
  json: mutateJson,
  protobuf: mutateProtobuf,
  base64url: mutateBase64Url,
};

/** How often only the bytes are changed: once in so many times. */
const BLIND = 5;

export function mutate(target: Target, corpus: readonly Uint8Array[], random: Generator): Uint8Array {
  const { form, words = [] } = target;
  let input = random.pick(corpus);
  for (let changes = 1 + random.below(4); changes > 0; changes -= 1) {
    const other = random.pick(corpus);
    const byStructure = random.oneIn(BLIND) ? undefined : BY_STRUCTURE[form](input, other, words, random);
    input = byStructure ?? mutateBytes(input, other, words, random);
  }
  return input;
}

/** Of the bytes that the text stands for. */
function mutateBase64Url(
  input: Uint8Array,
  other: Uint8Array,
  _words: readonly string[],
  random: Generator,
): Uint8Array | undefined {
  const bytes = decode(input);
  if (bytes === undefined) return undefined;
  return Buffer.from(toBase64Url(mutateBytes(bytes, decode(other) ?? bytes, [], random)));
}

function decode(input: Uint8Array): Uint8Array | undefined {
  return fromBase64Url(Buffer.from(input).toString('latin1'));
}
