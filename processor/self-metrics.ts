/**
 * The processor's own metrics, through the OpenTelemetry API. Observed when they are collected, so that they
 * cost nothing per span, start at 0 and miss nothing that happened before a meter provider was registered.
 *
 * They count spans, by what anyone sees of a span without its values. Nothing here depends on a value or on
 * whether an attribute was there: that would be an exact count of what the plan keeps private, or its complement.
 */
import { metrics, type BatchObservableResult, type Meter, type MeterProvider } from '@opentelemetry/api';
import { logWarning } from './log.js';
import { DROP_REASONS, type ProcessorSnapshot } from './processor-stats.js';

/** Tells processors of one process apart, as the SDK's own components are. */
let instances = 0;

export class SelfMetrics {
  readonly #snapshot: () => ProcessorSnapshot;
  readonly #component = { 'telemetry_kit.component.name': `encrypting_span_processor/${String(instances++)}` };
  #provider: MeterProvider | undefined;

  constructor(snapshot: () => ProcessorSnapshot) {
    this.#snapshot = snapshot;
    this.attach();
  }

  /**
   * Registers with the global meter provider, again where it has changed: the API has no placeholder that
   * later becomes the real one, and applications set up tracing first. Cheap where there is nothing to do.
   */
  attach(): void {
    const provider = metrics.getMeterProvider();
    if (provider === this.#provider) return;
    this.#provider = provider;
    try {
      this.#register(provider.getMeter('telemetry-kit'));
    } catch {
      logWarning('the meter provider refused the metrics of the span processor');
    }
  }

  #register(meter: Meter): void {
    const spans = meter.createObservableCounter('telemetry_kit.processor.spans', {
      description: 'Spans by what became of them; a lost contribution has its reason as error.type.',
      unit: '{span}',
    });
    const unprotected = meter.createObservableCounter('telemetry_kit.processor.unprotected_spans', {
      description: 'Spans that ended before their values could be overwritten for other processors.',
      unit: '{span}',
    });
    const queue = meter.createObservableUpDownCounter('telemetry_kit.processor.queue.size', {
      description: 'Spans waiting for randomness.',
      unit: '{span}',
    });
    const pool = meter.createObservableUpDownCounter('telemetry_kit.processor.pool.size', {
      description: 'Precomputed records of randomness.',
      unit: '{record}',
    });

    const observe = (result: BatchObservableResult): void => {
      const now = this.#snapshot();
      const { untouched, stripped, sealed, coalesced } = now.spans;
      // As one: apart they would tell how many spans had a sealed attribute.
      const passed = untouched + stripped;
      for (const [name, count] of Object.entries({ passed, sealed, coalesced })) {
        result.observe(spans, count, { ...this.#component, result: name });
      }
      for (const reason of DROP_REASONS) {
        result.observe(spans, now.spans.dropped[reason], {
          ...this.#component,
          result: 'dropped',
          'error.type': reason,
        });
      }
      result.observe(unprotected, now.spans.unprotected, this.#component);
      result.observe(queue, now.queueSize, this.#component);
      result.observe(pool, now.poolSize, this.#component);
    };
    meter.addBatchObservableCallback(observe, [spans, unprotected, queue, pool]);
  }
}
