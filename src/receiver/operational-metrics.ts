/**
 * The receiver's own metrics, for its operators only: raw counts, so they leave by the admin port and never
 * beside released values. Every rejection reason is there from the start, at 0.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Attributes, Meter } from '@opentelemetry/api';
import { PrometheusExporter } from '@opentelemetry/exporter-prometheus';
import { emptyResource } from '@opentelemetry/resources';
import { MeterProvider } from '@opentelemetry/sdk-metrics';
import type { AccessRefusal } from '../service/tokens.js';
import { REJECTION_REASONS } from '../wire/rejection.js';
import type { IngestCounters } from './ingest-counters.js';
import type { VerifyKernel } from './verify-worker.js';

/** Where the numbers come from; read when somebody scrapes. */
export interface OperationalState {
  readonly counters: IngestCounters;
  /** What does the arithmetic of verification, by key. */
  readonly kernels: readonly VerifyKernel[];
  readonly queuedEnvelopes: () => number;
  readonly inFlightBytes: () => number;
  readonly releases: { readonly succeeded: number; readonly failed: number };
  readonly unansweredWindows: () => Promise<number>;
  /** `undefined` before the first request to the key holder. */
  readonly keyHolderReachable: () => boolean | undefined;
  readonly exports: () => { readonly succeeded: number; readonly failed: number };
  /** Requests without the right token. */
  readonly refusedAccess: Readonly<Record<AccessRefusal, number>>;
  /** TLS connections that ended before their handshake did. */
  readonly handshakeFailures: () => number;
  /** Changes of certificates and tokens that were taken over or could not be. */
  readonly reloads: { readonly succeeded: number; readonly failed: number } | undefined;
  /** Unix milliseconds; `undefined` without TLS. */
  readonly certificateExpiry: () => number | undefined;
}

/** Seconds; from a millisecond on a fast disk to a queue that is far too long. */
const DURATION_BUCKETS = [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];
const PREFIX = 'telemetry_kit.receiver';

export class OperationalMetrics {
  readonly #exporter = new PrometheusExporter({
    preventServerStart: true,
    withoutScopeInfo: true,
    withoutTargetInfo: true,
  });
  readonly #provider = new MeterProvider({ resource: emptyResource(), readers: [this.#exporter] });
  readonly #meter: Meter = this.#provider.getMeter('telemetry-kit');
  readonly #verifySeconds = this.#duration('verify.duration', 'Time a request waits for its envelopes to be verified.');
  readonly #recordSeconds = this.#duration(
    'record.duration',
    'Time a request waits for its contributions to be durable.',
  );

  readonly onVerified = (seconds: number): void => this.#verifySeconds.record(seconds);
  readonly onRecorded = (seconds: number): void => this.#recordSeconds.record(seconds);

  /** Starts showing the state. */
  observe(state: OperationalState): void {
    const { counters } = state;
    this.#counts('requests', 'OTLP requests answered.', 'outcome', () => counters.requests);
    this.#counts('contributions', 'Contributions counted, now or before.', 'outcome', () => ({
      accepted: counters.accepted,
      duplicate: counters.duplicate,
    }));
    this.#counts('rejected', 'Contributions not counted.', 'reason', () =>
      Object.fromEntries(REJECTION_REASONS.map((reason) => [reason, counters.rejected[reason]])),
    );
    this.#counts('releases', 'Requests to the key holder.', 'outcome', () => state.releases);
    this.#counts('metric_exports', 'Deliveries of released values over OTLP.', 'outcome', state.exports);
    this.#counts('access.refused', 'Requests without the right token.', 'reason', () => ({ ...state.refusedAccess }));
    this.#counts('reloads', 'Changed certificates and tokens.', 'outcome', () => ({
      succeeded: state.reloads?.succeeded ?? 0,
      failed: state.reloads?.failed ?? 0,
    }));
    this.#gauge('certificate.expiry', 's', 'Unix time at which the certificate expires.', () => {
      const expiry = state.certificateExpiry();
      return expiry === undefined ? undefined : expiry / 1000;
    });
    this.#meter
      .createObservableCounter(`${PREFIX}.handshake.failures`, { description: 'TLS handshakes that failed.' })
      .addCallback((result) => result.observe(state.handshakeFailures()));
    this.#meter
      .createObservableCounter(`${PREFIX}.spans`, { unit: '{span}', description: 'Spans of answered requests.' })
      .addCallback((result) => result.observe(counters.spans));
    this.#meter
      .createObservableGauge(`${PREFIX}.verify.kernel`, { description: 'What does the arithmetic of verification.' })
      .addCallback((result) => {
        for (const { kid, name } of state.kernels) result.observe(1, { kid, kernel: name });
      });
    this.#gauge('queue.size', '{envelope}', 'Envelopes taken on and not yet answered.', state.queuedEnvelopes);
    this.#gauge('in_flight.size', '{byte}', 'Request bodies held, decompressed.', state.inFlightBytes);
    this.#gauge('unanswered', '{window}', 'Closed windows the key holder has not answered.', state.unansweredWindows);
    this.#gauge('key_holder.reachable', '{key_holder}', '1 if the key holder answered last time, 0 if not.', () => {
      const reachable = state.keyHolderReachable();
      return reachable === undefined ? undefined : Number(reachable);
    });
  }

  readonly serve = (request: IncomingMessage, response: ServerResponse): void => {
    this.#exporter.getMetricsRequestHandler(request, response);
  };

  async close(): Promise<void> {
    await this.#provider.shutdown();
  }

  #duration(name: string, description: string): ReturnType<Meter['createHistogram']> {
    const advice = { explicitBucketBoundaries: DURATION_BUCKETS };
    return this.#meter.createHistogram(`${PREFIX}.${name}`, { unit: 's', description, advice });
  }

  #counts(name: string, description: string, attribute: string, read: () => Readonly<Record<string, number>>): void {
    this.#meter.createObservableCounter(`${PREFIX}.${name}`, { description }).addCallback((result) => {
      for (const [key, value] of Object.entries(read())) {
        const attributes: Attributes = { [attribute]: key };
        result.observe(value, attributes);
      }
    });
  }

  #gauge(name: string, unit: string, description: string, read: () => number | undefined | Promise<number>): void {
    this.#meter.createObservableGauge(`${PREFIX}.${name}`, { unit, description }).addCallback(async (result) => {
      const value = await read();
      if (value !== undefined) result.observe(value);
    });
  }
}
