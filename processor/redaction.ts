/**
 * The rules that take sealed values out of a span's parts. Pure: nothing is changed in place, and a part
 * that holds nothing sealed comes back as the same object.
 */
import type { Attributes, AttributeValue, Link, SpanStatus } from '@opentelemetry/api';
import type { TimedEvent } from '@opentelemetry/sdk-trace-base';
import { SEALED, type SealedTexts } from './sealed-texts.js';

export interface Redaction {
  /** Attribute keys that are sealed or redacted wherever they stand. */
  readonly keys: ReadonlySet<string>;
  /** Their values, searched for in every other text. */
  readonly texts: SealedTexts;
  /** Whether a selected attribute is left out, or keeps its key and loses its value. */
  readonly selected: 'omit' | 'overwrite';
}

export function redactAttributes(attributes: Attributes, redaction: Redaction): Attributes {
  let changed = false;
  const out: Attributes = {};
  for (const [key, value] of Object.entries(attributes)) {
    if (redaction.keys.has(key)) {
      changed = true;
      if (redaction.selected === 'overwrite') out[key] = SEALED;
    } else {
      out[key] = redactValue(value, redaction.texts);
      changed ||= out[key] !== value;
    }
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
    return attributes === undefined || attributes === link.attributes ? link : { ...link, attributes };
  });
}

export function redactStatus(status: SpanStatus, texts: SealedTexts): SpanStatus {
  if (status.message === undefined) return status;
  const message = texts.redact(status.message);
  return message === status.message ? status : { ...status, message };
}

function redactValue(value: AttributeValue | undefined, texts: SealedTexts): AttributeValue | undefined {
  if (typeof value === 'string') return texts.redact(value);
  if (!Array.isArray(value) || !value.some((item) => typeof item === 'string')) return value;
  const redacted = value.map((item) => (typeof item === 'string' ? texts.redact(item) : item));
  return redacted.some((item, index) => item !== value[index]) ? (redacted as AttributeValue) : value;
}
