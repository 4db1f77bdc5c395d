/**
 * An ended span as the inner processor sees it: the same span without its sealed values. The specification
 * forbids changing a span once it has ended, so this is another object. Every field is an own enumerable
 * property, because exporters spread spans; `resource` and `instrumentationScope` are the identical objects,
 * because serialisers group by them, and so are contexts whose trace state holds nothing sealed. Holds no reference
 * to the original.
 */
import type { Attributes, HrTime, Link, SpanContext, SpanKind, SpanStatus } from '@opentelemetry/api';
import type { ReadableSpan, TimedEvent } from '@opentelemetry/sdk-trace-base';
import { ENVELOPE_ATTRIBUTE } from '../src/wire/envelope.js';
import {
  redactAttributes,
  redactContext,
  redactEvents,
  redactLinks,
  redactStatus,
  type Redaction,
} from './redaction.js';
import type { SealedTexts } from './sealed-texts.js';

export class SpanView implements ReadableSpan {
  readonly name: string;
  readonly kind: SpanKind;
  readonly spanContext: () => SpanContext;
  readonly parentSpanContext?: SpanContext;
  readonly startTime: HrTime;
  readonly endTime: HrTime;
  readonly status: SpanStatus;
  readonly attributes: Attributes;
  readonly links: Link[];
  readonly events: TimedEvent[];
  readonly duration: HrTime;
  readonly ended: boolean;
  readonly resource: ReadableSpan['resource'];
  readonly instrumentationScope: ReadableSpan['instrumentationScope'];
  readonly droppedAttributesCount: number;
  readonly droppedEventsCount: number;
  readonly droppedLinksCount: number;

  constructor(span: ReadableSpan, keys: ReadonlySet<string>, texts: SealedTexts) {
    const redaction: Redaction = { keys, texts, selected: 'omit' };
    const context = redactContext(span.spanContext(), texts);
    this.name = texts.redact(span.name);
    this.kind = span.kind;
    this.spanContext = () => context;
    if (span.parentSpanContext !== undefined) this.parentSpanContext = redactContext(span.parentSpanContext, texts);
    this.startTime = span.startTime;
    this.endTime = span.endTime;
    this.status = redactStatus(span.status, texts);
    this.attributes = { ...redactAttributes(span.attributes, redaction) };
    this.links = redactLinks(span.links, redaction);
    this.events = redactEvents(span.events, redaction);
    this.duration = span.duration;
    this.ended = span.ended;
    this.resource = span.resource;
    this.instrumentationScope = span.instrumentationScope;
    this.droppedAttributesCount = span.droppedAttributesCount;
    this.droppedEventsCount = span.droppedEventsCount;
    this.droppedLinksCount = span.droppedLinksCount;
  }

  /** Adds the sealed contribution; call before the view is handed on. */
  attachEnvelope(envelope: string): void {
    this.attributes[ENVELOPE_ATTRIBUTE] = envelope;
  }
}
