/** Faults that only show beside the file: named files that are not there, doors open to a network. */
import { accessSync, constants } from 'node:fs';
import { resolve } from 'node:path';
import { assertProtected } from '../../service/exposure.js';
import { TelemetryKitError } from '../../errors.js';
import { parseAddress } from '../addresses.js';
import type { ConfigFault } from './config-fault.js';
import type { KeyHolderConfig } from './keyholder-settings.js';
import type { LoadedConfig } from './load-config.js';
import { valueAt } from './overrides.js';
import type { ReceiverConfig } from './receiver-settings.js';
import type { ServiceName } from '../service-names.js';
import { SERVICES } from './services.js';
import { settingPlaces } from './setting-places.js';
import type { Path } from './yaml-document.js';

type AnyConfig = ReceiverConfig | KeyHolderConfig;

/** Every file that a setting names and this user cannot read. */
export function missingFiles(name: ServiceName, loaded: LoadedConfig<AnyConfig>): ConfigFault[] {
  return settingPlaces(SERVICES[name].schema)
    .filter(({ notes }) => notes?.file === true)
    .flatMap(({ path }) => namedFiles(path, valueAt(loaded.config, path)))
    .filter(({ file }) => !isReadable(resolve(loaded.folder, file)))
    .map(({ path, file }) => ({
      place: loaded.placeOf(path),
      path: path.join('.'),
      message: `names ${file}, which cannot be read`,
      fix: `put the file at ${resolve(loaded.folder, file)}, or correct the path`,
    }));
}

/** Every address beyond loopback that is not protected. */
export function openDoors(loaded: LoadedConfig<AnyConfig>): ConfigFault[] {
  const { config, placeOf } = loaded;
  if (config === undefined) return [];
  const protection = {
    tls: config.tls !== undefined,
    tokens: config.tokensFile !== undefined,
    allowUnprotectedNetwork: config.allowUnprotectedNetwork,
  };
  return ['otlpHttp', 'otlpGrpc', 'prometheus', 'admin'].flatMap((key) => {
    const address = valueAt(config, [key]);
    if (typeof address !== 'string') return [];
    try {
      assertProtected(parseAddress(address), protection, key);
      return [];
    } catch (error) {
      if (!(error instanceof TelemetryKitError)) throw error;
      return [{ place: placeOf([key]), path: '', message: error.message, fix: error.fix }];
    }
  });
}

function namedFiles(path: Path, value: unknown): { path: Path; file: string }[] {
  if (typeof value === 'string') return [{ path, file: value }];
  if (!Array.isArray(value)) return [];
  return value.map((file, index) => ({ path: [...path, index], file: String(file) }));
}

function isReadable(path: string): boolean {
  try {
    accessSync(path, constants.R_OK);
    return true;
  } catch {
    return false;
  }
}
