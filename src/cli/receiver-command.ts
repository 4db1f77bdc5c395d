/** `telemetry-kit receiver`: one receiver process from a configuration folder. Loads no private key. */
import { resolve } from 'node:path';
import { createKeyHolderClient, type KeyHolderClient } from '../receiver/keyholder-client.js';
import { startReceiver, type RunningReceiver } from '../receiver/start.js';
import { createLogger, type LogLevel } from '../service/logger.js';
import { decodePublicKey } from '../wire/public-key-document.js';
import { formatAddress, parseAddress } from './addresses.js';
import { givenOptions, type Override } from './config/overrides.js';
import { readJson } from './files.js';
import { alignColumns } from './output.js';
import { runService, type RunningService, type ServiceOptions } from './run-service.js';
import { admitPlans } from './seen-plans.js';
import { openPlans, readReceiverConfig, type ReceiverConfig } from './service-config.js';
import { resolveTarget } from './target.js';
import { ServiceProtection } from './service-protection.js';

export interface ReceiverOptions extends ServiceOptions {
  readonly data: string;
  readonly logLevel?: LogLevel;
  readonly otlpHttp?: string;
  readonly otlpGrpc?: string;
  readonly prometheus?: string;
  readonly admin?: string;
  readonly otlpMetricsUrl?: string;
  readonly store?: string;
  readonly allowUnprotectedNetwork?: boolean;
}

/** Resolves when it was asked to stop and has drained. */
export function receiver(options: ReceiverOptions): Promise<void> {
  return runService(() => start(options), options);
}

async function start(options: ReceiverOptions): Promise<RunningService> {
  const folder = resolve(options.data);
  const config = readReceiverConfig(folder, overridesOf(options));
  const logger = createLogger('receiver', config.logLevel);
  const protection = new ServiceProtection(folder, logger);
  const dataFolder = resolve(folder, config.dataFolder);
  const plans = openPlans(folder, config);
  admitPlans(dataFolder, plans);
  const decryptor = keyHolderOf(folder, config, protection);
  const running = await startReceiver({
    dataFolder,
    ...(config.store === undefined ? {} : { store: config.store }),
    plans,
    publicKeys: config.publicKeys.map((file) => decodePublicKey(readJson(resolve(folder, file), 'the public key'))),
    decryptor,
    otlpHttp: parseAddress(config.otlpHttp),
    otlpGrpc: parseAddress(config.otlpGrpc),
    prometheus: parseAddress(config.prometheus),
    admin: parseAddress(config.admin),
    ...(config.otlpMetrics === undefined ? {} : { otlpMetrics: config.otlpMetrics }),
    ...(config.verifyWorkers === undefined ? {} : { verifyWorkers: config.verifyWorkers }),
    ...(config.limits === undefined ? {} : { limits: config.limits }),
    retentionSeconds: config.retentionSeconds,
    ...protection.optionsFor(config),
    logger,
  });
  const endpoints = endpointsOf(config, running.ports);
  return {
    ready: { ready: 'receiver', pid: process.pid, endpoints },
    description: `the receiver is ready\n${alignColumns(Object.entries(endpoints), '  ')}`,
    reload: () => protection.files.reload(),
    close: async () => {
      protection.files.stop();
      await running.close();
      decryptor.close();
    },
  };
}

/** As clients write them, with the ports that were really taken. */
function endpointsOf(config: ReceiverConfig, ports: RunningReceiver['ports']): Record<string, string> {
  const scheme = config.tls === undefined ? 'http' : 'https';
  const at = (address: string, port: number): string => formatAddress({ ...parseAddress(address), port });
  return {
    otlpHttp: `${scheme}://${at(config.otlpHttp, ports.otlpHttp)}/v1/traces`,
    otlpGrpc: at(config.otlpGrpc, ports.otlpGrpc),
    prometheus: `${scheme}://${at(config.prometheus, ports.prometheus)}/metrics`,
    admin: `${scheme}://${at(config.admin, ports.admin)}`,
  };
}

function overridesOf(options: ReceiverOptions): Override[] {
  return givenOptions({
    otlpHttp: ['--otlp-http', options.otlpHttp],
    otlpGrpc: ['--otlp-grpc', options.otlpGrpc],
    prometheus: ['--prometheus', options.prometheus],
    admin: ['--admin', options.admin],
    store: ['--store', options.store],
    'otlpMetrics.url': ['--otlp-metrics-url', options.otlpMetricsUrl],
    allowUnprotectedNetwork: ['--allow-unprotected-network', options.allowUnprotectedNetwork],
    logLevel: ['--log-level', options.logLevel],
  });
}

function keyHolderOf(
  folder: string,
  { keyHolder: { target, tls, timeoutMillis } }: ReceiverConfig,
  protection: ServiceProtection,
): KeyHolderClient {
  return createKeyHolderClient({
    target: resolveTarget(folder, target),
    timeoutMillis,
    ...(tls === undefined ? {} : { tls: protection.mutual(tls) }),
  });
}
