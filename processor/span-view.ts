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
import type { SpanParts } from './redaction.js';

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

  /** `parts`: what the view has of its own; `attributes` belong to it. */
  constructor(span: ReadableSpan, parts: SpanParts) {
    const { context, parentContext } = parts;
    this.name = parts.name;
    this.kind = span.kind;
    this.spanContext = () => context;
    if (parentContext !== undefined) this.parentSpanContext = parentContext;
    this.startTime = span.startTime;
    this.endTime = span.endTime;
    this.status = parts.status;
    this.attributes = parts.attributes;
    this.links = parts.links;
    this.events = parts.events;
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
