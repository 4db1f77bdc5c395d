/**
 * The span a coalesced envelope travels on: made for it alone, in a trace of its own, so that nothing sealed
 * is tied to what anybody did. Its times are those of the window it belongs to, not of the flush.
 */
import {
  SpanKind,
  SpanStatusCode,
  TraceFlags,
  type Attributes,
  type HrTime,
  type SpanContext,
} from '@opentelemetry/api';
import type { ReadableSpan } from '@opentelemetry/sdk-trace-base';
import { bytesToHex } from '../src/bytes.js';
import type { RandomBytes } from '../src/random.js';
import { ENVELOPE_ATTRIBUTE } from '../src/wire/envelope.js';

export const FLUSH_SPAN_NAME = 'telemetry_kit.contribution';

export class FlushSpan implements ReadableSpan {
  readonly name = FLUSH_SPAN_NAME;
  readonly kind = SpanKind.INTERNAL;
  readonly spanContext: () => SpanContext;
  readonly startTime: HrTime;
  readonly endTime: HrTime;
  readonly status = { code: SpanStatusCode.UNSET };
  readonly attributes: Attributes = {};
  readonly links: ReadableSpan['links'] = [];
  readonly events: ReadableSpan['events'] = [];
  readonly duration: HrTime = [0, 0];
  readonly ended = true;
  readonly resource: ReadableSpan['resource'];
  readonly instrumentationScope = { name: 'telemetry-kit' };
  readonly droppedAttributesCount = 0;
  readonly droppedEventsCount = 0;
  readonly droppedLinksCount = 0;

  /** `windowStart` in Unix seconds. */
  constructor(resource: ReadableSpan['resource'], windowStart: number, random: RandomBytes) {
    const context = {
      traceId: bytesToHex(random(16)),
      spanId: bytesToHex(random(8)),
      traceFlags: TraceFlags.SAMPLED,
    };
    this.spanContext = () => context;
    this.startTime = [windowStart, 0];
    this.endTime = [windowStart, 0];
    this.resource = resource;
  }

  /** Adds the sealed totals; call before the span is handed on. */
  attachEnvelope(envelope: string): void {
    this.attributes[ENVELOPE_ATTRIBUTE] = envelope;
  }
}
