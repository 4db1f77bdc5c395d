/**
 * No sensitive value in any byte that leaves the process, through every official exporter: random texts and numbers,
 * each in the attribute that the plan declares and copied to random other places in random usual encodings.
 */
import { SpanStatusCode, TraceFlags, type AttributeValue } from '@opentelemetry/api';
import { OTLPTraceExporter as GrpcExporter } from '@opentelemetry/exporter-trace-otlp-grpc';
import { OTLPTraceExporter as JsonExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { OTLPTraceExporter as ProtobufExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import {
  BasicTracerProvider,
  BatchSpanProcessor,
  type Span,
  type SpanExporter,
  type SpanProcessor,
} from '@opentelemetry/sdk-trace-base';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createSealedSpanProcessor } from '../../processor/exporter.js';
import { EncryptingSpanProcessor } from '../../processor/encrypting-span-processor.js';
import { ENVELOPE_ATTRIBUTE } from '../../src/wire/envelope.js';
import { encodeMessage } from '../otlp/trace-proto.js';
import { testPlan } from '../support/plans.js';
import { GrpcCapture } from './grpc-capture.js';
import { publicKey, TestPairSource } from './harness.js';
import { OtlpCapture } from './otlp-capture.js';

type Sensitive = string | number;
type Place = (span: Span, value: Sensitive) => void;

const context = {
  traceId: '0af7651916cd43dd8448eb211c80319c',
  spanId: 'b7ad6b7169203331',
  traceFlags: TraceFlags.SAMPLED,
};

/** Letters that occur nowhere else, one of which no base64url has, in any text. */
const around = fc.oneof(fc.string({ maxLength: 20 }), fc.string({ unit: 'grapheme', maxLength: 10 }));
const sensitiveText = fc.tuple(around, around).map(([before, after]) => `${before}.q9Zx7v${after}`);
/** Long enough not to be a part of a time in nanoseconds by chance. */
const sensitiveNumber = fc.oneof(
  fc.integer({ min: 10 ** 13, max: Number.MAX_SAFE_INTEGER }),
  fc.integer({ min: 10 ** 9, max: 10 ** 12 }).map((hundredths) => (hundredths - (hundredths % 100) + 37) / 100),
);
const sensitive: fc.Arbitrary<Sensitive> = fc.oneof(sensitiveText, sensitiveNumber);

/** How applications write a value into other texts. */
const ENCODINGS = [
  (text: string) => text,
  encodeURIComponent,
  (text: string) => JSON.stringify(text).slice(1, -1),
] as const;
const encoding = fc.constantFrom(...ENCODINGS);

function inText(write: (span: Span, text: string) => void): fc.Arbitrary<Place> {
  return encoding.map((encode) => (span: Span, value: Sensitive) => write(span, `for ${encode(String(value))}!`));
}

function asValue(write: (span: Span, value: AttributeValue) => void): fc.Arbitrary<Place> {
  return fc.constant(write);
}

/** Everywhere that an application can put something. */
const place: fc.Arbitrary<Place> = fc.oneof(
  inText((span, text) => span.updateName(text)),
  inText((span, text) => span.setStatus({ code: SpanStatusCode.ERROR, message: text })),
  inText((span, text) => span.setAttribute('note', text)),
  inText((span, text) => span.setAttribute('notes', ['first', text])),
  inText((span, text) => span.setAttribute(text, 'a key')),
  inText((span, text) => span.addEvent(text)),
  inText((span, text) => span.addEvent('noted', { note: text, size: 3 })),
  inText((span, text) => span.addEvent('noted', { [text]: true })),
  inText((span, text) => span.recordException(new Error(text))),
  inText((span, text) => span.addLink({ context, attributes: { note: text } })),
  asValue((span, value) => span.setAttribute('copy', value)),
  asValue((span, value) => span.setAttribute('copies', [value, value] as AttributeValue)),
  asValue((span, value) => span.addEvent('copied', { 'customer.email': value, copy: value })),
  asValue((span, value) => span.addLink({ context, attributes: { 'customer.plan': value, copy: value } })),
);

interface Told {
  readonly email: Sensitive;
  readonly plan: Sensitive;
  readonly emailPlaces: readonly Place[];
  readonly planPlaces: readonly Place[];
}

const told: fc.Arbitrary<Told> = fc.record({
  email: sensitive,
  plan: sensitive,
  emailPlaces: fc.array(place, { maxLength: 4 }),
  planPlaces: fc.array(place, { maxLength: 4 }),
});

function tell(provider: BasicTracerProvider, { email, plan, emailPlaces, planPlaces }: Told): void {
  const span = provider.getTracer('shop').startSpan('checkout') as Span;
  span.setAttributes({ 'customer.email': email, 'customer.plan': plan, kept: 'as it is' });
  for (const put of emailPlaces) put(span, email);
  for (const put of planPlaces) put(span, plan);
  span.end();
}

/** Every form in which a value could stand in an export. */
function formsOf(value: Sensitive): Buffer[] {
  const texts = new Set(ENCODINGS.map((encode) => encode(String(value))));
  const forms = [...texts].map((text) => Buffer.from(text));
  if (typeof value === 'string') return forms;
  const number = Number.isInteger(value) ? { intValue: value } : { doubleValue: value };
  return [...forms, encodeMessage('AnyValue', number).subarray(1)];
}

function found(sent: readonly Buffer[], value: Sensitive): boolean {
  return formsOf(value).some((form) => sent.some((body) => body.includes(form)));
}

let http: OtlpCapture;
let grpc: GrpcCapture;
beforeAll(async () => {
  http = await OtlpCapture.start();
  grpc = await GrpcCapture.start();
});
afterAll(async () => {
  await http.stop();
  grpc.stop();
});

const options = { plan: testPlan(), publicKeys: [publicKey], pairSource: () => new TestPairSource() };
const sealing = (exporter: SpanExporter): EncryptingSpanProcessor =>
  new EncryptingSpanProcessor(new BatchSpanProcessor(exporter), options);

/** An SDK before 2.3.0, which calls nobody's onEnding. */
function withoutOnEnding(processor: SpanProcessor): SpanProcessor {
  return {
    onStart: (span, parent) => processor.onStart(span, parent),
    onEnd: (span) => processor.onEnd(span),
    forceFlush: () => processor.forceFlush(),
    shutdown: () => processor.shutdown(),
  };
}

const same = (processor: SpanProcessor): SpanProcessor => processor;
type Wiring = [name: string, create: () => EncryptingSpanProcessor, wrap: (processor: SpanProcessor) => SpanProcessor];

const WIRINGS: Wiring[] = [
  ['OTLP/HTTP JSON', () => sealing(new JsonExporter({ url: http.url })), same],
  ['OTLP/HTTP JSON, without onEnding', () => sealing(new JsonExporter({ url: http.url })), withoutOnEnding],
  ['OTLP/HTTP protobuf', () => sealing(new ProtobufExporter({ url: http.url })), same],
  ['OTLP/gRPC', () => sealing(new GrpcExporter({ url: grpc.url })), same],
  [
    'the ready-made wiring, gzip',
    () => createSealedSpanProcessor({ ...options, url: http.url, compression: 'gzip' }),
    same,
  ],
];

/** What was sent since the last call. */
function takeSent(): Buffer[] {
  return [...http.requests.splice(0).map(({ body }) => body), ...grpc.messages.splice(0)];
}

describe.each(WIRINGS)('through %s', (_name, create, wrap) => {
  it('no sensitive value is in any byte, and the envelope is there', async () => {
    const processor = create();
    const provider = new BasicTracerProvider({ spanProcessors: [wrap(processor)] });
    await processor.ready();
    await fc.assert(
      fc.asyncProperty(told, async (what) => {
        tell(provider, what);
        await provider.forceFlush();
        const sent = takeSent();
        expect(sent).toHaveLength(1);
        expect(found(sent, what.email)).toBe(false);
        expect(found(sent, what.plan)).toBe(false);
        expect(sent[0]!.includes('as it is')).toBe(true);
      }),
      { numRuns: 150 },
    );
    tell(provider, { email: 'alice@example.com', plan: 'team-monthly', emailPlaces: [], planPlaces: [] });
    await provider.forceFlush();
    expect(takeSent()[0]!.includes(ENVELOPE_ATTRIBUTE)).toBe(true);
    await provider.shutdown();
  });
});

/** The search is good enough: it finds what nobody took out. */
describe.each<[string, () => SpanExporter]>([
  ['OTLP/HTTP JSON', () => new JsonExporter({ url: http.url })],
  ['OTLP/HTTP protobuf', () => new ProtobufExporter({ url: http.url })],
  ['OTLP/gRPC', () => new GrpcExporter({ url: grpc.url })],
])('through %s without the processor', (_name, create) => {
  it('every sensitive value is found', async () => {
    const provider = new BasicTracerProvider({ spanProcessors: [new BatchSpanProcessor(create())] });
    await fc.assert(
      fc.asyncProperty(told, async (what) => {
        tell(provider, what);
        await provider.forceFlush();
        const sent = takeSent();
        expect(found(sent, what.email)).toBe(true);
        expect(found(sent, what.plan)).toBe(true);
      }),
      { numRuns: 20 },
    );
    await provider.shutdown();
  });
});
