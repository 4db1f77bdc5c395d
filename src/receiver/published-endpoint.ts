/**
 * How released values leave: a Prometheus endpoint of their own, and an OTLP exporter where one is wanted.
 * Both read the same producer, so both say the same. No resource attribute tells host or process.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { ExportResultCode } from '@opentelemetry/core';
import { OTLPMetricExporter } from '@opentelemetry/exporter-metrics-otlp-http';
import { PrometheusExporter } from '@opentelemetry/exporter-prometheus';
import { resourceFromAttributes } from '@opentelemetry/resources';
import {
  MeterProvider,
  PeriodicExportingMetricReader,
  type MetricProducer,
  type PushMetricExporter,
} from '@opentelemetry/sdk-metrics';
import { closeServer, listen, type DoorProtection, type ListenAddress } from '../service/admin-server.js';
import type { Logger } from '../service/logger.js';
import { createWebServer } from '../service/tls-servers.js';

export interface OtlpMetricsOptions {
  /** For example `http://127.0.0.1:4318/v1/metrics`. */
  readonly url: string;
  /** The last window is sent again this often; a new one is sent at once. Default 60 s. */
  readonly intervalMillis?: number | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
}

export interface PublishedEndpointOptions {
  readonly producer: MetricProducer;
  readonly prometheus: ListenAddress;
  readonly otlp: OtlpMetricsOptions | undefined;
  readonly logger: Logger;
  /** Left out: in clear, and whoever asks is answered. */
  readonly protection?: DoorProtection;
}

export interface PublishedEndpoint {
  readonly port: number;
  /** Deliveries over OTLP. */
  readonly exports: { succeeded: number; failed: number };
  /** Sends the present values over OTLP now; failures are logged. */
  push(): void;
  close(): Promise<void>;
}

const DEFAULT_INTERVAL_MILLIS = 60_000;
const EXPORT_TIMEOUT_MILLIS = 10_000;
const CLOSE_MILLIS = 2000;

export async function startPublishedEndpoint(options: PublishedEndpointOptions): Promise<PublishedEndpoint> {
  const { producer, prometheus, otlp, logger, protection } = options;
  const exports = { succeeded: 0, failed: 0 };
  const scrape = new PrometheusExporter({
    preventServerStart: true,
    withoutScopeInfo: true,
    withoutTargetInfo: true,
    metricProducers: [producer],
  });
  const push = otlp && pushReader(otlp, producer, exports, logger);
  const provider = new MeterProvider({
    resource: resourceFromAttributes({ 'service.name': 'telemetry-kit' }),
    readers: push === undefined ? [scrape] : [scrape, push],
  });
  const answer = (request: IncomingMessage, response: ServerResponse): void => {
    if (protection?.access.turnedAway(request, response, 'query') !== true) serve(request, response, scrape);
  };
  const server = createWebServer(protection?.tls, answer, protection?.handshakeFailed);
  const port = await listen(server, prometheus, 'the Prometheus endpoint');
  return {
    port,
    exports,
    push: () => {
      push?.forceFlush().catch((error: unknown) => logger.warn({ err: error }, 'released values were not delivered'));
    },
    close: async () => {
      await provider.shutdown({ timeoutMillis: CLOSE_MILLIS }).catch(() => undefined);
      await closeServer(server, CLOSE_MILLIS);
    },
  };
}

function serve(request: IncomingMessage, response: ServerResponse, scrape: PrometheusExporter): void {
  if (request.url?.split('?')[0] !== '/metrics') response.writeHead(404).end('released values are at /metrics\n');
  else if (request.method !== 'GET') response.writeHead(405, { allow: 'GET' }).end();
  else scrape.getMetricsRequestHandler(request, response);
}

function pushReader(
  { url, headers, intervalMillis = DEFAULT_INTERVAL_MILLIS }: OtlpMetricsOptions,
  producer: MetricProducer,
  exports: { succeeded: number; failed: number },
  logger: Logger,
): PeriodicExportingMetricReader {
  const timeoutMillis = Math.min(EXPORT_TIMEOUT_MILLIS, intervalMillis);
  const exporter = new OTLPMetricExporter({
    url,
    timeoutMillis,
    ...(headers === undefined ? {} : { headers: { ...headers } }),
  });
  return new PeriodicExportingMetricReader({
    exporter: counted(exporter, exports, logger),
    exportIntervalMillis: intervalMillis,
    exportTimeoutMillis: timeoutMillis,
    metricProducers: [producer],
  });
}

/** The same exporter, its failures counted and logged instead of passed over in silence. */
function counted(
  inner: PushMetricExporter,
  exports: { succeeded: number; failed: number },
  logger: Logger,
): PushMetricExporter {
  return {
    export: (metrics, done) => {
      inner.export(metrics, (result) => {
        if (result.code === ExportResultCode.SUCCESS) exports.succeeded += 1;
        else {
          exports.failed += 1;
          logger.warn({ err: result.error }, 'released values were not delivered over OTLP');
        }
        done(result);
      });
    },
    forceFlush: () => inner.forceFlush(),
    shutdown: () => inner.shutdown(),
  };
}
