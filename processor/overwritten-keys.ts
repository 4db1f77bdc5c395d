/**
 * Which attributes of a span that is ending have been overwritten by a sealing processor, so that no other one
 * counts what it finds there. Known to all processors of the process, also to those of another copy of this
 * package. By span context: the one object that a span and any view of it share.
 */
interface Registry {
  /** How many there have been. */
  processors: number;
  readonly keys: WeakMap<object, ReadonlySet<string>>;
}

const NAME = Symbol.for('telemetry_kit.overwritten_keys');
const holder: { [NAME]?: Registry | undefined } = globalThis as object;
const registry = (holder[NAME] ??= { processors: 0, keys: new WeakMap() });

/** Every processor says that it is there: one that is alone has nobody to tell. */
export function noteProcessor(): void {
  registry.processors += 1;
}

export function overwrittenKeys(spanContext: object): ReadonlySet<string> | undefined {
  return isAlone() ? undefined : registry.keys.get(spanContext);
}

export function noteOverwritten(spanContext: object, keys: ReadonlySet<string>): void {
  if (isAlone()) return;
  const before = registry.keys.get(spanContext);
  registry.keys.set(spanContext, before === undefined ? keys : new Set([...before, ...keys]));
}

function isAlone(): boolean {
  return registry.processors < 2;
}
