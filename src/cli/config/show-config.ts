/** The effective configuration for people's eyes: secrets hidden. */
import { isDeepStrictEqual } from 'node:util';
import { valueAt } from './overrides.js';
import type { ServiceName } from '../service-names.js';
import { SERVICES } from './services.js';
import { settingPlaces } from './setting-places.js';

const HIDDEN = '[hidden]';

/** A copy with the values of secret settings, and passwords in URLs, replaced by `[hidden]`. */
export function withoutSecrets(name: ServiceName, config: unknown): unknown {
  const secrets = settingPlaces(SERVICES[name].schema).filter(({ notes }) => notes?.secret === true);
  return hide(config, [], (path) => secrets.some((place) => isDeepStrictEqual(place.path, path)));
}

function hide(value: unknown, path: readonly string[], isSecret: (path: readonly string[]) => boolean): unknown {
  if (typeof value === 'string') return isSecret(path) ? HIDDEN : withoutPassword(value);
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map((item) => hide(item, path, isSecret));
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [key, isSecret(path) ? HIDDEN : hide(inner, [...path, key], isSecret)]),
  );
}

/** `scheme://user:password@host` without the user and password. */
function withoutPassword(text: string): string {
  return text.replace(/(\/\/)[^/@\s]*@/g, `$1${HIDDEN}@`);
}

/** One line for every setting: path, value as JSON and where it comes from. */
export function settingLines(
  name: ServiceName,
  config: unknown,
  originOf: (path: readonly string[]) => string,
): string[][] {
  const shown = withoutSecrets(name, config);
  return settingPlaces(SERVICES[name].schema)
    .filter(({ form, path }) => form !== 'group' && valueAt(shown, path) !== undefined)
    .map(({ path }) => [path.join('.'), JSON.stringify(valueAt(shown, path)), originOf(path)]);
}
