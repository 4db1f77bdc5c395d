/** Puts a receiver together, part by part; if one cannot start, those before it are closed again. */
import { availableParallelism } from 'node:os';
import type { Store } from '../aggregation/store.js';
import type { CompiledPlan } from '../plan/compile.js';
import type { Logger } from '../service/logger.js';
import { systemClock } from '../clock.js';
import { systemRandom } from '../random.js';
import { AccessControl } from '../service/access.js';
import { closeServer, createAdminServer, listen } from '../service/admin-server.js';
import { HandshakeFailures } from '../service/handshake-failures.js';
import { AgreedClock } from './agreed-clock.js';
import { Capacity } from './capacity.js';
import { checkOptions } from './check-options.js';
import { assertKeysInUse, ClosingFactors } from './closing-factors.js';
import { startGrpcTransport } from './grpc-transport.js';
import { startHttpTransport } from './http-transport.js';
import { IngestCounters } from './ingest-counters.js';
import { IngestPipeline } from './ingest.js';
import type { ReceiverLimits } from './limits.js';
import { OperationalMetrics } from './operational-metrics.js';
import type { ReceiverCounts, ReceiverOptions, RunningReceiver } from './options.js';
import { openStore } from './open-store.js';
import { describePublished } from './publication.js';
import { startPublishedEndpoint } from './published-endpoint.js';
import { PublishedMetrics } from './published-metrics.js';
import { ReleaseScheduler } from './release-scheduler.js';
import { Releaser } from './releaser.js';
import { Teardown } from './teardown.js';
import type { RunningTransport, TransportOptions } from './transport.js';
import { VerifyPool } from './verify-pool.js';
import { WindowCloser } from './window-closer.js';

export type { ReceiverOptions, RunningReceiver } from './options.js';

const DEFAULT_RETENTION_SECONDS = 7 * 86_400;
const ADMIN_CLOSE_MILLIS = 1000;

/**
 * Starts a receiver; resolves when it takes requests and its workers are warm. Rejects with
 * `invalid_configuration` or `invalid_plan` for options that contradict each other, `already_running` where
 * another process uses the data folder, `address_in_use` naming the port, `storage` where the store fails.
 */
export async function startReceiver(options: ReceiverOptions): Promise<RunningReceiver> {
  const limits = checkOptions(options);
  const teardown = new Teardown();
  try {
    return await assemble(options, limits, teardown);
  } catch (error) {
    await teardown.run().catch(() => undefined);
    throw error;
  }
}

async function assemble(
  options: ReceiverOptions,
  limits: ReceiverLimits,
  teardown: Teardown,
): Promise<RunningReceiver> {
  const { plans, publicKeys: keys, decryptor, logger, random = systemRandom } = options;
  teardown.add(() => decryptor.close?.());

  const store = await openStore(options);
  teardown.add(() => store.close());
  const agreed = await AgreedClock.start(store, options.clock ?? systemClock);
  teardown.add(() => {
    agreed.stop();
  });
  const clock = agreed.now;
  assertKeysInUse(await store.keysInUse(), plans, keys);

  let notReady: string | undefined = 'starting';
  const metrics = new OperationalMetrics();
  const access = new AccessControl(options.tokens, clock);
  const handshakes = new HandshakeFailures();
  const protection = { tls: options.tls, access, handshakeFailed: handshakes.note };
  const adminServer = createAdminServer({ notReadyBecause: () => notReady, metrics: metrics.serve }, protection);
  const adminPort = await listen(adminServer, options.admin, 'the admin endpoint');
  teardown.add(async () => {
    await metrics.close();
    await closeServer(adminServer, ADMIN_CLOSE_MILLIS);
  });

  const workers = options.verifyWorkers ?? Math.max(1, availableParallelism() - 1);
  const verification = new VerifyPool({ plans, keys, workers, logger });
  teardown.add(() => verification.close());
  const kernels = await verification.warmUp();
  logger.info({ workers, kernels }, 'verification is ready');

  const producer = new PublishedMetrics(store, plans);
  const endpoint = await startPublishedEndpoint({
    producer,
    prometheus: options.prometheus,
    otlp: options.otlpMetrics,
    logger,
    protection,
  });
  teardown.add(() => endpoint.close());

  const factors = new ClosingFactors(keys, random);
  const closer = await WindowCloser.open({ plans, store, factors, logger, startedAt: clock() / 1000 });
  await warnAboutForgotten(store, plans, logger);
  const releaser = new Releaser({ plans, store, decryptor, factors, logger });
  const scheduler = new ReleaseScheduler({
    store,
    closer,
    releaser,
    clock,
    logger,
    onPublished: () => endpoint.push(),
    retentionSeconds: options.retentionSeconds ?? DEFAULT_RETENTION_SECONDS,
  });
  teardown.add(() => scheduler.close());

  const counters = new IngestCounters();
  const { onVerified, onRecorded } = metrics;
  const pipeline = new IngestPipeline({
    plans,
    keys,
    verification,
    store,
    clock,
    counters,
    limits,
    onVerified,
    onRecorded,
  });
  const inFlightBytes = new Capacity(limits.maxInFlightBytes);
  const transport: Omit<TransportOptions, 'address'> = {
    ingest: (request, source) => pipeline.ingest(request, source),
    inFlightBytes,
    counters,
    limits,
    logger,
    ...protection,
  };
  const transports: RunningTransport[] = [];
  teardown.add(async () => {
    notReady = 'stopping';
    await Promise.all(transports.map((running) => running.close()));
  });
  const http = await startHttpTransport({ ...transport, address: options.otlpHttp });
  transports.push(http);
  const grpc = await startGrpcTransport({ ...transport, address: options.otlpGrpc });
  transports.push(grpc);

  metrics.observe({
    counters,
    kernels,
    queuedEnvelopes: () => pipeline.queued,
    inFlightBytes: () => inFlightBytes.used,
    releases: releaser.attempts,
    unansweredWindows: async () => (await store.unselected()).length + (await store.unanswered()).length,
    keyHolderReachable: () => releaser.reachable,
    exports: () => endpoint.exports,
    refusedAccess: access.refused,
    handshakeFailures: () => handshakes.count,
    reloads: options.reloads?.counts,
    certificateExpiry: () => options.tls?.value.expiresAt,
  });
  scheduler.start();
  notReady = undefined;
  return {
    ports: { otlpHttp: http.port, otlpGrpc: grpc.port, prometheus: endpoint.port, admin: adminPort },
    releases: () => describePublished(store, plans),
    counters: () => countsOf(counters),
    close: () => teardown.run(),
  };
}

/** Data under a plan that is no longer configured waits for ever; better to hear of it. */
async function warnAboutForgotten(store: Store, plans: readonly CompiledPlan[], logger: Logger): Promise<void> {
  const unfinished = await store.unfinishedReports();
  for (const { planHash, report } of unfinished) {
    if (plans.some(({ hashText }) => hashText === planHash)) continue;
    logger.warn(
      { planHash, report },
      'the store holds unpublished windows of a plan that is not configured: configure it again until they are published',
    );
  }
}

function countsOf({ accepted, duplicate, rejected }: IngestCounters): ReceiverCounts {
  return { accepted, duplicate, rejected: { ...rejected } };
}
