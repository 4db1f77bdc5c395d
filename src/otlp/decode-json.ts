/**
 * Reads an OTLP/JSON `ExportTraceServiceRequest`: lowerCamelCase names, unknown fields ignored, `null` as
 * absent. The text is measured before it is parsed, because a parser spends twenty times a body's size on
 * one that is nothing but brackets.
 */
import { ENVELOPE_ATTRIBUTE } from '../wire/envelope.js';
import { UndecodableRequest } from './errors.js';
import { EnvelopeCollector, type ExtractedEnvelopes } from './trace-request.js';

/** Deepest nesting accepted; a span attribute of lists in lists needs 3 levels a list. */
export const MAX_JSON_DEPTH = 512;
/** Most objects and lists in one body; a batch of 8192 spans with 50 attributes each has 0.9 million. */
export const MAX_JSON_CONTAINERS = 2_000_000;
/** Most commas, and so members, in one body; such a batch has 1 million. */
export const MAX_JSON_COMMAS = 4_000_000;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;

type JsonObject = Readonly<Record<string, unknown>>;

/** Throws `UndecodableRequest` where the bytes are no such JSON, or nest deeper than any real request. */
export function decodeTraceRequestJson(bytes: Buffer): ExtractedEnvelopes {
  assertModest(bytes);
  const collector = new EnvelopeCollector();
  for (const resourceSpans of list(parse(bytes), 'resourceSpans')) {
    for (const scopeSpans of list(resourceSpans, 'scopeSpans')) {
      for (const span of list(scopeSpans, 'spans')) {
        const found = list(span, 'attributes').filter(({ key }) => key === ENVELOPE_ATTRIBUTE);
        collector.addSpan(found.map(({ value }) => stringValue(value)));
      }
    }
  }
  return collector.result();
}

/** One pass over the bytes, jumping over strings: depth, number of containers and of commas. */
function assertModest(bytes: Buffer): void {
  let depth = 0;
  let containers = 0;
  let commas = 0;
  for (let at = 0; at < bytes.length; at++) {
    switch (bytes[at]) {
      case QUOTE:
        at = endOfString(bytes, at);
        break;
      case 0x5b: // [
      case 0x7b: // {
        depth += 1;
        containers += 1;
        if (depth > MAX_JSON_DEPTH) throw new UndecodableRequest(`JSON nested deeper than ${String(MAX_JSON_DEPTH)}`);
        if (containers > MAX_JSON_CONTAINERS) throw new UndecodableRequest('JSON with too many objects and lists');
        break;
      case 0x5d: // ]
      case 0x7d: // }
        depth -= 1;
        break;
      case 0x2c: // ,
        commas += 1;
        if (commas > MAX_JSON_COMMAS) throw new UndecodableRequest('JSON with too many members');
        break;
    }
  }
}

/** Position of the quote that closes the string opened at `start`. */
function endOfString(bytes: Buffer, start: number): number {
  for (let quote = bytes.indexOf(QUOTE, start + 1); quote >= 0; quote = bytes.indexOf(QUOTE, quote + 1)) {
    let backslashes = 0;
    while (bytes[quote - 1 - backslashes] === BACKSLASH) backslashes += 1;
    if (backslashes % 2 === 0) return quote;
  }
  throw new UndecodableRequest('JSON with a string that does not end');
}

function parse(bytes: Buffer): JsonObject {
  try {
    return asObject(JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes)), 'the request');
  } catch (error) {
    if (error instanceof UndecodableRequest) throw error;
    // The parser's own message quotes the text around the fault; it must not reach a log.
    throw new UndecodableRequest('the body is not JSON');
  }
}

function list(parent: JsonObject, name: string): JsonObject[] {
  const value = parent[name] ?? [];
  if (!Array.isArray(value)) throw new UndecodableRequest(`${name} is not a list`);
  return value.map((item) => asObject(item, `a member of ${name}`));
}

function asObject(value: unknown, what: string): JsonObject {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new UndecodableRequest(`${what} is not an object`);
  }
  return value as JsonObject;
}

function stringValue(value: unknown): string | undefined {
  const text = (value as JsonObject | null | undefined)?.['stringValue'];
  return typeof text === 'string' ? text : undefined;
}
