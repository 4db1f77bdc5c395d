/**
 * Takes sealed values out of a span that has not ended yet, so that processors which run later, and those
 * that read the live span in their onEnd, do not see them either. An attribute cannot be deleted through
 * the API, so it is overwritten, and a key that holds a sealed text stays; events and links are replaced in the
 * span's own lists, because an older SDK keeps the objects the application passed.
 */
import type { Span } from '@opentelemetry/sdk-trace-base';
import { redactEvents, redactLinks, redactStatus, redactValue, type Redaction } from './redaction.js';
import { SEALED } from './sealed-texts.js';

export function redactInPlace(span: Span, keys: Redaction['keys'], texts: Redaction['texts']): void {
  const redaction: Redaction = { keys, texts, selected: 'overwrite' };
  overwriteAttributes(span, redaction);
  replaceItems(span.events, redactEvents(span.events, redaction));
  replaceItems(span.links, redactLinks(span.links, redaction));
  const name = texts.redact(span.name);
  if (name !== span.name) span.updateName(name);
  const status = redactStatus(span.status, texts);
  if (status !== span.status) span.setStatus(status);
}

function overwriteAttributes(span: Span, { keys, texts }: Redaction): void {
  const { attributes } = span;
  for (const key in attributes) {
    const value = attributes[key];
    const redacted = keys.has(key) ? SEALED : redactValue(value, texts);
    if (redacted !== undefined && redacted !== value) span.setAttribute(key, redacted);
  }
}

function replaceItems<Item>(live: Item[], redacted: readonly Item[]): void {
  redacted.forEach((item, index) => {
    live[index] = item;
  });
}
