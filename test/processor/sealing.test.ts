/** From a span to an envelope that a receiver accepts, and what happens when randomness runs out. */
import { diag, DiagLogLevel, SpanKind } from '@opentelemetry/api';
import { InMemorySpanExporter, SimpleSpanProcessor, type SpanProcessor } from '@opentelemetry/sdk-trace-base';
import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { EncryptingSpanProcessor } from '../../processor/encrypting-span-processor.js';
import { SEALED } from '../../processor/sealed-texts.js';
import { TelemetryKitError } from '../../src/errors.js';
import type { PublicKey } from '../../src/paillier/public-key.js';
import { signPlan } from '../../src/plan/document.js';
import type { Report } from '../../src/plan/plan.js';
import { ENVELOPE_ATTRIBUTE } from '../../src/wire/envelope.js';
import { testPrivateKey } from '../support/keys.js';
import { planOf, testPlan, testPlanDocument } from '../support/plans.js';
import { createKit, envelopeOf, openEnvelope, publicKey, readyKit, TestPairSource, type Kit } from './harness.js';

const [checkout] = testPlanDocument().reports as [Report];

function finished({ exporter }: Kit): ReturnType<InMemorySpanExporter['getFinishedSpans']> {
  return exporter.getFinishedSpans();
}

/** Lets promises that are already settled run their course. */
function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

afterEach(() => diag.disable());

