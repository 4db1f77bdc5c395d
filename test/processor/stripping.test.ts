/** What reaches the inner processor, other processors and the wire: never a sealed value. */
import { inspect } from 'node:util';
import {
  createTraceState,
  diag,
  DiagLogLevel,
  ROOT_CONTEXT,
  SpanStatusCode,
  trace,
  TraceFlags,
  type Attributes,
} from '@opentelemetry/api';
import {
  AlwaysOnSampler,
  InMemorySpanExporter,
  SamplingDecision,
  SimpleSpanProcessor,
  type ReadableSpan,
  type Span,
  type SpanProcessor,
} from '@opentelemetry/sdk-trace-base';
import fc from 'fast-check';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { SEALED } from '../../processor/sealed-texts.js';
import { ENVELOPE_ATTRIBUTE } from '../../src/wire/envelope.js';
import { createKit, envelopeOf, openEnvelope, readyKit } from './harness.js';
import { OtlpCapture } from './otlp-capture.js';

/** Keeps the very objects it is given. */
class KeepingProcessor implements SpanProcessor {
  readonly ended: ReadableSpan[] = [];
  readonly seenInOnEnding: string[] = [];

  onStart(): void {
    // Keeps ended spans only.
  }
  onEnding(span: Span): void {
    this.seenInOnEnding.push(JSON.stringify([span.name, span.attributes, span.events, span.links, span.status]));
  }
  onEnd(span: ReadableSpan): void {
    this.ended.push(span);
  }
  forceFlush(): Promise<void> {
    return Promise.resolve();
  }
  shutdown(): Promise<void> {
    return Promise.resolve();
  }
}

/** An SDK before 2.3.0: nobody's onEnding is called. */
function withoutOnEnding(processor: SpanProcessor): SpanProcessor {
  return {
    onStart: (span, context) => processor.onStart(span, context),
    onEnd: (span) => processor.onEnd(span),
    forceFlush: () => processor.forceFlush(),
    shutdown: () => processor.shutdown(),
  };
}

const linked = {
  traceId: '0af7651916cd43dd8448eb211c80319c',
  spanId: 'b7ad6b7169203331',
  traceFlags: TraceFlags.SAMPLED,
};

/** Puts a value wherever an application might. */
function spread(
  span: Parameters<NonNullable<Parameters<ReturnType<typeof createKit>['span']>[1]>>[0],
  value: string,
): void {
  span.setAttribute('customer.email', value);
  span.setAttribute('customer.plan', value);
  span.setAttribute('url.full', `https://shop.example/find?mail=${encodeURIComponent(value)}&page=2`);
  span.setAttribute('http.request.header.from', ['x', `<${value}>`]);
  span.addEvent('mail', { 'customer.email': value, note: `to ${value}`, size: 3 });
  span.addEvent(`sent to ${value}`);
  span.recordException(new Error(`no account for ${value}`));
  span.addLink({ context: linked, attributes: { 'customer.email': value, via: value } });
  span.setStatus({ code: SpanStatusCode.ERROR, message: `no account for ${value}` });
  span.updateName(`find ${value}`);
}

