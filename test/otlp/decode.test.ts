import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { MAX_JSON_COMMAS, MAX_JSON_CONTAINERS, MAX_JSON_DEPTH } from '../../src/otlp/decode-json.js';
import { MAX_PROTOBUF_FIELDS } from '../../src/otlp/decode-protobuf.js';
import { extractEnvelopes } from '../../src/otlp/decode.js';
import { UndecodableRequest } from '../../src/otlp/errors.js';
import type { OtlpEncoding } from '../../src/otlp/trace-request.js';
import { ENVELOPE_ATTRIBUTE } from '../../src/wire/envelope.js';
import { encodeMessage } from './trace-proto.js';

interface Attribute {
  readonly key: string;
  readonly value?: object;
}

const encodings: readonly OtlpEncoding[] = ['protobuf', 'json'];

function encode(encoding: OtlpEncoding, request: object): Buffer {
  return encoding === 'protobuf' ? encodeMessage('Request', request) : Buffer.from(JSON.stringify(request));
}

function requestOf(...spans: Attribute[][]): object {
  return {
    resourceSpans: [
      {
        resource: { attributes: [{ key: 'service.name', value: { stringValue: 'shop' } }] },
        scopeSpans: [{ scope: { name: 'test' }, spans: spans.map((attributes) => ({ name: 'checkout', attributes })) }],
      },
    ],
  };
}

const envelope = (text: string): Attribute => ({ key: ENVELOPE_ATTRIBUTE, value: { stringValue: text } });
const other: Attribute = { key: 'http.route', value: { stringValue: '/checkout' } };

describe.each(encodings)('a trace request in %s', (encoding) => {
  const extract = (request: object): unknown => extractEnvelopes(encoding, encode(encoding, request));

  test('gives the envelopes of its spans in order and counts every span', () => {
    expect(extract(requestOf([other, envelope('AAAA')], [other], [envelope('BBBB'), other], []))).toEqual({
      spans: 4,
      envelopes: ['AAAA', 'BBBB'],
      malformed: 0,
    });
  });

  test('may be empty at every level', () => {
    const nothing = { spans: 0, envelopes: [], malformed: 0 };
    for (const request of [
      {},
      { resourceSpans: [] },
      { resourceSpans: [{}] },
      { resourceSpans: [{ scopeSpans: [{}] }] },
    ]) {
      expect(extract(request)).toEqual(nothing);
    }
  });

  test.each<[string, Attribute]>([
    ['a bool', { key: ENVELOPE_ATTRIBUTE, value: { boolValue: true } }],
    ['an integer', { key: ENVELOPE_ATTRIBUTE, value: { intValue: 7 } }],
    [
      'a list holding a string',
      { key: ENVELOPE_ATTRIBUTE, value: { arrayValue: { values: [{ stringValue: 'AAAA' }] } } },
    ],
    ['no value', { key: ENVELOPE_ATTRIBUTE }],
    ['an empty value', { key: ENVELOPE_ATTRIBUTE, value: {} }],
  ])('counts an envelope that is %s as malformed and keeps its neighbours', (_, attribute) => {
    expect(extract(requestOf([envelope('AAAA')], [attribute], [envelope('BBBB')]))).toEqual({
      spans: 3,
      envelopes: ['AAAA', 'BBBB'],
      malformed: 1,
    });
  });

  test('counts a span with two envelopes as one malformed span', () => {
    expect(extract(requestOf([envelope('AAAA'), envelope('BBBB')]))).toEqual({ spans: 1, envelopes: [], malformed: 1 });
  });

  test('takes envelopes from span attributes only', () => {
    const attributes = [envelope('AAAA')];
    const request = {
      resourceSpans: [
        { resource: { attributes }, scopeSpans: [{ scope: { attributes }, spans: [{ events: [{ attributes }] }] }] },
      ],
    };
    expect(extract(request)).toEqual({ spans: 1, envelopes: [], malformed: 0 });
  });

  test('is refused, never crashing, when cut short anywhere', () => {
    const whole = encode(encoding, requestOf([other, envelope('A'.repeat(64))], [other]));
    for (let length = 1; length < whole.length; length++) {
      try {
        extractEnvelopes(encoding, whole.subarray(0, length));
      } catch (error) {
        expect(error).toBeInstanceOf(UndecodableRequest);
      }
    }
    expect(() => extractEnvelopes(encoding, whole.subarray(0, whole.length - 1))).toThrow(UndecodableRequest);
  });

  test('is either read or refused for any bytes at all', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        try {
          expect(extractEnvelopes(encoding, Buffer.from(bytes)).malformed).toBeGreaterThanOrEqual(0);
        } catch (error) {
          expect(error).toBeInstanceOf(UndecodableRequest);
        }
      }),
      { numRuns: 3000 },
    );
  });
});