describe('sealing', () => {
  it('seals every value into its slot, under its labels', async () => {
    const plans = ['free-forever', 'team-monthly', 'enterprise-annual', 'unheard-of', 7, undefined] as const;
    const regions = ['eu', 'us', 'elsewhere', 'mars', 3, undefined] as const;
    const kit = await readyKit();
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(true, false, undefined, 'yes'),
        fc.constantFrom(...plans),
        fc.constantFrom(...regions),
        async (success, plan, region) => {
          kit.exporter.reset();
          kit.span('checkout', (open) => {
            if (success !== undefined) open.setAttribute('checkout.success', success);
            if (plan !== undefined) open.setAttribute('customer.plan', plan);
            if (region !== undefined) open.setAttribute('region', region);
          });
          await kit.processor.forceFlush();
          const { contribution, counted } = openEnvelope(envelopeOf(finished(kit)[0]!));
          const declared = typeof plan === 'string' && plan !== 'unheard-of' ? [plan] : [];
          expect(counted).toEqual([
            typeof success === 'boolean' ? [String(success)] : [],
            plan === 'unheard-of' ? ['other'] : declared,
          ]);
          const label = ['eu', 'us'].indexOf(String(region));
          expect(contribution.header.labels).toEqual([label === -1 ? 2 : label]);
        },
      ),
      { numRuns: 60 },
    );
  });

  it('puts a span into the window in which it ended, whatever the clock says', async () => {
    const kit = await readyKit();
    const tracer = kit.provider.getTracer('shop');
    for (const [end, window] of [
      [[1_000_019, 999_999_999], 999_960],
      [[1_000_020, 0], 1_000_020],
    ] as const) {
      kit.exporter.reset();
      tracer.startSpan('checkout', { startTime: [999_900, 0] }).end([...end]);
      expect(openEnvelope(envelopeOf(finished(kit)[0]!)).contribution.header.windowStart).toBe(window);
    }
  });

  it('takes the first report in plan order whose names, kinds and scopes fit', async () => {
    const reports: Report[] = [
      { ...checkout, name: 'servers', spans: { kinds: ['server'], names: ['pay'] } },
      { ...checkout, name: 'workers', spans: { scopes: ['worker'] }, labels: [] },
      { ...checkout, name: 'payments', spans: { names: ['pay', 'refund'] } },
    ];
    const plan = testPlan({ reports });
    const kit = await readyKit({ plan, poolInitialRecords: 256 });
    const reportOf = (scope: string, name: string, kind: SpanKind): number | undefined => {
      kit.exporter.reset();
      kit.provider
        .getTracer(scope)
        .startSpan(name, { kind, attributes: { 'customer.plan': 'x' } })
        .end();
      const envelope = finished(kit)[0]!.attributes[ENVELOPE_ATTRIBUTE];
      return envelope === undefined ? undefined : openEnvelope(String(envelope), plan).contribution.header.report;
    };
    expect(reportOf('shop', 'pay', SpanKind.SERVER)).toBe(0);
    expect(reportOf('shop', 'pay', SpanKind.CLIENT)).toBe(2);
    expect(reportOf('worker', 'pay', SpanKind.CLIENT)).toBe(1);
    expect(reportOf('worker', 'pay', SpanKind.SERVER)).toBe(0);
    expect(reportOf('shop', 'refund', SpanKind.INTERNAL)).toBe(2);
    expect(reportOf('shop', 'other', SpanKind.SERVER)).toBeUndefined();
    expect(kit.processor.stats().spans).toMatchObject({ sealed: 5, stripped: 1 });
  });

  it('finds its report by the name before redaction', async () => {
    const plan = testPlan({ reports: [{ ...checkout, spans: { names: ['pay team-monthly'] } }] });
    const kit = await readyKit({ plan });
    kit.span('pay team-monthly', (open) => open.setAttribute('customer.plan', 'team-monthly'));
    expect(finished(kit)[0]!.name).toBe('pay [sealed]');
    expect(openEnvelope(envelopeOf(finished(kit)[0]!), plan).counted[1]).toEqual(['team-monthly']);
  });

  it('never hands out a record twice: all ciphertexts and commitments differ', async () => {
    const kit = await readyKit({ poolInitialRecords: 8 });
    for (let count = 0; count < 30; count += 1) kit.span('checkout');
    await kit.processor.forceFlush();
    const ciphertexts = finished(kit).flatMap((span) => {
      const { contribution } = openEnvelope(envelopeOf(span));
      return contribution.ciphertexts.flatMap((entry) => entry.ciphertexts.map((bytes) => bytes.join()));
    });
    expect(ciphertexts).toHaveLength(60);
    expect(new Set(ciphertexts).size).toBe(60);
  });

  it('counts what each value was, for the application alone', async () => {
    const kit = await readyKit();
    kit.span('checkout', (open) => open.setAttributes({ 'checkout.success': true, 'customer.plan': 'new' }));
    kit.span('checkout', (open) => open.setAttributes({ 'checkout.success': 'yes' }));
    expect(kit.processor.stats().values).toEqual({
      measured: 1,
      clamped: 0,
      other: 1,
      absent: 1,
      wrong_type: 1,
      undeclared: 0,
    });
  });

  it('does not count a span twice when two processors seal', async () => {
    const kits = [await readyKit(), await readyKit()] as const;
    const tracing = await readyKit({ after: [kits[0].processor, kits[1].processor] });
    tracing.span('checkout', (open) => open.setAttribute('customer.plan', 'team-monthly'));
    expect(tracing.processor.stats().spans.sealed).toBe(1);
    for (const { processor } of kits) expect(processor.stats().spans.dropped.already_sealed).toBe(1);

    const outer = await readyKit({ inner: kits[0].processor });
    outer.span('checkout');
    expect(outer.processor.stats().spans.sealed).toBe(1);
    expect(kits[0].processor.stats().spans.dropped.already_sealed).toBe(2);
    expect(finished(kits[0])).toHaveLength(2);
  });
});

describe('the text that stands for sealed values', () => {
  const flag = { name: 'fraud', attribute: 'fraud', kind: 'flag', epsilon: '1' } as const;
  const withOther = {
    name: 'q',
    attribute: 'q',
    kind: 'category',
    values: ['abcdef'],
    other: true,
    epsilon: '1',
  } as const;

  it('is a value like any other where an application sets it', async () => {
    const plan = planOf([withOther, flag]);
    const kit = await readyKit({ plan });
    kit.span('checkout', (open) => open.setAttributes({ q: SEALED, fraud: true }));
    expect(openEnvelope(envelopeOf(finished(kit)[0]!), plan).counted).toEqual([['other'], ['true']]);
  });

  it('is no value where another processor put it, whether or not its onEnding was called', async () => {
    const [first, second, third] = [await readyKit(), await readyKit(), await readyKit()];
    const { processor } = third;
    const endOnly: SpanProcessor = {
      onStart: (span, context) => processor.onStart(span, context),
      onEnd: (span) => processor.onEnd(span),
      forceFlush: () => processor.forceFlush(),
      shutdown: () => processor.shutdown(),
    };
    const kit = await readyKit({ after: [first.processor, second.processor, endOnly] });
    kit.span('checkout', (open) => open.setAttribute('customer.plan', 'team-monthly'));
    expect(kit.processor.stats().spans.sealed).toBe(1);
    for (const other of [first, second, third]) expect(other.processor.stats().spans.dropped.already_sealed).toBe(1);
  });

  it('does not keep processors with other plans from their own values', async () => {
    const [plan, other] = [planOf([flag]), planOf([withOther])];
    const third = await readyKit({ plan });
    const second = await readyKit({ plan: other });
    const kit = await readyKit({ plan, after: [second.processor, third.processor] });
    kit.span('checkout', (open) => open.setAttributes({ q: 'abcdef', fraud: true }));
    expect(openEnvelope(envelopeOf(finished(kit)[0]!), plan).counted).toEqual([['true']]);
    expect(openEnvelope(envelopeOf(finished(second)[0]!), other).counted).toEqual([['abcdef']]);
    expect(third.processor.stats().spans.dropped.already_sealed).toBe(1);
  });
});

