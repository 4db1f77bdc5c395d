/** Settings from the environment: `TELEMETRY_KIT_RECEIVER_OTLP_HTTP` is `otlpHttp` of the receiver. */
import type { ConfigFault } from './config-fault.js';
import { nearest } from './nearest.js';
import type { Override } from './overrides.js';
import type { SettingPlace } from './setting-places.js';

type Environment = Readonly<Record<string, string | undefined>>;

/** Name of the variable of a setting, words apart by underscores. */
export function variableName(prefix: string, path: readonly string[]): string {
  return prefix + path.map((key) => key.replace(/([a-z0-9])([A-Z])/g, '$1_$2').toUpperCase()).join('_');
}

/** Overrides from all variables with the prefix, and those among them that no setting has. */
export function readVariables(
  environment: Environment,
  prefix: string,
  places: readonly SettingPlace[],
): { readonly overrides: Override[]; readonly faults: ConfigFault[] } {
  const known = new Map(
    places.filter(({ form }) => form !== 'group').map((place) => [variableName(prefix, place.path), place]),
  );
  const overrides: Override[] = [];
  const faults: ConfigFault[] = [];
  for (const [name, text] of Object.entries(environment)) {
    if (!name.startsWith(prefix) || text === undefined) continue;
    const place = known.get(name);
    if (place === undefined) faults.push(unknownVariable(name, [...known.keys()]));
    else overrides.push({ path: place.path, value: valueOf(text, place), origin: `environment variable ${name}` });
  }
  return { overrides, faults };
}

/** What cannot be read stays a text, which the schema then refuses with its own words. */
function valueOf(text: string, { form }: SettingPlace): unknown {
  switch (form) {
    case 'number':
      return text.trim() === '' || Number.isNaN(Number(text)) ? text : Number(text);
    case 'boolean':
      return text === 'true' || (text === 'false' ? false : text);
    case 'list':
      return text.split(',').map((item) => item.trim());
    case 'map':
      return Object.fromEntries(text.split(',').map(pairOf));
    default:
      return text;
  }
}

/** `name=value`, as in OTEL_EXPORTER_OTLP_HEADERS. */
function pairOf(text: string): [string, string] {
  const at = text.indexOf('=');
  return at < 0 ? [text.trim(), ''] : [text.slice(0, at).trim(), text.slice(at + 1).trim()];
}

function unknownVariable(name: string, known: readonly string[]): ConfigFault {
  const near = nearest(name, known);
  return {
    place: `environment variable ${name}`,
    path: '',
    message: 'belongs to no setting',
    fix: near === undefined ? 'unset it; docs/CONFIGURATION.md names all' : `did you mean ${near}?`,
  };
}
