/** OTLP trace requests, binary and JSON, against a second reader of each that knows nothing of limits or speed. */
import { isDeepStrictEqual } from 'node:util';
import { extractEnvelopes } from '../../../src/otlp/decode.js';
import { UndecodableRequest } from '../../../src/otlp/errors.js';
import type { ExtractedEnvelopes, OtlpEncoding } from '../../../src/otlp/trace-request.js';
import { ENVELOPE_ATTRIBUTE } from '../../../src/wire/envelope.js';
import { decodeMessage, encodeMessage } from '../../otlp/trace-proto.js';
import { promise, type Target } from '../target.js';
import { bytesOf, jsonOf, readOr } from './texts.js';

interface Attribute {
  readonly key?: string;
  readonly value?: { readonly stringValue?: string } | null;
}

interface Request {
  readonly resourceSpans?: { readonly scopeSpans?: { readonly spans?: { readonly attributes?: Attribute[] }[] }[] }[];
}

const SEEDS: readonly object[] = [
  {},
  requestOf([[envelope('AAAA')]]),
  requestOf([[other(), envelope('AAAA')], [envelope('BBBB')], [], [other()]]),
  requestOf([[envelope('AAAA'), envelope('BBBB')], [{ key: ENVELOPE_ATTRIBUTE, value: { intValue: 7 } }]]),
  requestOf([
    [{ key: 'list', value: { arrayValue: { values: [{ stringValue: 'a' }, { boolValue: true }] } } }, envelope('A-_9')],
  ]),
];
const WORDS = [ENVELOPE_ATTRIBUTE, 'resourceSpans', 'scopeSpans', 'spans', 'attributes', 'key', 'value', 'stringValue'];

export const otlpProtobuf: Target = {
  name: 'otlp-protobuf',
  form: 'protobuf',
  seeds: () => SEEDS.map((request) => encodeMessage('Request', request)),
  words: WORDS,
  check: (input) => {
    const found = extract('protobuf', input);
    if (found === undefined) return 'refused';
    const reference = readOr([Error], () => decodeMessage('Request', input) as Request);
    if (reference !== undefined) {
      promise(found.spans === spansOf(reference.value).length, 'another number of spans than protobufjs reads');
    }
    keepsItsMeaning(found);
    return 'accepted';
  },
};

export const otlpJson: Target = {
  name: 'otlp-json',
  form: 'json',
  seeds: () => SEEDS.map(bytesOf),
  words: WORDS,
  check: (input) => {
    const found = extract('json', input);
    if (found === undefined) return 'refused';
    const request = jsonOf(input);
    promise(request !== undefined, 'reads what is not JSON');
    promise(isDeepStrictEqual(found, slowly(request.value as Request)), 'reads something else than a plain walk does');
    keepsItsMeaning(found);
    return 'accepted';
  },
};

function extract(encoding: OtlpEncoding, input: Uint8Array): ExtractedEnvelopes | undefined {
  return readOr([UndecodableRequest], () => extractEnvelopes(encoding, Buffer.from(input)))?.value;
}

/** Written again, in either encoding, it says the same. Spans whose envelope is malformed come last. */
function keepsItsMeaning({ spans, envelopes, malformed }: ExtractedEnvelopes): void {
  const attributes = [
    ...envelopes.map((text) => [envelope(text)]),
    ...Array.from({ length: malformed }, () => [{ key: ENVELOPE_ATTRIBUTE }]),
    ...Array.from({ length: spans - malformed - envelopes.length }, () => []),
  ];
  const request = requestOf(attributes);
  // Texts of other characters than an envelope has are kept as they are by one encoding only: both are malformed.
  const plain = envelopes.every((text) => /^[\x20-\x7e]*$/.test(text));
  for (const [encoding, bytes] of [
    ['json', Buffer.from(JSON.stringify(request))],
    ['protobuf', encodeMessage('Request', request)],
  ] as const) {
    if (!plain && encoding === 'protobuf') continue;
    promise(
      isDeepStrictEqual(extractEnvelopes(encoding, bytes), { spans, envelopes, malformed }),
      `means something else in ${encoding}`,
    );
  }
}

function slowly(request: Request): ExtractedEnvelopes {
  const spans = spansOf(request);
  const found = spans.map(({ attributes }) => (attributes ?? []).filter(({ key }) => key === ENVELOPE_ATTRIBUTE));
  const texts = found.map(([first, ...more]) => (more.length > 0 ? undefined : first?.value?.stringValue));
  const envelopes = texts.filter((text) => typeof text === 'string');
  return {
    spans: spans.length,
    envelopes,
    malformed: found.filter(({ length }) => length > 0).length - envelopes.length,
  };
}

function spansOf({ resourceSpans }: Request): readonly { readonly attributes?: Attribute[] }[] {
  return (resourceSpans ?? []).flatMap(({ scopeSpans }) => (scopeSpans ?? []).flatMap(({ spans }) => spans ?? []));
}

function requestOf(spans: readonly (readonly object[])[]): object {
  return {
    resourceSpans: [{ scopeSpans: [{ spans: spans.map((attributes) => ({ name: 'checkout', attributes })) }] }],
  };
}

function envelope(text: string): object {
  return { key: ENVELOPE_ATTRIBUTE, value: { stringValue: text } };
}

function other(): object {
  return { key: 'http.route', value: { stringValue: '/checkout' } };
}