describe('when randomness runs out', () => {
  it('queues, keeps the order, and seals when it comes', async () => {
    const kit = createKit({ source: new TestPairSource().hold() });
    kit.span('checkout', (open) => open.setAttribute('checkout.success', true));
    kit.span('checkout', (open) => open.setAttribute('checkout.success', false));
    expect(finished(kit)).toHaveLength(0);
    expect(kit.processor.stats().queueSize).toBe(2);

    kit.source.release();
    await kit.processor.forceFlush();
    const counted = finished(kit).map((span) => openEnvelope(envelopeOf(span)).counted[0]);
    expect(counted).toEqual([['true'], ['false']]);
    expect(kit.processor.stats()).toMatchObject({ queueSize: 0, spans: { sealed: 2 } });
  });

  it('lets no later span overtake one that needs more', async () => {
    const measurements = checkout.measurements.slice(0, 1);
    const small: Report = { ...checkout, name: 'small', spans: { names: ['small'] }, measurements };
    const kit = await readyKit({ plan: testPlan({ reports: [checkout, small] }), poolInitialRecords: 1 });
    kit.source.hold();
    kit.span('small'); // leaves too little for a checkout, and enough for another of these
    kit.span('checkout');
    kit.span('small');
    expect(kit.processor.stats()).toMatchObject({ queueSize: 2, spans: { sealed: 1 } });
    kit.source.release();
    await kit.processor.forceFlush();
    expect(finished(kit).map(({ name }) => name)).toEqual(['small', 'checkout', 'small']);
  });

  it('hands the newest on without its contribution when the queue is full', async () => {
    const kit = createKit({ source: new TestPairSource().hold(), queueLimit: 3 });
    for (let count = 0; count < 5; count += 1) {
      kit.span('checkout', (open) => open.setAttribute('n', count).setAttribute('customer.plan', 'team-monthly'));
    }
    expect(finished(kit).map(({ attributes }) => attributes)).toEqual([{ n: 3 }, { n: 4 }]);
    expect(kit.processor.stats()).toMatchObject({ queueSize: 3, spans: { dropped: { queue_full: 2 } } });

    kit.source.release();
    await kit.processor.forceFlush();
    expect(finished(kit).map(({ attributes }) => attributes['n'])).toEqual([3, 4, 0, 1, 2]);
    expect(kit.processor.stats().spans.sealed).toBe(3);
  });

  it('does not hold spans back that contribute nothing', () => {
    const kit = createKit({ source: new TestPairSource().hold() });
    kit.span('checkout');
    kit.span('find', (open) => open.setAttribute('customer.email', 'alice@example.com'));
    expect(finished(kit).map(({ name }) => name)).toEqual(['find']);
  });

  it('hands everything on without contributions where a flush ends first', async () => {
    const kit = createKit({ source: new TestPairSource().hold(), drainTimeoutMillis: 0 });
    kit.span('checkout', (open) => open.setAttribute('customer.plan', 'team-monthly'));
    await kit.provider.forceFlush();
    expect(finished(kit)[0]!.attributes).toEqual({});
    expect(kit.processor.stats()).toMatchObject({ queueSize: 0, spans: { dropped: { flush_timeout: 1 } } });
  });

  it('gives up waiting when the source keeps failing, says so once', async () => {
    const errors: string[] = [];
    const noop = (): void => undefined;
    const logger = { warn: noop, info: noop, debug: noop, verbose: noop, error: (text: string) => errors.push(text) };
    diag.setLogger(logger, { logLevel: DiagLogLevel.ERROR, suppressOverrideMessage: true });
    const source = new TestPairSource();
    source.failure = new Error('no threads left');
    const kit = createKit({ source });
    kit.span('checkout');
    await expect(kit.processor.ready()).rejects.toMatchObject({ code: 'unavailable' });
    expect(finished(kit)[0]!.attributes).toEqual({});
    kit.span('checkout');
    expect(finished(kit)).toHaveLength(2);
    expect(kit.processor.stats()).toMatchObject({ queueSize: 0, spans: { dropped: { no_randomness: 2 } } });
    expect(errors).toEqual([expect.stringContaining('no threads left')]);
    await kit.provider.shutdown();
  });
});

