/** The processor's own metrics as a real meter provider collects them. */
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics';
import { expect } from 'vitest';

const COMPONENT = 'telemetry_kit.component.name';

/** By metric name, then by its attributes without the component. */
type Collected = Record<string, Record<string, unknown>>;

export class CollectedMetrics {
  readonly #exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
  readonly provider = new MeterProvider({
    readers: [new PeriodicExportingMetricReader({ exporter: this.#exporter, exportIntervalMillis: 3_600_000 })],
  });

  async collect(component: string): Promise<Collected> {
    return (await this.#collect()).get(component) ?? {};
  }

  /** Of the processor that was made last. */
  async collectNewest(): Promise<Collected> {
    const all = await this.#collect();
    const numbers = [...all.keys()].map((component) => Number(component.split('/')[1]));
    return all.get(`encrypting_span_processor/${String(Math.max(...numbers))}`) ?? {};
  }

  async #collect(): Promise<Map<string, Collected>> {
    this.#exporter.reset();
    await this.provider.forceFlush();
    const scopes = this.#exporter.getMetrics().flatMap(({ scopeMetrics }) => scopeMetrics);
    const all = new Map<string, Collected>();
    for (const { scope, metrics: collected } of scopes) {
      expect(scope.name).toBe('telemetry-kit');
      for (const { descriptor, dataPoints } of collected) {
        for (const { attributes, value } of dataPoints) {
          const { [COMPONENT]: name, ...others } = attributes;
          const own = all.get(String(name)) ?? {};
          (own[descriptor.name] ??= {})[Object.values(others).join(':')] = value;
          all.set(String(name), own);
        }
      }
    }
    return all;
  }
}