test('both encodings of any request give the same envelopes', () => {
  const value = fc.oneof(
    fc.record({ stringValue: fc.base64String() }),
    fc.record({ boolValue: fc.boolean() }),
    fc.record({ doubleValue: fc.integer() }),
    fc.constant({}),
  );
  const attribute = fc.record({ key: fc.constantFrom(ENVELOPE_ATTRIBUTE, 'telemetry_kit.envelopf', 'x'), value });
  fc.assert(
    fc.property(fc.array(fc.array(attribute, { maxLength: 3 }), { maxLength: 5 }), (spans) => {
      const request = requestOf(...spans);
      const [fromProtobuf, fromJson] = encodings.map((encoding) =>
        extractEnvelopes(encoding, encode(encoding, request)),
      );
      expect(fromProtobuf).toEqual(fromJson);
      expect(fromJson?.spans).toBe(spans.length);
    }),
  );
});

describe('protobuf', () => {
  /** A message of this field; lengths up to 2^28. */
  const wrapped = (field: number, content: Buffer): Buffer => {
    const length = [0, 7, 14, 21].map((shift) => ((content.length >>> shift) & 127) | 128);
    return Buffer.concat([Buffer.from([(field << 3) | 2, ...length, 0]), content]);
  };
  const inScope = (content: Buffer): Buffer => wrapped(1, wrapped(2, content));

  test.each([
    ['empty spans', 0x12],
    ['fields nobody knows', 0x7a],
  ])('a request of nothing but %s is read up to a number of fields', (_, tag) => {
    // Two fields lead to them.
    const content = Buffer.alloc(2 * (MAX_PROTOBUF_FIELDS - 2));
    for (let at = 0; at < content.length; at += 2) content[at] = tag;
    expect(extractEnvelopes('protobuf', inScope(content)).envelopes).toEqual([]);
    expect(() => extractEnvelopes('protobuf', inScope(Buffer.concat([content, Buffer.from([tag, 0])])))).toThrow(
      new UndecodableRequest('a protobuf request with too many fields'),
    );
  });

  test('empty attributes count too, and a group, whose content cannot be counted, is refused', () => {
    const attributes = Buffer.alloc(2 * MAX_PROTOBUF_FIELDS);
    for (let at = 0; at < attributes.length; at += 2) attributes[at] = 0x4a;
    expect(() => extractEnvelopes('protobuf', inScope(wrapped(2, attributes)))).toThrow(/too many fields/);
    expect(() => extractEnvelopes('protobuf', inScope(Buffer.from([0x7b, 0x7c])))).toThrow(
      new UndecodableRequest('a protobuf request with a group'),
    );
  });

  test('attributes may have the value before the key, and unknown fields anywhere', () => {
    const value = encodeMessage('AnyValue', { stringValue: 'AAAA' });
    const key = Buffer.from(ENVELOPE_ATTRIBUTE);
    const unknown = [0x7a, 1, 0xff, 0xb8, 0x3e, 5];
    const pair = Buffer.from([...unknown, 0x12, value.length, ...value, 0x0a, key.length, ...key, ...unknown]);
    const wrap = (field: number, bytes: Buffer): Buffer =>
      Buffer.from([(field << 3) | 2, bytes.length, ...bytes, ...unknown]);
    const request = wrap(1, wrap(2, wrap(2, wrap(9, pair))));
    expect(extractEnvelopes('protobuf', request)).toEqual({ spans: 1, envelopes: ['AAAA'], malformed: 0 });
  });

  test('the last member of a value counts, as protobuf says', () => {
    const text = encodeMessage('AnyValue', { stringValue: 'AAAA' });
    const flag = encodeMessage('AnyValue', { boolValue: true });
    const spanWith = (value: Buffer): Buffer => {
      const key = Buffer.from([
        0x0a,
        ENVELOPE_ATTRIBUTE.length,
        ...Buffer.from(ENVELOPE_ATTRIBUTE),
        0x12,
        value.length,
      ]);
      const wrap = (field: number, bytes: Buffer): Buffer => Buffer.from([(field << 3) | 2, bytes.length, ...bytes]);
      return wrap(1, wrap(2, wrap(2, wrap(9, Buffer.concat([key, value])))));
    };
    expect(extractEnvelopes('protobuf', spanWith(Buffer.concat([text, flag]))).malformed).toBe(1);
    expect(extractEnvelopes('protobuf', spanWith(Buffer.concat([flag, text]))).envelopes).toEqual(['AAAA']);
  });

  test.each([
    ['a group nested ten thousand deep', Buffer.alloc(10_000, 0x0b)],
    ['field number 0', Buffer.from([0x02, 0x00])],
    ['wire type 7', Buffer.from([0x0f, 0x00])],
    ['a span longer than its scope', Buffer.from([0x0a, 4, 0x12, 2, 0x12, 9, 0, 0, 0, 0, 0, 0, 0, 0, 0])],
  ])('%s is refused', (_, bytes) => {
    expect(() => extractEnvelopes('protobuf', bytes)).toThrow(UndecodableRequest);
  });

  test('a million empty attributes cost no memory of their own', () => {
    const attributes = Buffer.alloc(2_000_000, Buffer.from([0x4a, 0x00]));
    const wrap = (field: number, bytes: Buffer): Buffer => {
      const length: number[] = [];
      for (let rest = bytes.length; rest > 0; rest >>>= 7) length.push((rest & 0x7f) | (rest > 0x7f ? 0x80 : 0));
      return Buffer.concat([Buffer.from([(field << 3) | 2, ...length]), bytes]);
    };
    const request = wrap(1, wrap(2, wrap(2, attributes)));
    expect(extractEnvelopes('protobuf', request)).toEqual({ spans: 1, envelopes: [], malformed: 0 });
  });
});

