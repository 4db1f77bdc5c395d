/** The ready-made wiring against a real OTLP/HTTP endpoint on loopback. */
import { ExportResultCode } from '@opentelemetry/core';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { BasicTracerProvider, BatchSpanProcessor, InMemorySpanExporter } from '@opentelemetry/sdk-trace-base';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { batchSize, createSealedSpanProcessor, type SealedSpanProcessorOptions } from '../../processor/exporter.js';
import { InFlightExporter } from '../../processor/in-flight-exporter.js';
import type { Measurement, Report } from '../../src/plan/plan.js';
import { envelopeBytes } from '../../src/wire/envelope.js';
import { testPrivateKey } from '../support/keys.js';
import { testPlan, testPlanDocument } from '../support/plans.js';
import { openEnvelope, publicKey, TestPairSource } from './harness.js';
import { OtlpCapture } from './otlp-capture.js';

let capture: OtlpCapture;
beforeEach(async () => {
  capture = await OtlpCapture.start();
});
afterEach(() => capture.stop());

interface Wired {
  readonly provider: BasicTracerProvider;
  readonly processor: ReturnType<typeof createSealedSpanProcessor>;
  readonly checkout: (count: number) => void;
}

async function wire(options: Partial<SealedSpanProcessorOptions> = {}, resource?: Promise<string>): Promise<Wired> {
  const processor = createSealedSpanProcessor({
    plan: testPlan(),
    publicKeys: [publicKey],
    url: capture.url,
    pairSource: () => new TestPairSource(),
    ...options,
  });
  await processor.ready();
  const provider = new BasicTracerProvider({
    spanProcessors: [processor],
    ...(resource !== undefined && { resource: resourceFromAttributes({ 'host.id': resource }) }),
  });
  const tracer = provider.getTracer('shop');
  const checkout = (count: number): void => {
    for (let index = 0; index < count; index += 1) {
      const attributes = { 'customer.plan': 'enterprise-annual', 'customer.email': 'alice@example.com', n: index };
      tracer.startSpan('checkout', { attributes }).end();
    }
  };
  return { provider, processor, checkout };
}

function envelopesIn(spans: OtlpCapture['spans']): string[] {
  return spans.flatMap(({ attributes }) =>
    attributes.filter(({ key }) => key === 'telemetry_kit.envelope').map(({ value }) => String(value['stringValue'])),
  );
}

