/** Every setting of the receiver. */
import * as z from 'zod/mini';
import { DEFAULT_LIMITS, type ReceiverLimits } from '../../receiver/limits.js';
import { DEFAULT_PORTS } from '../layout.js';
import { setting } from './setting.js';
import { address, files, mutualTls, sharedSettings, text, wholeNumber } from './shared-settings.js';

const LIMIT_DESCRIPTIONS: Readonly<Record<keyof ReceiverLimits, string>> = {
  maxBodyBytes: 'Largest HTTP body, also after decompression; beyond it: 413.',
  maxGrpcMessageBytes: 'Largest gRPC message, also after decompression; beyond it: RESOURCE_EXHAUSTED.',
  maxGrpcStreams: 'Calls that one gRPC connection may have running.',
  maxInFlightBytes: 'Bytes of all bodies held at one moment; beyond it: 503, UNAVAILABLE.',
  maxQueuedEnvelopes: 'Envelopes taken on and not yet answered; beyond it: 503, UNAVAILABLE.',
  maxQueuedBytes: 'The same in bytes of envelope text.',
  maxConnections: 'Open connections of each transport; later ones are closed at once.',
  maxConnectionsPerPeer: 'The same of one address.',
  headersTimeoutMillis: 'Time for a sender to finish its headers, in milliseconds.',
  requestTimeoutMillis: 'Time for a sender to finish its request, in milliseconds.',
  drainTimeoutMillis: 'How long a stop waits for running requests, in milliseconds.',
};

const limits = Object.fromEntries(
  Object.entries(DEFAULT_LIMITS).map(([name, value]) => [
    name,
    setting(z._default(wholeNumber(1), value as number), {
      description: LIMIT_DESCRIPTIONS[name as keyof ReceiverLimits],
      example: String(value),
    }),
  ]),
) as Record<keyof ReceiverLimits, z.ZodMiniDefault<ReturnType<typeof wholeNumber>>>;

const isPostgresUrl = (value: string): boolean => /^postgres(ql)?:\/\/./.test(value);

const loopback = (port: number): string => `127.0.0.1:${String(port)}`;
const listening = (port: number, flag: string, description: string) =>
  setting(z._default(address(), loopback(port)), { description, example: loopback(port), flag });

export const receiverSettings = z.strictObject({
  ...sharedSettings(DEFAULT_PORTS.receiverAdmin, 'OTLP over HTTP and gRPC, released values and the admin endpoint'),
  store: setting(
    z.optional(
      text('a URL').check(z.refine(isPostgresUrl, 'is no PostgreSQL URL: write postgres://user@host:port/database')),
    ),
    {
      description:
        'PostgreSQL database that any number of receivers share; needs the package `pg`. Left out: a SQLite file in dataFolder.',
      example: 'postgres://receiver@database.internal/telemetry',
      flag: '--store',
      secret: true,
    },
  ),
  publicKeys: files({ description: 'Public keys of the plans.', example: '[public-key.json]' }),
  keyHolder: z.strictObject({
    target: setting(text('unix:PATH or host:port'), {
      description: 'Where the key holder is asked: `unix:PATH`, or `host:port` with tls.',
      example: 'unix:../run/key-holder.sock',
    }),
    tls: z.optional(mutualTls()),
    timeoutMillis: setting(z._default(wholeNumber(100), 30_000), {
      description: 'How long one question may take, in milliseconds.',
      example: '30000',
    }),
  }),
  otlpHttp: listening(DEFAULT_PORTS.otlpHttp, '--otlp-http', 'OTLP/HTTP in. Token scope: ingest.'),
  otlpGrpc: listening(DEFAULT_PORTS.otlpGrpc, '--otlp-grpc', 'OTLP/gRPC in. Token scope: ingest.'),
  prometheus: listening(
    DEFAULT_PORTS.prometheus,
    '--prometheus',
    'Released values for Prometheus, at /metrics. Token scope: query.',
  ),
  otlpMetrics: z.optional(
    z.strictObject({
      url: setting(z.url('must be a URL'), {
        description: 'Where released values are pushed as OTLP metrics.',
        example: 'http://127.0.0.1:14319/v1/metrics',
        flag: '--otlp-metrics-url',
      }),
      intervalMillis: setting(z.optional(wholeNumber(100)), {
        description: 'The last window is sent again this often, in milliseconds; 60000 if left out.',
        example: '60000',
      }),
      headers: setting(z.optional(z.record(z.string(), z.string())), {
        description: 'Headers to send along, such as an authorization.',
        example: '{ authorization: Bearer … }',
        secret: true,
      }),
    }),
  ),
  verifyWorkers: setting(z.optional(wholeNumber(1, 1024)), {
    description: 'Threads that verify; one less than there are cores if left out, at least 1.',
    example: '3',
  }),
  retentionSeconds: setting(z._default(wholeNumber(0), 7 * 86_400), {
    description: 'How long published windows are kept, in seconds. The last of each report is always kept.',
    example: '604800',
  }),
  limits: z.optional(z.strictObject(limits)),
});

/** Complete: every default is filled in. */
export type ReceiverConfig = z.output<typeof receiverSettings>;
/** As it may be written. */
export type ReceiverConfigFile = z.input<typeof receiverSettings>;