describe('stripping', () => {
  let capture: OtlpCapture;
  beforeAll(async () => {
    capture = await OtlpCapture.start();
  });
  afterAll(() => capture.stop());
  afterEach(() => diag.disable());

  /** Any text around a few letters that occur nowhere else. */
  const around = fc.oneof(fc.string({ maxLength: 30 }), fc.string({ unit: 'grapheme', maxLength: 15 }));
  const sensitive = fc.tuple(around, around).map(([before, after]) => `${before}q9Zx7v${after}`);

  it.each([
    ['with onEnding', (processor: SpanProcessor) => processor],
    ['without onEnding', withoutOnEnding],
  ])('leaves no sensitive value in any byte, %s', async (_, wrap) => {
    await fc.assert(
      fc.asyncProperty(sensitive, async (value) => {
        const { span, exporter } = createKit({ wrap });
        span('find', (open) => spread(open, value));
        const spans = exporter.getFinishedSpans();
        expect(spans).toHaveLength(1);
        const { json, protobuf } = await capture.bytesOf(spans);
        for (const form of [value, encodeURIComponent(value), JSON.stringify(value).slice(1, -1)]) {
          expect(json.includes(form)).toBe(false);
          expect(protobuf.includes(form)).toBe(false);
          expect(inspect(spans, { depth: 10, showHidden: true }).includes(form)).toBe(false);
        }
      }),
      { numRuns: 40 },
    );
  });

  it('has a positive control: the same spans unprotected do carry the value', async () => {
    const plain = new KeepingProcessor();
    const { span } = createKit({ wrap: () => plain });
    span('find', (open) => spread(open, 'alice@example.com'));
    const { json, protobuf } = await capture.bytesOf(plain.ended);
    expect(json.includes('alice@example.com')).toBe(true);
    expect(protobuf.includes('alice@example.com')).toBe(true);
  });

  it('keeps everything else', () => {
    const { span, exporter } = createKit();
    span('find', (open) => spread(open, 'alice@example.com'));
    const [view] = exporter.getFinishedSpans();
    expect(view!.name).toBe('find [sealed]');
    expect(view!.attributes).toEqual({
      'url.full': 'https://shop.example/find?mail=[sealed]&page=2',
      'http.request.header.from': ['x', '<[sealed]>'],
    });
    expect(view!.events.map(({ name, attributes }) => [name, attributes])).toMatchObject([
      ['mail', { note: 'to [sealed]', size: 3 }],
      ['sent to [sealed]', {}],
      ['exception', { 'exception.type': 'Error', 'exception.message': 'no account for [sealed]' }],
    ]);
    expect(view!.events[0]!.attributes).not.toHaveProperty('customer.email');
    expect(view!.links).toEqual([{ context: linked, attributes: { via: SEALED } }]);
    expect(view!.status).toEqual({ code: SpanStatusCode.ERROR, message: 'no account for [sealed]' });
  });

  it('hands on a span with nothing in it as the very same object', () => {
    const inner = new KeepingProcessor();
    const plain = new KeepingProcessor();
    const { span, processor } = createKit({ inner, after: [plain] });
    span('health', (open) => open.setAttribute('http.route', '/health'));
    expect(inner.ended[0]).toBe(plain.ended[0]);
    expect(processor.stats().spans.untouched).toBe(1);
  });

  it('protects processors registered after it, and its inner one, while the span is ending', () => {
    const before = new KeepingProcessor();
    const after = new KeepingProcessor();
    const inner = new KeepingProcessor();
    const { span, processor } = createKit({ before: [before], after: [after], inner });
    span('find', (open) => spread(open, 'alice@example.com'));

    for (const { seenInOnEnding } of [after, inner]) expect(seenInOnEnding.join()).not.toContain('alice');
    for (const { ended } of [before, after, inner]) expect(inspect(ended, { depth: 10 })).not.toContain('alice');
    expect(after.ended[0]!.attributes).toMatchObject({ 'customer.email': SEALED, 'customer.plan': SEALED });
    // What ran first has seen it: nothing this processor could do.
    expect(before.seenInOnEnding.join()).toContain('alice@example.com');
    expect(processor.stats().spans.unprotected).toBe(0);
  });

  it('does not change objects that belong to the application', () => {
    const attributes = { 'customer.email': 'alice@example.com' };
    const { span } = createKit();
    span('find', (open) => open.addLink({ context: linked, attributes }).addEvent('mail', attributes));
    expect(attributes).toEqual({ 'customer.email': 'alice@example.com' });
  });

  it('takes out what a later processor puts back in onEnding', () => {
    const copying: SpanProcessor = new KeepingProcessor();
    copying.onEnding = (span) => {
      span.setAttribute('customer.email', 'bobby@example.com').setAttribute('copy', 'for bobby@example.com');
    };
    const { span, exporter } = createKit({ after: [copying] });
    span('find', (open) => open.setAttribute('customer.email', 'alice@example.com'));
    expect(inspect(exporter.getFinishedSpans(), { depth: 10 })).not.toMatch(/alice|bobby/);
  });

  it('takes out what a later processor copies to another place in onEnding', () => {
    const copies: ((span: Span) => void)[] = [
      (span) => span.setAttribute('copy', 'for alice@example.com'),
      (span) => span.setAttribute('note', 'for alice@example.com'),
      (span) => span.setAttribute('alice@example.com', true),
      (span) => span.updateName('find alice@example.com'),
      (span) => span.addEvent('mail to alice@example.com'),
      (span) => span.addLink({ context: linked, attributes: { to: 'alice@example.com' } }),
      (span) => span.setStatus({ code: SpanStatusCode.ERROR, message: 'no alice@example.com' }),
    ];
    for (const copy of copies) {
      const copying = new KeepingProcessor();
      copying.onEnding = copy;
      const { span, exporter } = createKit({ after: [copying] });
      span('find', (open) => open.setAttributes({ note: 'none', 'customer.email': 'alice@example.com' }));
      const [view] = exporter.getFinishedSpans();
      expect(inspect(view, { depth: 10 })).not.toContain('alice');
      expect(inspect(view, { depth: 10 })).toContain(SEALED);
    }
  });

  it('takes out of a span what was plain text in the span before', () => {
    const { span, exporter } = createKit();
    const note = 'for alice@example.com';
    for (const email of ['bobby@example.com', 'alice@example.com', 'bobby@example.com']) {
      span('find', (open) => open.setAttributes({ note, [note]: true, 'customer.email': email }));
    }
    const clean = { note, [note]: true };
    expect(exporter.getFinishedSpans().map(({ attributes }) => attributes)).toEqual([
      clean,
      { note: 'for [sealed]', 'for [sealed]': true },
      clean,
    ]);
  });

  it('tells spans apart that end while another one is ending', () => {
    const nesting = new KeepingProcessor();
    const { span, exporter } = createKit({ after: [nesting] });
    nesting.onEnding = (outer) => {
      if (outer.name !== 'outer') return;
      span('inner', (open) =>
        open.setAttributes({ note: 'of bobby@example.com', 'customer.email': 'bobby@example.com' }),
      );
      outer.setAttribute('note', 'of alice@example.com');
    };
    span('outer', (open) => open.setAttribute('customer.email', 'alice@example.com'));
    expect(exporter.getFinishedSpans().map(({ name, attributes }) => [name, attributes])).toEqual([
      ['inner', { note: 'of [sealed]' }],
      ['outer', { note: 'of [sealed]' }],
    ]);
  });

  it('leaves alone a span in whose other parts nothing sealed hides', () => {
    const { span, exporter } = createKit();
    span('find', (open) => {
      open.setAttributes({ 'http.route': '/find', size: 3, 'customer.email': 'alice@example.com', ok: true });
      open.setStatus({ code: SpanStatusCode.ERROR, message: 'none found' });
    });
    const [view] = exporter.getFinishedSpans();
    expect(view!.name).toBe('find');
    expect(view!.attributes).toEqual({ 'http.route': '/find', size: 3, ok: true });
    expect(view!.status.message).toBe('none found');
  });

  it.each([
    ['with onEnding', (processor: SpanProcessor) => processor],
    ['without onEnding', withoutOnEnding],
  ])('takes out equal numbers, keys and trace states that hold a sealed text, %s', (_, wrap) => {
    const { provider, exporter } = createKit({ wrap });
    const traceState = createTraceState('shop=team-monthly');
    const parent = trace.setSpanContext(ROOT_CONTEXT, { ...linked, traceState });
    const links = [
      { context: { ...linked, traceState } },
      { context: { ...linked, traceState: createTraceState('a=b') } },
    ];
    const span = provider.getTracer('shop').startSpan('find', { links }, parent);
    span.setAttributes({ 'customer.email': 123456.78, 'customer.plan': 'team-monthly' });
    span.setAttributes({ total: 123456.78, lines: [1, 123456.78], size: 123, sizes: [1, 2], 'tag.team-monthly': true });
    span.addEvent('paid', { total: 123456.78, 'is.team-monthly': 1 });
    span.end();
    const [view] = exporter.getFinishedSpans();
    expect(view!.attributes).toEqual({ total: SEALED, lines: SEALED, size: 123, sizes: [1, 2], 'tag.[sealed]': true });
    expect(view!.events[0]!.attributes).toEqual({ total: SEALED, 'is.[sealed]': 1 });
    expect(view!.links.map(({ context }) => context.traceState?.serialize())).toEqual([undefined, 'a=b']);
    expect(view!.spanContext().spanId).toBe(span.spanContext().spanId);
    expect(view!.spanContext()).not.toHaveProperty('traceState');
    expect(view!.parentSpanContext).toEqual({ ...linked });
  });

  it('ends for a request made to match in many ways', async () => {
    const { span, exporter } = await readyKit();
    const run = '\\'.repeat(2000);
    span('checkout', (open) =>
      open.setAttributes({ 'customer.plan': `${run}a`, 'user_agent.original': `${run}${run}b` }),
    );
    span('checkout', (open) =>
      open.setAttributes({ 'customer.plan': `${'\\"'.repeat(100)}a`, agent: '\\"'.repeat(5000) }),
    );
    const [first, second] = exporter.getFinishedSpans();
    expect(first!.attributes).toMatchObject({ 'user_agent.original': SEALED });
    expect(second!.attributes['agent']).toMatch(/\[sealed\]$/);
  });

  it('says loudly once, and counts, when the SDK does not call onEnding; strips and seals all the same', async () => {
    const warnings: string[] = [];
    const noop = (): void => undefined;
    const logger = { error: noop, info: noop, debug: noop, verbose: noop, warn: (text: string) => warnings.push(text) };
    diag.setLogger(logger, { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true });

    const other = new KeepingProcessor();
    const { span, processor, exporter } = await readyKit({ wrap: withoutOnEnding, after: [other] });
    span('health');
    span('checkout', (open) => open.setAttribute('customer.plan', 'team-monthly'));
    span('find', (open) => open.setAttribute('customer.email', 'alice@example.com'));

    const loud = warnings.filter((text) => text.includes('2.3.0'));
    expect(loud).toHaveLength(1);
    expect(loud[0]).toContain('inner');
    expect(processor.stats().spans).toMatchObject({ unprotected: 3, sealed: 1, stripped: 1, untouched: 1 });
    expect(inspect(exporter.getFinishedSpans(), { depth: 10 })).not.toMatch(/alice|team-monthly/);
    expect(openEnvelope(envelopeOf(exporter.getFinishedSpans()[1]!)).counted).toEqual([[], ['team-monthly']]);
    expect(inspect(other.ended, { depth: 10 })).toContain('alice@example.com');
  });

  it('strips unsampled spans, which carry no envelope', () => {
    const inner = new KeepingProcessor();
    const sampler = { shouldSample: () => ({ decision: SamplingDecision.RECORD }), toString: () => 'record only' };
    const { span, processor } = createKit({ inner, tracing: { sampler } });
    span('checkout', (open) => open.setAttribute('customer.plan', 'team-monthly'));
    span('checkout');
    expect(inner.ended[0]!.attributes).toEqual({});
    expect(inner.ended[1]!.attributes).toEqual({});
    expect(processor.stats().spans).toMatchObject({ stripped: 1, untouched: 1, sealed: 0 });
  });

  it('finds values that span limits have cut short, and is not hindered by a full attribute list', () => {
    const { span, exporter } = createKit({
      tracing: {
        sampler: new AlwaysOnSampler(),
        spanLimits: { attributeValueLengthLimit: 12, attributeCountLimit: 2 },
      },
    });
    span('find', (open) => {
      open.setAttribute('customer.email', 'alice.smith@example.com').setAttribute('note', 'to alice.smith@example.com');
      open.setAttribute('customer.plan', 'over the limit');
      open.setStatus({ code: SpanStatusCode.ERROR, message: 'no alice.smith@example.com here' });
    });
    const [view] = exporter.getFinishedSpans();
    expect(view!.attributes).toEqual({ note: 'to [sealed]' });
    expect(view!.status.message).toBe('no [sealed] here');
    expect(view!.droppedAttributesCount).toBe(1);
  });

  it('survives attribute values of every JavaScript type under every key', () => {
    const hostile: unknown[] = [
      undefined, null, true, false, 0, -0, NaN, Infinity, -1e300, 2 ** 60, 10n ** 30n, '', 'x'.repeat(1_000_000),
      '\ud800', Symbol('s'), () => 'f', new Date(0), new Map(), {}, { customer: 1 }, [], [null, 'a'], ['a', 1], [[1]],
      Object.create(null), new Proxy({}, { get: () => { throw new Error('trap'); } }), new Error('e'), /x/, '[sealed]',
    ]; // prettier-ignore
    const keys = ['checkout.success', 'customer.plan', 'customer.email', 'region', 'other', '__proto__', 'constructor'];
    const { span, processor, exporter } = createKit({ queueLimit: 10_000, poolInitialRecords: 8192 });
    for (const key of keys) {
      for (const value of hostile) {
        span('checkout', (open) => {
          open.setAttribute(key, value as string);
          open.addEvent('e', { [key]: value } as Attributes);
          open.addLink({ context: linked, attributes: { [key]: value } as Attributes });
        });
      }
    }
    const { spans, queueSize } = processor.stats();
    expect(Object.values(spans.dropped).reduce((sum, count) => sum + count, 0)).toBe(0);
    expect(spans.sealed + queueSize).toBe(keys.length * hostile.length);
    for (const { attributes } of exporter.getFinishedSpans()) {
      for (const key of keys.slice(0, 3)) expect(attributes).not.toHaveProperty([key]);
    }
  });
});

