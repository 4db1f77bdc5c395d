/** `telemetry-kit receiver`: one receiver process from a configuration folder. Loads no private key. */
import { resolve } from 'node:path';
import { createKeyHolderClient, type KeyHolderClient } from '../receiver/keyholder-client.js';
import { startReceiver, type RunningReceiver } from '../receiver/start.js';
import { createLogger, type LogLevel } from '../service/logger.js';
import { decodePublicKey } from '../wire/public-key-document.js';
import { formatAddress, parseAddress } from './addresses.js';
import { readJson } from './files.js';
import { alignColumns } from './output.js';
import { runService, type RunningService, type ServiceOptions } from './run-service.js';
import { admitPlans } from './seen-plans.js';
import { openPlans, readReceiverConfig, type ReceiverConfig } from './service-config.js';
import { resolveTarget } from './target.js';
import { readTls } from './tls-files.js';

export interface ReceiverOptions extends ServiceOptions {
  readonly data: string;
  readonly logLevel: LogLevel;
  readonly otlpHttp?: string;
  readonly otlpGrpc?: string;
  readonly prometheus?: string;
  readonly admin?: string;
  readonly otlpMetricsUrl?: string;
}

/** Resolves when it was asked to stop and has drained. */
export function receiver(options: ReceiverOptions): Promise<void> {
  return runService(() => start(options), options);
}

async function start(options: ReceiverOptions): Promise<RunningService> {
  const folder = resolve(options.data);
  const config = overridden(readReceiverConfig(folder), options);
  const dataFolder = resolve(folder, config.dataFolder);
  const plans = openPlans(folder, config);
  admitPlans(dataFolder, plans);
  const decryptor = keyHolderOf(folder, config);
  const running = await startReceiver({
    dataFolder,
    plans,
    publicKeys: config.publicKeys.map((file) => decodePublicKey(readJson(resolve(folder, file), 'the public key'))),
    decryptor,
    otlpHttp: parseAddress(config.otlpHttp),
    otlpGrpc: parseAddress(config.otlpGrpc),
    prometheus: parseAddress(config.prometheus),
    admin: parseAddress(config.admin),
    ...(config.otlpMetrics === undefined ? {} : { otlpMetrics: config.otlpMetrics }),
    logger: createLogger('receiver', options.logLevel),
  });
  const endpoints = endpointsOf(config, running.ports);
  return {
    ready: { ready: 'receiver', pid: process.pid, endpoints },
    description: `the receiver is ready\n${alignColumns(Object.entries(endpoints), '  ')}`,
    close: async () => {
      await running.close();
      decryptor.close();
    },
  };
}

/** As clients write them, with the ports that were really taken. */
function endpointsOf(config: ReceiverConfig, ports: RunningReceiver['ports']): Record<string, string> {
  const at = (address: string, port: number): string => formatAddress({ ...parseAddress(address), port });
  return {
    otlpHttp: `http://${at(config.otlpHttp, ports.otlpHttp)}/v1/traces`,
    otlpGrpc: at(config.otlpGrpc, ports.otlpGrpc),
    prometheus: `http://${at(config.prometheus, ports.prometheus)}/metrics`,
    admin: `http://${at(config.admin, ports.admin)}`,
  };
}

/** The configuration with what the command line says in its place. */
function overridden(config: ReceiverConfig, options: ReceiverOptions): ReceiverConfig {
  const { otlpHttp, otlpGrpc, prometheus, admin, otlpMetricsUrl: url } = options;
  return {
    ...config,
    ...(otlpHttp === undefined ? {} : { otlpHttp }),
    ...(otlpGrpc === undefined ? {} : { otlpGrpc }),
    ...(prometheus === undefined ? {} : { prometheus }),
    ...(admin === undefined ? {} : { admin }),
    ...(url === undefined ? {} : { otlpMetrics: { ...config.otlpMetrics, url } }),
  };
}

function keyHolderOf(folder: string, { keyHolder: { target, tls } }: ReceiverConfig): KeyHolderClient {
  return createKeyHolderClient({
    target: resolveTarget(folder, target),
    ...(tls === undefined ? {} : { tls: readTls(folder, tls) }),
  });
}
