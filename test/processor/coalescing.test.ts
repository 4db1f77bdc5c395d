import { diag, DiagLogLevel } from '@opentelemetry/api';
import { SamplingDecision, type SpanProcessor } from '@opentelemetry/sdk-trace-base';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ciphertextFromBytes } from '../../src/paillier/ciphertext.js';
import type { LabelValue } from '../../src/plan/plan.js';
import { systemRandom } from '../../src/random.js';
import { decodeEnvelope, ENVELOPE_ATTRIBUTE } from '../../src/wire/envelope.js';
import { EnvelopeVerifier } from '../../src/wire/verify.js';
import { FLUSH_SPAN_NAME } from '../../processor/flush-span.js';
import { testPrivateKey } from '../support/keys.js';
import { testPlan, testPlanDocument } from '../support/plans.js';
import { createKit, publicKey, readyKit, TestPairSource, type Kit, type KitOptions } from './harness.js';

const [report] = testPlanDocument().reports;
const plan = testPlan({ reports: [{ ...report!, mode: 'coalesced', spanBounds: [3, 15] }] });
const verifier = new EnvelopeVerifier([plan], [publicKey], { teeth: 4, tables: 2 });
const WINDOW = 60;

interface Opened {
  readonly windowStart: number;
  readonly spanBound: number;
  readonly label: LabelValue | undefined;
  /** Per measurement and slot. */
  readonly totals: Record<string, bigint>;
}

/** Every flush that was handed on, verified and decrypted. */
function flushes({ exporter }: Kit): Opened[] {
  const spans = exporter.getFinishedSpans().filter(({ name }) => name === FLUSH_SPAN_NAME);
  return spans.map(({ attributes }) => {
    const result = verifier.verify(decodeEnvelope(String(attributes[ENVELOPE_ATTRIBUTE])) ?? new Uint8Array(0));
    if (!result.ok) throw new Error(result.reason);
    const { header, ciphertexts } = result.contribution;
    const totals = ciphertexts.map(({ measurement, component, ciphertexts: [bytes] }): [string, bigint] => [
      `${String(measurement)}.${String(component)}`,
      testPrivateKey().decrypt(ciphertextFromBytes(publicKey, bytes!)!, systemRandom),
    ]);
    const { windowStart, spanBound, labels } = header;
    return { windowStart, spanBound, label: labels[0], totals: Object.fromEntries(totals) };
  });
}

const coalescing = (options: KitOptions = {}): Promise<Kit> => readyKit({ plan, poolInitialRecords: 512, ...options });

/** Ends a checkout span in the given window. */
function checkout(kit: Kit, success: boolean, windowStart = WINDOW, region = 'eu'): void {
  const span = kit.provider.getTracer('shop').startSpan('checkout', { startTime: windowStart * 1000 });
  span.setAttributes({ 'checkout.success': success, 'customer.plan': 'team-monthly', region });
  span.end(windowStart * 1000 + 5);
}