describe('flush and shutdown', () => {
  it('drain the queue and then the inner processor', async () => {
    const calls: string[] = [];
    const exporter = new InMemorySpanExporter();
    const inner: SpanProcessor = new SimpleSpanProcessor(exporter);
    const recorded = (name: 'forceFlush' | 'shutdown'): (() => Promise<void>) => {
      const original = inner[name].bind(inner);
      return () => {
        calls.push(`${name} after ${String(exporter.getFinishedSpans().length)}`);
        return original();
      };
    };
    Object.assign(inner, { forceFlush: recorded('forceFlush'), shutdown: recorded('shutdown') });
    const kit = createKit({ inner, source: new TestPairSource().hold() });

    kit.span('checkout');
    const flushed = kit.provider.forceFlush();
    kit.span('checkout');
    await settle();
    expect(calls).toEqual([]);
    kit.source.release();
    await flushed;
    await kit.processor.ready();
    const first = kit.provider.shutdown();
    expect(kit.processor.shutdown()).toBe(kit.processor.shutdown());
    await first;
    await kit.processor.forceFlush();
    expect(calls).toEqual(['forceFlush after 2', 'shutdown after 2']);
    expect(kit.processor.stats()).toMatchObject({ poolSize: 0, spans: { sealed: 2 } });
  });

  it('after shutdown spans are stripped and counted, and nothing throws', async () => {
    const ended: unknown[] = [];
    const inner = Object.assign(new NothingProcessor(), { onEnd: (span: unknown) => ended.push(span) });
    const kit = await readyKit({ inner });
    await kit.provider.shutdown();
    kit.span('checkout', (open) => open.setAttribute('customer.plan', 'team-monthly'));
    kit.span('find', (open) => open.setAttribute('customer.email', 'alice@example.com'));
    expect(ended).toMatchObject([{ attributes: {} }, { attributes: {} }]);
    expect(kit.processor.stats().spans).toMatchObject({ stripped: 1, dropped: { shutdown: 1 } });
    await expect(kit.processor.ready()).resolves.toBeUndefined();
  });

  it('shutdown before the pool was ever full rejects those who wait for it', async () => {
    const kit = createKit({ source: new TestPairSource().hold() });
    const ready = kit.processor.ready();
    const rejected = expect(ready).rejects.toBeInstanceOf(TelemetryKitError);
    await kit.provider.shutdown();
    await rejected;
  });
});

/** An inner processor without state. */
class NothingProcessor implements SpanProcessor {
  onStart = (): void => undefined;
  onEnd: (span: unknown) => void = () => undefined;
  forceFlush = (): Promise<void> => Promise.resolve();
  shutdown = (): Promise<void> => Promise.resolve();
}

