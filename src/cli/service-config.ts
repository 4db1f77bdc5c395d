/** The configuration of a service as its command reads it: folder, options and environment in, checked values out. */
import { resolve } from 'node:path';
import type { CompiledPlan } from '../plan/compile.js';
import { openSignedPlan } from '../plan/document.js';
import { faultsAsError } from './config/config-fault.js';
import type { KeyHolderConfig } from './config/keyholder-settings.js';
import { configFileIn, loadConfig, type ConfigOf } from './config/load-config.js';
import type { Override } from './config/overrides.js';
import type { ReceiverConfig } from './config/receiver-settings.js';
import type { ServiceName } from './service-names.js';
import { readJson } from './files.js';

export type { KeyHolderConfig, KeyHolderConfigFile } from './config/keyholder-settings.js';
export type { ReceiverConfig, ReceiverConfigFile } from './config/receiver-settings.js';

/** What `init` writes; JSON is YAML. */
export const CONFIG_FILE = 'config.json';

/** Throws `invalid_configuration` naming every fault with its place. */
export function readReceiverConfig(folder: string, options: readonly Override[] = []): ReceiverConfig {
  return readConfig('receiver', folder, options);
}

/** Throws `invalid_configuration` naming every fault with its place. */
export function readKeyHolderConfig(folder: string, options: readonly Override[] = []): KeyHolderConfig {
  return readConfig('keyholder', folder, options);
}

/** Opens every plan of a configuration under the owner's key; throws `untrusted_plan` or `invalid_plan`. */
export function openPlans(folder: string, config: { plans: string[]; ownerKey: string }): CompiledPlan[] {
  return config.plans.map((file) =>
    openSignedPlan(readJson(resolve(folder, file), 'the plan'), { ownerKey: config.ownerKey }),
  );
}

function readConfig<Name extends ServiceName>(
  name: Name,
  folder: string,
  options: readonly Override[],
): ConfigOf<Name> {
  const { config, faults } = loadConfig(name, configFileIn(folder), { options, environment: process.env });
  if (config === undefined) throw faultsAsError(faults);
  return config;
}