describe('createSealedSpanProcessor', () => {
  it('sends envelopes a receiver accepts, with the headers and compression asked for, and no sealed value', async () => {
    const { provider, checkout } = await wire({ headers: { authorization: 'Bearer t' }, compression: 'gzip' });
    checkout(3);
    await provider.forceFlush();
    expect(capture.requests).toHaveLength(1);
    expect(capture.requests[0]!.headers).toMatchObject({ authorization: 'Bearer t', 'content-encoding': 'gzip' });
    const envelopes = envelopesIn(capture.spans);
    expect(envelopes.map((envelope) => openEnvelope(envelope).counted[1])).toEqual(
      Array.from({ length: 3 }, () => ['enterprise-annual']),
    );
    expect(capture.requests[0]!.body.toString()).not.toMatch(/alice|enterprise-annual/);
    await provider.shutdown();
  });

  it('flushes what is queued, what is batched and what is already under way', async () => {
    const { provider, processor, checkout } = await wire({ scheduledDelayMillis: 1 });
    capture.hold();
    checkout(2);
    await vi.waitFor(() => expect(capture.requests).toHaveLength(1));
    let isFlushed = false;
    const flushed = processor.forceFlush().then(() => (isFlushed = true));
    for (let turn = 0; turn < 5; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    expect(isFlushed).toBe(false);
    capture.release();
    await flushed;
    expect(envelopesIn(capture.spans)).toHaveLength(2);
    await provider.shutdown();
  });

  it('shutdown ends only when an export under way has been answered', async () => {
    const { provider, checkout } = await wire({ scheduledDelayMillis: 1 });
    capture.hold();
    checkout(1);
    await vi.waitFor(() => expect(capture.requests).toHaveLength(1));
    checkout(1);
    let isDown = false;
    const down = provider.shutdown().then(() => (isDown = true));
    await vi.waitFor(() => expect(capture.requests).toHaveLength(2));
    expect(isDown).toBe(false);
    capture.release();
    await down;
    expect(envelopesIn(capture.spans)).toHaveLength(2);
  });

  it.each(['forceFlush', 'shutdown'] as const)(
    '%s waits for spans whose resource is still being detected',
    async (end) => {
      let detect: (id: string) => void = () => undefined;
      const detected = new Promise<string>((resolve) => (detect = resolve));
      const { provider, checkout } = await wire({ scheduledDelayMillis: 1, maxQueueSize: 1 }, detected);
      checkout(1); // a full batch: the SDK starts to export it at once and waits for the resource
      let isFlushed = false;
      const flushed = provider[end]().then(() => (isFlushed = true));
      for (let turn = 0; turn < 5; turn += 1) await new Promise((resolve) => setImmediate(resolve));
      expect(isFlushed).toBe(false);
      detect('machine-7');
      await flushed;
      expect(capture.requests[0]!.body.toString()).toContain('machine-7');
      await provider.shutdown();
    },
  );

  it('sends many small batches, which the OTLP exporter alone would refuse', async () => {
    const spansSent = async (createExporter: () => InFlightExporter | OTLPTraceExporter): Promise<number> => {
      const exporter = createExporter();
      const processor = new BatchSpanProcessor(exporter, { maxExportBatchSize: 1 });
      const tracer = new BasicTracerProvider({ spanProcessors: [processor] }).getTracer('shop');
      const before = capture.spans.length;
      for (let count = 0; count < 60; count += 1) tracer.startSpan('any').end();
      await processor.forceFlush().catch(() => undefined);
      await exporter.forceFlush();
      await processor.shutdown();
      return capture.spans.length - before;
    };
    const otlp = (): OTLPTraceExporter => new OTLPTraceExporter({ url: capture.url });
    expect(await spansSent(otlp)).toBe(30);
    expect(await spansSent(() => new InFlightExporter(otlp(), 60))).toBe(60);
  });

  it('leaves the application alone when nobody listens, and keeps memory bounded', async () => {
    await capture.stop();
    const { provider, processor, checkout } = await wire({ timeoutMillis: 50, maxQueueSize: 8 });
    expect(() => checkout(50)).not.toThrow();
    await expect(provider.forceFlush()).rejects.toBeDefined(); // as with the SDK alone
    expect(processor.stats().queueSize).toBe(0);
    expect(() => checkout(1)).not.toThrow();
    await provider.shutdown().catch(() => undefined);
  });
});

describe('batchSize', () => {
  it('fits the largest envelope of the plan 3 MB, between 1 and 512', () => {
    const key = testPrivateKey(2048).publicKey;
    const plan = testPlan({ keys: [key.kid] });
    const size = (envelopeBytes(key, plan.reports[0]!, 1) * 4) / 3;
    expect(batchSize(plan, key)).toBe(Math.min(512, Math.floor(3_000_000 / Math.ceil(size))));

    expect(batchSize(testPlan(), publicKey)).toBe(512);

    const values = Array.from({ length: 32 }, (_, index) => `value-${String(index)}`);
    const [small] = testPlanDocument().reports as [Report];
    const measurements = Array.from({ length: 16 }, (_, index): Measurement => {
      return { name: `m${String(index)}`, attribute: `a${String(index)}`, kind: 'category', values, epsilon: '0.1' };
    });
    const large = testPlan({ keys: [key.kid], reports: [small, { ...small, name: 'large', measurements }] });
    const largest = (envelopeBytes(key, large.reports[1]!, 1) * 4) / 3;
    expect(batchSize(large, key)).toBe(Math.floor(3_000_000 / Math.ceil(largest)));
    expect(batchSize(large, key)).toBeLessThan(10);
  });
});

describe('the in-flight exporter', () => {
  it('passes a limited number on at a time, fails beyond its bound, and answers every export once', async () => {
    const pending: (() => void)[] = [];
    const inner = new InMemorySpanExporter();
    inner.export = (_, done) => pending.push(() => done({ code: ExportResultCode.SUCCESS }));
    const exporter = new InFlightExporter(inner, 4);
    const codes: number[] = [];
    for (let count = 0; count < 14; count += 1) exporter.export([], ({ code }) => codes.push(code));
    expect(pending).toHaveLength(8);
    expect(codes).toEqual([1, 1]);
    const answeredAtFlush = exporter.forceFlush().then(() => codes.length);
    while (codes.length < 14) {
      pending.shift()?.();
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(await answeredAtFlush).toBe(14);
    expect(codes.filter((code) => code === 0)).toHaveLength(12);
  });

  it('turns an exporter that throws into a failed export', async () => {
    const inner = new InMemorySpanExporter();
    inner.export = () => {
      throw new Error('broken');
    };
    const exporter = new InFlightExporter(inner, 1);
    const code = await new Promise((resolve) => exporter.export([], (result) => resolve(result.code)));
    expect(code).toBe(1);
    await exporter.shutdown();
  });

  it('shuts the inner exporter down once, after the last export was answered', async () => {
    const pending: (() => void)[] = [];
    const inner = new InMemorySpanExporter();
    inner.export = (_, done) => pending.push(() => done({ code: ExportResultCode.SUCCESS }));
    const downAfter: number[] = [];
    inner.shutdown = () => {
      downAfter.push(answered);
      return Promise.resolve();
    };
    const exporter = new InFlightExporter(inner, 4);
    let answered = 0;
    for (let count = 0; count < 10; count += 1) exporter.export([], () => (answered += 1));
    const down = Promise.all([exporter.shutdown(), exporter.shutdown()]);
    while (answered < 10) {
      pending.shift()?.();
      await new Promise((resolve) => setImmediate(resolve));
    }
    await down;
    expect(downAfter).toEqual([10]);
  });
});
