import { metrics } from '@opentelemetry/api';
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics';
import { afterEach, describe, expect, it } from 'vitest';
import { DROP_REASONS } from '../../processor/processor-stats.js';
import { createKit, readyKit, TestPairSource } from './harness.js';

class CollectedMetrics {
  readonly #exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
  readonly provider = new MeterProvider({
    readers: [new PeriodicExportingMetricReader({ exporter: this.#exporter, exportIntervalMillis: 3_600_000 })],
  });

  /** By metric name, then by its attributes without the component. */
  async collect(component: string): Promise<Record<string, Record<string, unknown>>> {
    this.#exporter.reset();
    await this.provider.forceFlush();
    const scopes = this.#exporter.getMetrics().flatMap(({ scopeMetrics }) => scopeMetrics);
    const out: Record<string, Record<string, unknown>> = {};
    for (const { scope, metrics: collected } of scopes) {
      expect(scope.name).toBe('telemetry-kit');
      for (const { descriptor, dataPoints } of collected) {
        for (const { attributes, value } of dataPoints) {
          const { 'telemetry_kit.component.name': name, ...others } = attributes;
          if (name === component) (out[descriptor.name] ??= {})[Object.values(others).join(':')] = value;
        }
      }
    }
    return out;
  }
}

/** Processors are numbered in the order they were created in this process. */
let created = 0;
const nextComponent = (): string => `encrypting_span_processor/${String(created++)}`;

afterEach(() => metrics.disable());

describe('self-metrics', () => {
  it('show every reason as 0 from the start, also when the meter provider came later', async () => {
    const component = nextComponent();
    const kit = createKit({ source: new TestPairSource().hold() });
    const collected = new CollectedMetrics();
    metrics.setGlobalMeterProvider(collected.provider);
    kit.span('health');
    const found = await collected.collect(component);
    expect(found['telemetry_kit.processor.spans']).toEqual({
      untouched: 1,
      sealed: 0,
      stripped: 0,
      ...Object.fromEntries(DROP_REASONS.map((reason) => [`dropped:${reason}`, 0])),
    });
    expect(found['telemetry_kit.processor.unprotected_spans']).toEqual({ '': 0 });
    expect(found['telemetry_kit.processor.queue.size']).toEqual({ '': 0 });
    expect(found['telemetry_kit.processor.pool.size']).toEqual({ '': 0 });
    kit.source.release();
    await kit.provider.shutdown();
  });

  it('count spans by result, and of the values only mistakes', async () => {
    const collected = new CollectedMetrics();
    metrics.setGlobalMeterProvider(collected.provider);
    const component = nextComponent();
    const kit = await readyKit();
    kit.span('checkout', (open) => open.setAttributes({ 'checkout.success': 'yes', 'customer.plan': 'unheard-of' }));
    kit.span('find', (open) => open.setAttribute('customer.email', 'alice@example.com'));
    const found = await collected.collect(component);
    expect(found['telemetry_kit.processor.spans']).toMatchObject({ untouched: 0, sealed: 1, stripped: 1 });
    expect(found['telemetry_kit.processor.values']).toEqual({ wrong_type: 1, undeclared: 0 });
    expect(found['telemetry_kit.processor.pool.size']).toEqual({ '': kit.processor.stats().poolSize });
    expect(JSON.stringify(found)).not.toMatch(/alice|measured|absent/);
    await kit.provider.shutdown();
  });
});
