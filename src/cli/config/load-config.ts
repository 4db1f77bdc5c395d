/**
 * The effective configuration of a service. In order of precedence: options of the command line, environment
 * variables, the file, defaults. Everything is checked as a whole and every fault is named with its place.
 */
import { existsSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import type * as z from 'zod/mini';
import { TelemetryKitError } from '../../errors.js';
import { readText } from '../files.js';
import type { ConfigFault } from './config-fault.js';
import { describeIssue } from './describe-issue.js';
import { valueAt, withOverrides, type Override } from './overrides.js';
import type { ServiceName } from '../service-names.js';
import { SERVICES } from './services.js';
import { settingPlaces } from './setting-places.js';
import { readVariables } from './variables.js';
import { parseYaml, YamlFault, type Path, type YamlDocument } from './yaml-document.js';

/** Names looked for in a folder, the first one found is taken. */
const FILE_NAMES = ['config.yaml', 'config.yml', 'config.json'] as const;

export type ConfigOf<Name extends ServiceName> = z.output<(typeof SERVICES)[Name]['schema']>;

export interface LoadedConfig<Config> {
  /** Absolute path of the file; paths in it are relative to its folder. */
  readonly file: string;
  readonly folder: string;
  /** `undefined` where there are faults. */
  readonly config: Config | undefined;
  readonly faults: readonly ConfigFault[];
  /** Where the value of a path stands, or should stand. */
  readonly placeOf: (path: Path) => string;
  /** The same, or `default`. */
  readonly originOf: (path: Path) => string;
}

export interface ConfigSources {
  readonly options?: readonly Override[];
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/** The configuration file of a folder. Throws `invalid_configuration` where there is none, or more than one. */
export function configFileIn(folder: string): string {
  const found = FILE_NAMES.filter((name) => existsSync(join(folder, name)));
  if (found.length > 1) {
    throw new TelemetryKitError('invalid_configuration', `${folder} holds ${found.join(' and ')}`, {
      fix: 'keep the one that counts and move the other away',
    });
  }
  return join(folder, found[0] ?? 'config.json');
}

/** Throws `invalid_configuration` where the file cannot be read; whatever else is wrong is in `faults`. */
export function loadConfig<Name extends ServiceName>(
  name: Name,
  file: string,
  { options = [], environment }: ConfigSources,
): LoadedConfig<ConfigOf<Name>> {
  const { schema, variablePrefix } = SERVICES[name];
  const places = settingPlaces(schema);
  const variables = readVariables(environment, variablePrefix, places);
  const overrides = [...variables.overrides, ...options];
  const shared = { file: resolve(file), folder: dirname(resolve(file)) };
  const document = parseFile(file);
  if (!('lineOf' in document)) {
    const place = document.place;
    const faults = [document, ...variables.faults];
    return { ...shared, config: undefined, faults, placeOf: () => place, originOf: () => place };
  }
  const placeOf = placeFinder(basename(file), document, overrides);
  const value = withOverrides(document.value ?? {}, overrides);
  const parsed = schema.safeParse(value);
  const issues = parsed.success
    ? []
    : parsed.error.issues.flatMap((issue) => describeIssue(issue, value, places, placeOf));
  const faults = [...issues, ...variables.faults];
  const config = parsed.success && faults.length === 0 ? (parsed.data as ConfigOf<Name>) : undefined;
  const originOf = (path: Path): string => (valueAt(value, path) === undefined ? 'default' : placeOf(path));
  return { ...shared, config, faults, placeOf, originOf };
}

function parseFile(file: string): YamlDocument | ConfigFault {
  const source = readText(file, 'the configuration');
  try {
    return parseYaml(source);
  } catch (error) {
    if (!(error instanceof YamlFault)) throw error;
    const place = `${basename(file)}:${String(error.line)}`;
    return { place, path: '', message: `is not YAML here: ${error.message}`, fix: 'correct this line' };
  }
}

/** The last override wins, as it does in `withOverrides`. */
function placeFinder(name: string, document: YamlDocument, overrides: readonly Override[]): (path: Path) => string {
  return (path) => {
    const override = overrides.findLast((each) => each.path.every((key, depth) => path[depth] === key));
    return override?.origin ?? `${name}:${String(document.lineOf(path))}`;
  };
}