describe('coalesced reports', () => {
  it('add up spans and send one envelope a flush, on a span and trace of its own', async () => {
    const kit = await coalescing();
    for (const success of [true, true, false, true]) checkout(kit, success);
    expect(flushes(kit)).toEqual([]);
    await kit.processor.forceFlush();
    expect(flushes(kit)).toEqual([
      {
        windowStart: WINDOW,
        spanBound: 15,
        label: 0,
        totals: { '0.0': 3n, '0.1': 1n, '1.0': 0n, '1.1': 4n, '1.2': 0n, '1.3': 0n },
      },
    ]);
    const spans = kit.exporter.getFinishedSpans();
    expect(spans).toHaveLength(5);
    const checkouts = spans.filter(({ name }) => name === 'checkout');
    const [flush] = spans.filter(({ name }) => name === FLUSH_SPAN_NAME);
    for (const { attributes, spanContext } of checkouts) {
      expect(attributes).toEqual({ region: 'eu' });
      expect(spanContext().traceId).not.toBe(flush!.spanContext().traceId);
    }
    expect(flush!.resource).toBe(checkouts[0]!.resource);
    expect(flush!.startTime).toEqual([WINDOW, 0]);
    expect(kit.processor.stats()).toMatchObject({ spans: { coalesced: 4, sealed: 0 }, flushes: 1 });
    await kit.processor.forceFlush();
    expect(flushes(kit)).toHaveLength(1);
  });

  it('use the smallest bound that holds the spans and flush by themselves at the largest', async () => {
    const kit = await coalescing();
    for (let index = 0; index < 17; index += 1) checkout(kit, true);
    await kit.processor.forceFlush();
    expect(flushes(kit).map(({ spanBound, totals }) => [spanBound, totals['0.0']])).toEqual([
      [15, 15n],
      [3, 2n],
    ]);
  });

  it('keep windows and labels apart at the border', async () => {
    const kit = await coalescing();
    const span = kit.provider.getTracer('shop').startSpan('checkout', { startTime: 59_000 });
    span.setAttributes({ 'checkout.success': true, region: 'us' });
    span.end(59_999.999);
    checkout(kit, true, 60, 'us');
    checkout(kit, true, 60, 'mars');
    await kit.processor.forceFlush();
    expect(flushes(kit).map(({ windowStart, label }) => [windowStart, label])).toEqual([
      [0, 1],
      [60, 1],
      [60, 2],
    ]);
  });

  it('drain on shutdown, and lose nothing that was counted', async () => {
    const outcomes = fc.array(fc.boolean(), { minLength: 1, maxLength: 40 });
    await fc.assert(
      fc.asyncProperty(outcomes, async (successes) => {
        const kit = await coalescing();
        for (const success of successes) checkout(kit, success);
        const exported: Opened[] = [];
        await kit.processor.forceFlush();
        exported.push(...flushes(kit));
        await kit.processor.shutdown();
        const sum = (slot: string): number =>
          Number(exported.reduce((total, { totals }) => total + (totals[slot] ?? 0n), 0n));
        expect(sum('0.0')).toBe(successes.filter(Boolean).length);
        expect(sum('0.1')).toBe(successes.filter((success) => !success).length);
      }),
      { numRuns: 5 },
    );
  });

  it('flush on a timer', async () => {
    const kit = await coalescing({ flushMillis: 5 });
    checkout(kit, true);
    while (kit.processor.stats().flushes === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    expect(flushes(kit)).toHaveLength(1);
    await kit.processor.shutdown();
  });

  it('count every span of a flush that is lost, and hand on no flush span without its envelope', async () => {
    const source = new TestPairSource().hold();
    const kit = createKit({ plan, source, drainTimeoutMillis: 5 });
    for (let index = 0; index < 5; index += 1) checkout(kit, true);
    await kit.processor.forceFlush();
    expect(kit.exporter.getFinishedSpans().map(({ name }) => name)).toEqual(new Array(5).fill('checkout'));
    expect(kit.processor.stats()).toMatchObject({ spans: { coalesced: 5, dropped: { flush_timeout: 5 } }, flushes: 0 });
    source.release();
    await kit.processor.shutdown();
  });

  it('take no part in unsampled spans', async () => {
    const kit = await coalescing({
      tracing: {
        sampler: { shouldSample: () => ({ decision: SamplingDecision.RECORD }), toString: () => 'record only' },
      },
    });
    checkout(kit, true);
    await kit.processor.forceFlush();
    expect(kit.processor.stats().spans).toMatchObject({ coalesced: 0, stripped: 1 });
  });

  it('lose only the totals that do not fit what they may be, and count their spans', async () => {
    const [compiled] = plan.reports;
    const [success, ...others] = compiled!.measurements;
    let failures = 0;
    const failing = {
      ...success!,
      get slotDetails() {
        if (failures === 0) return success!.slotDetails;
        failures -= 1;
        throw new Error('total 2 of team-monthly does not fit');
      },
    };
    const bent = { ...plan, reports: [{ ...compiled!, measurements: [failing, ...others] }] };
    const kit = await coalescing({ plan: bent });
    const warnings: string[] = [];
    const noop = (): void => undefined;
    const logger = { error: noop, info: noop, debug: noop, verbose: noop, warn: (text: string) => warnings.push(text) };
    diag.setLogger(logger, { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true });
    for (const region of ['eu', 'eu', 'us', 'us', 'us', 'mars']) checkout(kit, true, WINDOW, region);
    failures = 1;
    await kit.processor.forceFlush();
    diag.disable();
    expect(flushes(kit).map(({ label, totals }) => [label, totals['0.0']])).toEqual([
      [1, 3n],
      [2, 1n],
    ]);
    expect(kit.processor.stats()).toMatchObject({ flushes: 2, spans: { coalesced: 6, dropped: { seal_failed: 2 } } });
    expect(warnings).toEqual([expect.stringMatching(/seal_failed.*\[Error\]$/)]);
  });

  it('hand on no flush that fails to be sealed, count its spans, and seal the others', async () => {
    const kit = await coalescing();
    const tracer = kit.provider.getTracer('shop');
    for (let index = 0; index < 2; index += 1) tracer.startSpan('checkout').end([Number.NaN, 0]);
    checkout(kit, true);
    await kit.processor.forceFlush();
    expect(flushes(kit).map(({ totals }) => totals['0.0'])).toEqual([1n]);
    expect(kit.exporter.getFinishedSpans()).toHaveLength(4);
    expect(kit.processor.stats()).toMatchObject({ flushes: 1, spans: { coalesced: 3, dropped: { seal_failed: 2 } } });
  });

  it('count a flush that the inner processor refuses, with all its spans', async () => {
    const inner: SpanProcessor = {
      onStart: () => undefined,
      onEnd: ({ name }) => {
        if (name === FLUSH_SPAN_NAME) throw new Error('full');
      },
      forceFlush: () => Promise.resolve(),
      shutdown: () => Promise.resolve(),
    };
    const kit = await coalescing({ inner });
    for (let index = 0; index < 16; index += 1) checkout(kit, true);
    await kit.processor.forceFlush();
    expect(kit.processor.stats()).toMatchObject({
      flushes: 0,
      spans: { coalesced: 16, dropped: { inner_failed: 16 } },
    });
  });
});
