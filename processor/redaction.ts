/**
 * The rules that take sealed values out of a span's parts. Pure: nothing is changed in place, and a part
 * that holds nothing sealed comes back as the same object.
 */
import {
  INVALID_SPANID,
  INVALID_TRACEID,
  isSpanContextValid,
  type Attributes,
  type AttributeValue,
  type Link,
  type SpanContext,
  type SpanStatus,
} from '@opentelemetry/api';
import type { ReadableSpan, TimedEvent } from '@opentelemetry/sdk-trace-base';
import { isClearThroughout } from './compound-value.js';
import { SEALED, type SealedTexts } from './sealed-texts.js';

export interface Redaction {
  /** Attribute keys that are sealed or redacted wherever they stand. */
  readonly keys: ReadonlySet<string>;
  /** Their values, searched for in every other text. */
  readonly texts: SealedTexts;
  /** Whether a selected attribute is left out, or keeps its key and loses its value. */
  readonly selected: 'omit' | 'overwrite';
}

/** Everything of a span that can hold a text. */
export interface SpanParts {
  readonly name: string;
  readonly status: SpanStatus;
  readonly context: SpanContext;
  readonly parentContext: SpanContext | undefined;
  readonly attributes: Attributes;
  readonly links: Link[];
  readonly events: TimedEvent[];
}

/** The parts without anything sealed, attributes as an object of their own. */
export function redactSpan(span: ReadableSpan, redaction: Redaction): SpanParts {
  const { texts } = redaction;
  return {
    name: texts.redact(span.name),
    status: redactStatus(span.status, texts),
    context: redactContext(span.spanContext(), texts),
    parentContext: span.parentSpanContext && redactContext(span.parentSpanContext, texts),
    attributes: { ...redactAttributes(span.attributes, redaction) },
    links: redactLinks(span.links, redaction),
    events: redactEvents(span.events, redaction),
  };
}

/** A key loses what it holds of a sealed text; keys that become the same by it leave one attribute. */
function redactAttributes(attributes: Attributes, { keys, texts, selected }: Redaction): Attributes {
  let changed = false;
  const out: Attributes = {};
  for (const key in attributes) {
    const value = attributes[key];
    if (keys.has(key)) {
      changed = true;
      if (selected === 'overwrite') out[key] = SEALED;
      continue;
    }
    const redactedKey = texts.redact(key);
    const redacted = redactValue(value, texts);
    out[redactedKey] = redacted;
    changed ||= redactedKey !== key || redacted !== value;
  }
  return changed ? out : attributes;
}

export function redactEvents(events: readonly TimedEvent[], redaction: Redaction): TimedEvent[] {
  return events.map((event) => {
    const name = redaction.texts.redact(event.name);
    const attributes = event.attributes && redactAttributes(event.attributes, redaction);
    if (name === event.name && attributes === event.attributes) return event;
    return attributes === undefined ? { ...event, name } : { ...event, name, attributes };
  });
}

export function redactLinks(links: readonly Link[], redaction: Redaction): Link[] {
  return links.map((link) => {
    const attributes = link.attributes && redactAttributes(link.attributes, redaction);
    const context = redactIds(redactContext(link.context, redaction.texts), redaction.texts);
    if (attributes === link.attributes && context === link.context) return link;
    return attributes === undefined ? { ...link, context } : { ...link, context, attributes };
  });
}

/** Without its trace state where that holds a sealed text: its parts have no meaning once cut. */
function redactContext(context: SpanContext, texts: SealedTexts): SpanContext {
  if (context.traceState === undefined || texts.isEmpty) return context;
  const { traceState, ...others } = context;
  const text = traceState.serialize();
  return texts.redact(text) === text ? context : others;
}

/** Without ids that hold a sealed text: nothing checks those of a link. */
function redactIds(context: SpanContext, texts: SealedTexts): SpanContext {
  if (texts.isEmpty || isSpanContextValid(context)) return context;
  const isClear = texts.redact(context.traceId) === context.traceId && texts.redact(context.spanId) === context.spanId;
  return isClear ? context : { ...context, traceId: INVALID_TRACEID, spanId: INVALID_SPANID };
}

export function redactStatus(status: SpanStatus, texts: SealedTexts): SpanStatus {
  if (status.message === undefined) return status;
  const message = texts.redact(status.message);
  return message === status.message ? status : { ...status, message };
}

/**
 * Of a list of texts each one. Any other list, bytes and maps are replaced as a whole where they hold something sealed:
 * a list has items of one type.
 */
export function redactValue(value: AttributeValue | undefined, texts: SealedTexts): AttributeValue | undefined {
  if (typeof value === 'string') return texts.redact(value);
  if (typeof value === 'number') return texts.holds(value) ? SEALED : value;
  if (texts.isEmpty) return value;
  if (isListOfTexts(value)) {
    const redacted = value.map((item) => (typeof item === 'string' ? texts.redact(item) : item));
    return redacted.some((item, index) => item !== value[index]) ? redacted : value;
  }
  const isClear = (part: string | number): boolean =>
    typeof part === 'number' ? !texts.holds(part) : texts.redact(part) === part;
  return isClearThroughout(value, isClear) ? value : SEALED;
}

function isListOfTexts(value: AttributeValue | undefined): value is (string | null | undefined)[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string' || item == null);
}
