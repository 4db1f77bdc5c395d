/**
 * The key holder's own metrics, for its operators: raw counts of what it did, on its admin endpoint only.
 * Every reason is there from the start with 0.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { PrometheusExporter } from '@opentelemetry/exporter-prometheus';
import { MeterProvider } from '@opentelemetry/sdk-metrics';
import { REFUSAL_REASONS, SUPPRESSION_REASONS, type CellOutcome, type SelectionOutcome } from '../wire/release.js';

export interface KeyHolderMetrics {
  /** Counts the outcomes of an answered request and how long it took. */
  answered(outcomes: readonly (CellOutcome | SelectionOutcome)[], seconds: number): void;
  /** Counts a request that got no answer, by the error's code. */
  failed(code: string, seconds: number): void;
  /** Writes all of it in Prometheus' text format. */
  expose(request: IncomingMessage, response: ServerResponse): void;
  close(): Promise<void>;
}

/** Failures a caller can see; any other error counts as `internal`. */
const FAILURES = ['unavailable', 'storage', 'invalid_argument', 'permission_denied', 'internal'];

/** Seconds: a small window takes some tens of milliseconds, the largest one minutes. */
const DURATION_BOUNDS = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300];

/**
 * `reloads`: changes of certificates and tokens that were taken over or could not be. `handshakeFailures`: TLS
 * connections to the admin endpoint that ended before their handshake did.
 */
export function createMetrics(
  ledgerSequence: () => number,
  reloads: Readonly<Record<'succeeded' | 'failed', number>> = { succeeded: 0, failed: 0 },
  handshakeFailures: () => number = () => 0,
): KeyHolderMetrics {
  const exporter = new PrometheusExporter({
    preventServerStart: true,
    withoutScopeInfo: true,
    withoutTargetInfo: true,
  });
  const provider = new MeterProvider({ readers: [exporter] });
  const meter = provider.getMeter('telemetry-kit');
  const counter = (name: string, description: string) =>
    meter.createCounter(`telemetry_kit.keyholder.${name}`, { description });
  const released = counter('released', 'cells answered with noised values');
  const selected = counter('selected', 'selections of keys answered, however many keys were asked for');
  const suppressed = counter('suppressed', 'cells answered as suppressed, by reason');
  const refused = counter('refused', 'cells the key holder did not act on, by reason');
  const failures = counter('request.failures', 'requests without an answer, by error code');
  const duration = meter.createHistogram('telemetry_kit.keyholder.request.duration', {
    description: 'time to answer a release request',
    unit: 's',
    advice: { explicitBucketBoundaries: DURATION_BOUNDS },
  });
  meter
    .createObservableGauge('telemetry_kit.keyholder.ledger.sequence', { description: 'entries in the ledger' })
    .addCallback((result) => {
      result.observe(ledgerSequence());
    });

  meter
    .createObservableCounter('telemetry_kit.keyholder.reloads', { description: 'changed certificates and tokens' })
    .addCallback((result) => {
      for (const outcome of ['succeeded', 'failed'] as const) result.observe(reloads[outcome], { outcome });
    });

  meter
    .createObservableCounter('telemetry_kit.keyholder.handshake.failures', {
      description: 'TLS handshakes with the admin endpoint that failed',
    })
    .addCallback((result) => {
      result.observe(handshakeFailures());
    });

  released.add(0);
  selected.add(0);
  for (const reason of SUPPRESSION_REASONS) suppressed.add(0, { reason });
  for (const reason of REFUSAL_REASONS) refused.add(0, { reason });
  for (const code of FAILURES) failures.add(0, { 'error.type': code });

  const count = (outcome: CellOutcome | SelectionOutcome): void => {
    if (outcome.status === 'released') released.add(1);
    else if (outcome.status === 'selected') selected.add(1);
    else if (outcome.status === 'suppressed') suppressed.add(1, { reason: outcome.reason });
    else refused.add(1, { reason: outcome.reason });
  };
  return {
    answered: (outcomes, seconds) => {
      outcomes.forEach(count);
      duration.record(seconds);
    },
    failed: (code, seconds) => {
      failures.add(1, { 'error.type': FAILURES.includes(code) ? code : 'internal' });
      duration.record(seconds);
    },
    expose: (request, response) => {
      exporter.getMetricsRequestHandler(request, response);
    },
    close: () => provider.shutdown(),
  };
}
