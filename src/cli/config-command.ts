/** `telemetry-kit config`: check a configuration, show what is in effect, print reference and JSON Schema. */
import { statSync } from 'node:fs';
import { TelemetryKitError } from '../errors.js';
import { describeFault, type ConfigFault } from './config/config-fault.js';
import { missingFiles, openDoors } from './config/file-checks.js';
import { configFileIn, loadConfig, type ConfigOf, type LoadedConfig } from './config/load-config.js';
import { configurationReference, configurationSchema } from './config/reference.js';
import { SERVICE_NAMES, type ServiceName } from './service-names.js';
import { settingLines, withoutSecrets } from './config/show-config.js';
import { parseYaml } from './config/yaml-document.js';
import { readText } from './files.js';
import { alignColumns, writeData, writeJson } from './output.js';
import { AnsweredNo } from './run-program.js';

export interface ConfigOptions {
  readonly service?: ServiceName;
  readonly json?: boolean;
}

type Loaded = LoadedConfig<ConfigOf<ServiceName>>;

/** Prints every fault; throws `AnsweredNo` where there is one. */
export function configCheck(path: string, options: ConfigOptions): void {
  const file = configFile(path);
  const name = serviceOf(file, options);
  const loaded: Loaded = loadConfig(name, file, { environment: process.env });
  const faults = allFaults(name, loaded);
  if (options.json === true) writeJson({ file: loaded.file, service: name, faults });
  else if (faults.length === 0) writeData(`${file}: a good configuration of the ${name}`);
  else writeData(faults.map(describeFault).join('\n'));
  if (faults.length > 0) throw new AnsweredNo();
}

/** Prints what is in effect; throws `AnsweredNo` after printing faults where there are any. */
export function configShow(path: string, options: ConfigOptions): void {
  const file = configFile(path);
  const name = serviceOf(file, options);
  const loaded: Loaded = loadConfig(name, file, { environment: process.env });
  if (loaded.config === undefined) {
    writeData(loaded.faults.map(describeFault).join('\n'));
    throw new AnsweredNo();
  }
  if (options.json === true) writeJson(withoutSecrets(name, loaded.config));
  else writeData(alignColumns(settingLines(name, loaded.config, loaded.originOf)));
}

export function configReference(): void {
  process.stdout.write(configurationReference());
}

/** Throws `invalid_configuration` for a service that does not exist. */
export function configSchema(name: string): void {
  writeJson(configurationSchema(knownService(name)));
}

function allFaults(name: ServiceName, loaded: Loaded): ConfigFault[] {
  return loaded.config === undefined ? [...loaded.faults] : [...missingFiles(name, loaded), ...openDoors(loaded)];
}

/** A folder stands for the configuration in it. */
function configFile(path: string): string {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true ? configFileIn(path) : path;
}

/** Told by the option, else by the kind of keys that the file names. */
function serviceOf(file: string, { service }: ConfigOptions): ServiceName {
  if (service !== undefined) return knownService(service);
  const value = valueOrNothing(readText(file, 'the configuration'));
  const keys = typeof value === 'object' && value !== null ? Object.keys(value) : [];
  if (['privateKeys', 'ceilings', 'domains', 'listen'].some((key) => keys.includes(key))) return 'keyholder';
  return 'receiver';
}

function valueOrNothing(source: string): unknown {
  try {
    return parseYaml(source).value;
  } catch {
    return undefined;
  }
}

function knownService(name: string): ServiceName {
  const known = SERVICE_NAMES.find((each) => each === name);
  if (known !== undefined) return known;
  throw new TelemetryKitError('invalid_configuration', `there is no service ${name}`, {
    fix: `write one of ${SERVICE_NAMES.join(', ')}`,
  });
}
