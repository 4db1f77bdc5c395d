// @ts-check
/** The demo's shop, with OpenTelemetry metrics beside its traces: the processor's own are among them. */
import process from 'node:process';
import { metrics } from '@opentelemetry/api';
import { PrometheusExporter } from '@opentelemetry/exporter-prometheus';
import { MeterProvider } from '@opentelemetry/sdk-metrics';

const { metricsPort } = JSON.parse(process.argv[2] ?? '{}');
const exporter = new PrometheusExporter({ host: '127.0.0.1', port: metricsPort });
metrics.setGlobalMeterProvider(new MeterProvider({ readers: [exporter] }));
await import('../examples/shop/demo/shop-process.mjs');
