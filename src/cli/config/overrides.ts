/** Values that take the place of what the file says. */
export interface Override {
  readonly path: readonly string[];
  readonly value: unknown;
  /** `option --otlp-http`, or the name of a variable. */
  readonly origin: string;
}

/** Overrides from command line options: those that were given. */
export function givenOptions(options: Readonly<Record<string, readonly [flag: string, value: unknown]>>): Override[] {
  return Object.entries(options)
    .filter(([, [, value]]) => value !== undefined)
    .map(([path, [flag, value]]) => ({ path: path.split('.'), value, origin: `option ${flag}` }));
}

/** A copy of the file's value with the overrides in it; later ones win. */
export function withOverrides(value: unknown, overrides: readonly Override[]): unknown {
  return overrides.reduce<unknown>((whole, { path, value: given }) => withValue(whole, path, given), value);
}

function withValue(whole: unknown, path: readonly string[], value: unknown): unknown {
  const [key, ...rest] = path;
  if (key === undefined) return value;
  const group = isGroup(whole) ? whole : {};
  return { ...group, [key]: withValue(group[key], rest, value) };
}

/** `undefined` where there is none. */
export function valueAt(whole: unknown, path: readonly (string | number)[]): unknown {
  return path.reduce<unknown>(
    (inner, key) => (typeof inner === 'object' && inner !== null ? (inner as Record<string, unknown>)[key] : undefined),
    whole,
  );
}

function isGroup(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
