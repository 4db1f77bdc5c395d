/**
 * Reads a binary `ExportTraceServiceRequest` field by field (protobuf encoding, OTLP 1.11 field numbers)
 * and descends only into what leads to span attributes. Nothing recursive, nothing allocated per attribute.
 */
import protobuf from 'protobufjs/minimal.js';
import { ENVELOPE_ATTRIBUTE } from '../wire/envelope.js';
import { UndecodableRequest } from './errors.js';
import { EnvelopeCollector, type ExtractedEnvelopes } from './trace-request.js';

type Reader = protobuf.Reader;

/** Field numbers of opentelemetry/proto/{collector/trace,trace,common}/v1. */
const REQUEST_RESOURCE_SPANS = 1;
const RESOURCE_SPANS_SCOPE_SPANS = 2;
const SCOPE_SPANS_SPANS = 2;
const SPAN_ATTRIBUTES = 9;
const KEY_VALUE_KEY = 1;
const KEY_VALUE_VALUE = 2;
const ANY_VALUE_STRING = 1;
/** Highest member of the `AnyValue.value` oneof. */
const ANY_VALUE_LAST = 8;

const LENGTH_DELIMITED = 2;
const KEY = Buffer.from(ENVELOPE_ATTRIBUTE, 'latin1');

/** Most fields read of one body, skipped ones too; a batch of 8192 spans with 50 attributes each has 1.8 million. */
export const MAX_PROTOBUF_FIELDS = 2_000_000;

/** Deprecated framing that OTLP never had; a library skips its content without telling how much there was. */
const GROUP_START = 3;

interface Reading {
  readonly reader: Reader;
  fields: number;
}

/** Throws `UndecodableRequest` where the bytes are no such protobuf message, or have more fields than any real request. */
export function decodeTraceRequestProtobuf(bytes: Buffer): ExtractedEnvelopes {
  const collector = new EnvelopeCollector();
  const reading: Reading = { reader: protobuf.Reader.create(bytes), fields: 0 };
  try {
    forEachMessage(reading, bytes.length, REQUEST_RESOURCE_SPANS, (resourceEnd) => {
      forEachMessage(reading, resourceEnd, RESOURCE_SPANS_SCOPE_SPANS, (scopeEnd) => {
        forEachMessage(reading, scopeEnd, SCOPE_SPANS_SPANS, (spanEnd) => {
          const found: (string | undefined)[] = [];
          forEachMessage(reading, spanEnd, SPAN_ATTRIBUTES, (attributeEnd) => {
            readAttribute(reading, bytes, attributeEnd, found);
          });
          collector.addSpan(found);
        });
      });
    });
  } catch (error) {
    if (error instanceof UndecodableRequest) throw error;
    throw new UndecodableRequest(`not a protobuf ExportTraceServiceRequest: ${(error as Error).message}`);
  }
  return collector.result();
}

/** Calls `visit` with the end of each embedded message of one field; `visit` must read up to there. */
function forEachMessage(reading: Reading, end: number, wanted: number, visit: (end: number) => void): void {
  const { reader } = reading;
  forEachField(reading, end, (field, wireType) => {
    if (field !== wanted || wireType !== LENGTH_DELIMITED) return false;
    const start = reader.uint32() + reader.pos;
    if (start > end) throw new RangeError('a message is longer than the one around it');
    visit(start);
    return true;
  });
}

/** Calls `read` for each field up to `end`; where it returns false, the field is skipped. */
function forEachField(reading: Reading, end: number, read: (field: number, wireType: number) => boolean): void {
  const { reader } = reading;
  while (reader.pos < end) {
    reading.fields += 1;
    if (reading.fields > MAX_PROTOBUF_FIELDS) throw new UndecodableRequest('a protobuf request with too many fields');
    const tag = reader.uint32();
    const wireType = tag & 7;
    if (wireType === GROUP_START) throw new UndecodableRequest('a protobuf request with a group');
    if (!read(tag >>> 3, wireType)) reader.skipType(wireType, 0, tag >>> 3);
    if (reader.pos > end) throw new RangeError('a field is longer than the message around it');
  }
}

function readAttribute(reading: Reading, bytes: Buffer, end: number, found: (string | undefined)[]): void {
  const { reader } = reading;
  const attribute: { isEnvelope: boolean; text: string | undefined } = { isEnvelope: false, text: undefined };
  forEachField(reading, end, (field, wireType) => {
    if (wireType !== LENGTH_DELIMITED || (field !== KEY_VALUE_KEY && field !== KEY_VALUE_VALUE)) return false;
    const fieldEnd = reader.uint32() + reader.pos;
    if (fieldEnd > end) throw new RangeError('an attribute is longer than the message around it');
    if (field === KEY_VALUE_KEY) {
      attribute.isEnvelope = bytes.subarray(reader.pos, fieldEnd).equals(KEY);
      reader.pos = fieldEnd;
    } else {
      attribute.text = readStringValue(reading, bytes, fieldEnd);
    }
    return true;
  });
  if (attribute.isEnvelope) found.push(attribute.text);
}

/** An `AnyValue` as text; `undefined` where the member that counts (the last one) is not a string. */
function readStringValue(reading: Reading, bytes: Buffer, end: number): string | undefined {
  const { reader } = reading;
  let range: { start: number; end: number } | undefined;
  forEachField(reading, end, (field, wireType) => {
    if (field === ANY_VALUE_STRING && wireType === LENGTH_DELIMITED) {
      const stringEnd = reader.uint32() + reader.pos;
      range = { start: reader.pos, end: stringEnd };
      reader.pos = stringEnd;
      return true;
    }
    if (field <= ANY_VALUE_LAST) range = undefined;
    return false;
  });
  return range === undefined ? undefined : bytes.toString('latin1', range.start, range.end);
}