describe('nothing reaches the application', () => {
  it('from an inner processor that throws everywhere; later processors still get the span', async () => {
    const fail = (): never => {
      throw new Error('inner failure with alice@example.com');
    };
    const inner = Object.assign(new NothingProcessor(), { onStart: fail, onEnding: fail, onEnd: fail });
    const later = new InMemorySpanExporter();
    const warnings: string[] = [];
    const noop = (): void => undefined;
    const logger = { error: noop, info: noop, debug: noop, verbose: noop, warn: (text: string) => warnings.push(text) };
    diag.setLogger(logger, { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true });

    const kit = await readyKit({ inner, after: [new SimpleSpanProcessor(later)] });
    for (const name of ['checkout', 'health', 'find']) {
      expect(() => kit.span(name, (open) => open.setAttribute('customer.email', 'alice@example.com'))).not.toThrow();
    }
    expect(later.getFinishedSpans()).toHaveLength(3);
    expect(kit.processor.stats().spans).toMatchObject({ sealed: 0, stripped: 0, dropped: { inner_failed: 3 } });
    expect(warnings).toHaveLength(3);
    expect(warnings.join()).not.toContain('alice');
  });

  it('from a logger that throws', async () => {
    const fail = (): never => {
      throw new Error('logger');
    };
    const logger = { warn: fail, error: fail, info: fail, debug: fail, verbose: fail };
    const kit = createKit({ source: new TestPairSource().hold(), queueLimit: 1 });
    diag.setLogger(logger, { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true });
    expect(() => kit.span('checkout')).not.toThrow();
    expect(() => kit.span('checkout')).not.toThrow();
    diag.disable();
    kit.source.release();
    await kit.provider.shutdown();
  });

  it('from a span that cannot be read: it is not handed on, and counted', () => {
    const kit = createKit();
    const unreadable = {
      spanContext: () => ({ traceId: '', spanId: '', traceFlags: 1 }),
      get attributes(): never {
        throw new Error('unreadable');
      },
    };
    expect(() => kit.processor.onEnd(unreadable as never)).not.toThrow();
    expect(() => kit.processor.onEnding(unreadable as never)).not.toThrow();
    expect(finished(kit)).toHaveLength(0);
    expect(kit.processor.stats().spans).toMatchObject({ unprotected: 2, dropped: { view_failed: 1 } });
  });

  it('from a contribution that cannot be sealed: the span goes on without it', async () => {
    const kit = await readyKit();
    kit.provider
      .getTracer('shop')
      .startSpan('checkout', { startTime: [0, 0] })
      .end([NaN, 0] as [number, number]);
    expect(finished(kit)).toHaveLength(1);
    expect(kit.processor.stats().spans).toMatchObject({ sealed: 0, dropped: { seal_failed: 1 } });
    kit.span('checkout');
    expect(kit.processor.stats().spans.sealed).toBe(1);
  });
});

describe('options', () => {
  const inner = new NothingProcessor();
  const pairSource = (): TestPairSource => new TestPairSource();
  const code = (create: () => unknown): string | undefined => {
    try {
      create();
    } catch (error) {
      return error instanceof TelemetryKitError ? error.code : 'untyped';
    }
    return undefined;
  };

  it('accept a signed plan under a pin, and refuse one that is not trusted', () => {
    const secret = new Uint8Array(32).fill(7);
    const document = signPlan(testPlanDocument(), secret);
    const ownerKey = document.signature.publicKey;
    const create = (trust: object): EncryptingSpanProcessor =>
      new EncryptingSpanProcessor(inner, { plan: { document, trust }, publicKeys: [publicKey], pairSource });
    expect(code(() => create({ ownerKey }))).toBeUndefined();
    expect(code(() => create({ ownerKey: 'A'.repeat(43) }))).toBe('untrusted_plan');
    expect(code(() => create({}))).toBe('untrusted_plan');
  });

  it('choose the first key of the plan that is there, and refuse when none is', () => {
    const other = testPrivateKey(1024).publicKey;
    const plan = testPlan({ keys: [other.kid, publicKey.kid] });
    const chosen: PublicKey[] = [];
    const noting = (key: PublicKey): TestPairSource => {
      chosen.push(key);
      return new TestPairSource();
    };
    new EncryptingSpanProcessor(inner, { plan, publicKeys: [publicKey], pairSource: noting });
    new EncryptingSpanProcessor(inner, { plan, publicKeys: [publicKey, other], pairSource: noting });
    expect(chosen.map(({ kid }) => kid)).toEqual([publicKey.kid, other.kid]);
    expect(code(() => new EncryptingSpanProcessor(inner, { plan, publicKeys: [], pairSource }))).toBe('invalid_key');
  });

  it('refuse numbers out of range', () => {
    for (const wrong of [
      { queueLimit: 0 },
      { queueLimit: 1.5 },
      { poolInitialRecords: -1 },
      { poolRecordLimit: NaN },
      { scrubMinimumLength: 0 },
      { drainTimeoutMillis: Infinity },
    ]) {
      const options = { plan: testPlan(), publicKeys: [publicKey], pairSource, ...wrong };
      expect(
        code(() => new EncryptingSpanProcessor(inner, options)),
        JSON.stringify(wrong),
      ).toBe('invalid_argument');
    }
  });
});
