/** `telemetry-kit keyholder`: one key holder process from a configuration folder. */
import { resolve } from 'node:path';
import { openPrivateKey } from '../keyholder/key-at-rest.js';
import type { KeyHolderListen } from '../keyholder/server.js';
import { startKeyHolder } from '../keyholder/start.js';
import type { PrivateKey } from '../paillier/private-key.js';
import { createLogger, type LogLevel } from '../service/logger.js';
import { formatAddress, parseAddress } from './addresses.js';
import { givenOptions } from './config/overrides.js';
import { readJson } from './files.js';
import { alignColumns } from './output.js';
import { readPassphrase } from './passphrase.js';
import { runService, type RunningService, type ServiceOptions } from './run-service.js';
import { openPlans, readKeyHolderConfig, type KeyHolderConfig } from './service-config.js';
import { ServiceProtection } from './service-protection.js';

export interface KeyHolderOptions extends ServiceOptions {
  readonly data: string;
  readonly logLevel?: LogLevel;
  readonly passphraseFile?: string;
  readonly admin?: string;
  /** URL of a Prometheus server, or a file. */
  readonly anchor?: string;
  readonly acceptClock?: boolean;
  readonly allowUnprotectedNetwork?: boolean;
}

/** Resolves when it was asked to stop and has drained. */
export function keyHolder(options: KeyHolderOptions): Promise<void> {
  return runService(() => start(options), options);
}

async function start(options: KeyHolderOptions): Promise<RunningService> {
  const folder = resolve(options.data);
  const config = readKeyHolderConfig(
    folder,
    givenOptions({
      admin: ['--admin', options.admin],
      allowUnprotectedNetwork: ['--allow-unprotected-network', options.allowUnprotectedNetwork],
      logLevel: ['--log-level', options.logLevel],
    }),
  );
  const admin = parseAddress(config.admin);
  const logger = createLogger('keyholder', config.logLevel);
  const protection = new ServiceProtection(folder, logger);
  const plans = openPlans(folder, config);
  const anchor = anchorOf(folder, config, options.anchor);
  const running = await startKeyHolder({
    dataFolder: resolve(folder, config.dataFolder),
    privateKeys: await openKeys(folder, config, options.passphraseFile),
    plans,
    ceilings: config.ceilings,
    domains: config.domains,
    ...(config.maxWindowAgeDays === undefined ? {} : { maxWindowAgeDays: config.maxWindowAgeDays }),
    ...(anchor === undefined ? {} : { anchor }),
    acceptClock: options.acceptClock ?? false,
    listen: listenOf(folder, config, protection),
    admin,
    ...protection.optionsFor(config),
    logger,
  });
  const scheme = config.tls === undefined ? 'http' : 'https';
  const adminUrl = `${scheme}://${formatAddress({ host: admin.host, port: running.adminPort ?? admin.port })}`;
  return {
    ready: { ready: 'keyholder', pid: process.pid, endpoints: { address: running.address, admin: adminUrl } },
    description: `the key holder is ready\n${alignColumns(
      [
        ['asked by the receiver', running.address],
        ['operations', adminUrl],
      ],
      '  ',
    )}`,
    reload: () => protection.files.reload(),
    close: () => {
      protection.files.stop();
      return running.close();
    },
  };
}

/** All under one passphrase: from the option, the configured file, the environment or a prompt, in this order. */
async function openKeys(folder: string, config: KeyHolderConfig, passphraseFile?: string): Promise<PrivateKey[]> {
  const configured = config.passphraseFile === undefined ? undefined : resolve(folder, config.passphraseFile);
  const passphrase = await readPassphrase(passphraseFile ?? configured, 'the private key');
  const keys: PrivateKey[] = [];
  for (const file of config.privateKeys) {
    keys.push(await openPrivateKey(readJson(resolve(folder, file), 'the private key'), passphrase));
  }
  return keys;
}

/** A path from the command line is where the operator stands, one from the configuration in its folder. */
function anchorOf(folder: string, { anchor: configured }: KeyHolderConfig, given?: string): string | undefined {
  const isUrl = (text: string): boolean => /^https?:/.test(text);
  if (given !== undefined) return isUrl(given) ? given : resolve(given);
  return configured === undefined || isUrl(configured) ? configured : resolve(folder, configured);
}

/** The schema has seen to it that one of both ways is complete. */
function listenOf(folder: string, { listen }: KeyHolderConfig, protection: ServiceProtection): KeyHolderListen {
  const { socketPath, address = '', tls, allowedClients } = listen;
  return tls === undefined
    ? { socketPath: resolve(folder, socketPath ?? '') }
    : { ...parseAddress(address), tls: protection.mutual(tls), allowedClients };
}