describe('JSON', () => {
  const extract = (text: string): unknown => extractEnvelopes('json', Buffer.from(text));

  test('ignores unknown fields, reads null as absent and any order of names', () => {
    const text = `{"future":{"a":[1]},"resourceSpans":[{"scopeSpans":[{"spans":[
      {"attributes":[{"value":{"stringValue":"AAAA","future":1},"key":"${ENVELOPE_ATTRIBUTE}","x":2}],"traceId":"zz","kind":99},
      {"attributes":null}]},{"spans":null}]}]}`;
    expect(extract(text)).toEqual({ spans: 2, envelopes: ['AAAA'], malformed: 0 });
  });

  test.each([
    ['nothing', ''],
    ['a list', '[]'],
    ['null', 'null'],
    ['a string that does not end', '{"a":"\\"'],
    ['spans that are no list', '{"resourceSpans":[{"scopeSpans":[{"spans":{}}]}]}'],
    ['a span that is null', '{"resourceSpans":[{"scopeSpans":[{"spans":[null]}]}]}'],
    ['nesting without end', '['.repeat(1_000_000)],
    ['nesting beyond the limit', `{"x":${'['.repeat(MAX_JSON_DEPTH)}${']'.repeat(MAX_JSON_DEPTH)}}`],
    ['too many objects', `{"x":[${'{},'.repeat(MAX_JSON_CONTAINERS)}{}]}`],
    ['too many members', `{"x":[${'1,'.repeat(MAX_JSON_COMMAS)}1,1]}`],
  ])('%s is refused', (_, text) => {
    expect(() => extract(text)).toThrow(UndecodableRequest);
  });

  test('nesting up to the limit is read, brackets in strings do not count', () => {
    const depth = MAX_JSON_DEPTH - 1;
    expect(extract(`{"x":${'['.repeat(depth)}${']'.repeat(depth)}}`)).toEqual({
      spans: 0,
      envelopes: [],
      malformed: 0,
    });
    expect(extract(`{"x":"\\\\\\"${'['.repeat(2000)}"}`)).toEqual({ spans: 0, envelopes: [], malformed: 0 });
  });

  test('a body that is not UTF-8 is refused', () => {
    expect(() => extractEnvelopes('json', Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]))).toThrow(
      UndecodableRequest,
    );
  });

  test('an error never quotes the body', () => {
    expect(() => extract('{"secret-value-in-body" oops}')).toThrow(/^the body is not JSON$/);
  });
});