describe('the view', () => {
  it('has every public field of the SDK span, as its own enumerable property', async () => {
    const inner = new KeepingProcessor();
    const plain = new KeepingProcessor();
    const { span } = await readyKit({ inner, after: [plain] });
    span('checkout', (open) => open.setAttribute('customer.plan', 'team-monthly').setAttribute('http.route', '/pay'));
    const [view] = inner.ended;
    const [original] = plain.ended;
    const own = Object.keys(original!).filter((key) => !key.startsWith('_'));
    const getters = ['duration', 'ended', 'droppedAttributesCount', 'droppedEventsCount', 'droppedLinksCount'];
    expect(Object.keys(view!).sort()).toEqual([...own, ...getters, 'spanContext'].sort());

    const copy: ReadableSpan = { ...view! };
    expect(copy.spanContext()).toBe(original!.spanContext());
    for (const key of [...own, ...getters] as (keyof ReadableSpan)[]) {
      if (key !== 'attributes') expect(copy[key], key).toEqual(original![key]);
    }
    expect(copy.resource).toBe(original!.resource);
    expect(copy.instrumentationScope).toBe(original!.instrumentationScope);
    expect(copy.attributes).toEqual({ 'http.route': '/pay', [ENVELOPE_ATTRIBUTE]: envelopeOf(copy) });
  });

  it('leaves the original as it was: a span that has ended is not changed', async () => {
    const plain = new KeepingProcessor();
    const kit = await readyKit({ after: [plain] });
    kit.span('checkout', (open) => open.setAttribute('region', 'eu'));
    expect(envelopeOf(kit.exporter.getFinishedSpans()[0]!)).not.toBe('');
    expect(plain.ended[0]!.attributes).toEqual({ region: 'eu' });
  });

  it('becomes the same bytes as the original but for what was sealed', async () => {
    const capture = await OtlpCapture.start();
    const plain = new KeepingProcessor();
    const exporter = new InMemorySpanExporter();
    const { provider } = createKit({ inner: new SimpleSpanProcessor(exporter), before: [plain] });
    const tracer = provider.getTracer('shop', '1.2.3');
    const parent = tracer.startSpan('parent');
    parent.end();
    const child = tracer.startSpan('find', {
      links: [{ context: linked }],
      attributes: { b: 2, 'customer.email': 'q' },
    });
    child.setAttribute('a', [1, 2]).addEvent('e', { x: true }).setStatus({ code: SpanStatusCode.ERROR, message: 'm' });
    child.end();

    const [, view] = exporter.getFinishedSpans();
    const [, original] = plain.ended;
    expect(view).not.toBe(original);
    delete (original as Span).attributes['customer.email'];
    const sent = await capture.bytesOf([view!]);
    const expected = await capture.bytesOf([original!]);
    expect(sent.json.toString()).toBe(expected.json.toString());
    expect(sent.protobuf.equals(expected.protobuf)).toBe(true);
    await capture.stop();
  });
});
