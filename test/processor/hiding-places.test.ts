/** Places of a span where nobody puts a value on purpose, through the real SDK and the bytes of the OTLP exporters. */
import { inspect } from 'node:util';
import {
  createTraceState,
  propagation,
  ROOT_CONTEXT,
  SpanStatusCode,
  trace,
  TraceFlags,
  type Attributes,
  type Context,
  type Link,
} from '@opentelemetry/api';
import { SamplingDecision, type Span, type SpanProcessor } from '@opentelemetry/sdk-trace-base';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readyKit, type KitOptions } from './harness.js';
import { OtlpCapture } from './otlp-capture.js';

const VALUE = 'alice@example.com';
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const linked = {
  traceId: '0af7651916cd43dd8448eb211c80319c',
  spanId: 'b7ad6b7169203331',
  traceFlags: TraceFlags.SAMPLED,
};
/** What the API refuses, and an older SDK or another processor keeps. */
const keep = (span: Span, value: unknown): void => void Object.assign(span.attributes, { kept: value });
const link = (span: Span, attributes: object): void => void span.links.push({ context: linked, attributes } as Link);

const PLACES: [string, (span: Span) => void][] = [
  ['a key', (span) => span.setAttribute(`of ${VALUE}`, 1)],
  ['a list', (span) => span.setAttribute('kept', ['x', `of ${VALUE}`])],
  ['a list in a list', (span) => keep(span, [['x', [`of ${VALUE}`]]])],
  ['bytes', (span) => keep(span, bytes(`of ${VALUE}.`))],
  ['bytes in a list', (span) => keep(span, [bytes(`of ${VALUE}.`)])],
  ['a map', (span) => keep(span, { a: { b: [`of ${VALUE}`] } })],
  ['a key of a map', (span) => keep(span, { [`of ${VALUE}`]: true })],
  ['an object that becomes a text', (span) => keep(span, new URL(`https://shop.example/${VALUE}`))],
  ['a map in a link', (span) => link(span, { a: { b: VALUE } })],
  ['a selected map in a link', (span) => (link(span, { 'customer.email': { b: 'bobby@x.example' } }), span.updateName('bobby@x.example'))],
  ['the ids of a link', (span) => span.addLink({ context: { ...linked, traceId: VALUE, spanId: VALUE } })],
  ['the trace state of a link', (span) => span.addLink({ context: { ...linked, traceState: createTraceState(`a=${VALUE}`) } })],
  ['the name of an event', (span) => span.addEvent(VALUE.toUpperCase())],
  ['a key of an event', (span) => span.addEvent('e', { [VALUE]: 1 })],
  ['an exception', (span) => span.recordException(Object.assign(new Error(`no ${VALUE}`), { name: `No${VALUE}` }))],
  ['the code of an exception', (span) => span.recordException({ code: VALUE, message: VALUE, stack: `at ${VALUE}` })],
  ['a text as exception', (span) => span.recordException(VALUE)],
  ['the status', (span) => span.setStatus({ code: SpanStatusCode.ERROR, message: JSON.stringify({ to: VALUE }) })],
  ['the name', (span) => span.updateName(encodeURIComponent(VALUE))],
]; // prettier-ignore

let capture: OtlpCapture;
beforeAll(async () => {
  capture = await OtlpCapture.start();
});
afterAll(() => capture.stop());

/** Everything of the span that reaches the exporter, and the bytes it becomes; `context`: its parent's. */
async function exported(use: (span: Span) => void, options: KitOptions = {}, context?: Context): Promise<string> {
  const { provider, exporter } = await readyKit(options);
  const span = provider
    .getTracer('shop')
    .startSpan('find', { attributes: { 'customer.email': VALUE } }, context) as Span;
  use(span);
  span.end();
  const spans = exporter.getFinishedSpans();
  expect(spans).toHaveLength(1);
  const { json, protobuf } = await capture.bytesOf(spans);
  const states = spans.flatMap((ended) =>
    [...ended.links.map((each) => each.context), ended.parentSpanContext, ended.spanContext()].map((each) =>
      each?.traceState?.serialize(),
    ),
  );
  // Bytes travel in base64 in JSON.
  const readable = json.toString().replace(/"bytesValue":"([^"]*)"/g, (_, text: string) => atob(text));
  return [readable, protobuf.toString('latin1'), inspect(spans, { depth: 10, showHidden: true }), ...states].join('\n');
}

/** Positive control: without the attribute there is nothing to find, and the place is what is exported. */
async function unprotected(use: (span: Span) => void): Promise<string> {
  return exported((span) => {
    delete span.attributes['customer.email'];
    use(span);
  });
}

const LEAK = /alice|bobby@x/i;

describe.each(PLACES)('a copy in %s', (_, put) => {
  it('does not leave the process', async () => {
    expect(await exported(put)).not.toMatch(LEAK);
    const later: SpanProcessor = {
      onStart: () => undefined,
      onEnding: put,
      onEnd: () => undefined,
      forceFlush: () => Promise.resolve(),
      shutdown: () => Promise.resolve(),
    };
    expect(await exported(() => undefined, { after: [later] })).not.toMatch(LEAK);
  });
});

describe('what comes from outside the span', () => {
  it('is found in the place that a sampler gives it', async () => {
    const sampler = {
      shouldSample: () => ({
        decision: SamplingDecision.RECORD_AND_SAMPLED,
        attributes: { note: `of ${VALUE}` } satisfies Attributes,
        traceState: createTraceState(`a=${VALUE}`),
      }),
      toString: () => 'copying',
    };
    expect(await exported(() => undefined, { tracing: { sampler } })).not.toMatch(LEAK);
  });

  it('is found in the state of the parent and in copied baggage', async () => {
    const parent = trace.setSpanContext(ROOT_CONTEXT, { ...linked, traceState: createTraceState(`a=${VALUE}`) });
    const context = propagation.setBaggage(parent, propagation.createBaggage({ user: { value: VALUE } }));
    const copying: SpanProcessor = {
      onStart: (span, from) => {
        for (const [key, { value }] of propagation.getBaggage(from)?.getAllEntries() ?? [])
          span.setAttribute(key, value);
      },
      onEnd: () => undefined,
      forceFlush: () => Promise.resolve(),
      shutdown: () => Promise.resolve(),
    };
    expect(await exported(() => undefined, { before: [copying] }, context)).not.toMatch(LEAK);
  });
});

describe('what the documents say is not found', () => {
  it.each<[string, (span: Span) => void]>([
    [
      'a value that the attribute had before',
      (span) => span.setAttribute('customer.email', 'bob').setAttribute('to', VALUE),
    ],
    ['a beginning that something follows', (span) => span.setAttribute('to', 'alice@exam... waits')],
    ['another encoding', (span) => span.setAttribute('to', 'alice&#64;example.com')],
  ])('%s', async (_, put) => {
    expect(await exported(put)).toMatch(LEAK);
  });
});

it('is exported where no attribute says that it is sensitive', async () => {
  for (const [place, put] of PLACES) {
    if (place.startsWith('a selected')) continue;
    expect(await unprotected(put), place).toMatch(LEAK);
  }
});
