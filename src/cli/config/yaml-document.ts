/** A YAML 1.2 document (JSON is one too) that knows where each of its keys stands. */
import { EVENT_ID, getScalarValue, load, parseEvents, YAMLException, type Event } from 'js-yaml';

export type Path = readonly (string | number)[];

export interface YamlDocument {
  readonly value: unknown;
  /** Line, from 1, of a key or list item; of the nearest one above it where it is missing. */
  readonly lineOf: (path: Path) => number;
}

/** Not YAML, or YAML that a configuration has no use for. */
export class YamlFault extends Error {
  readonly line: number;

  constructor(message: string, line: number) {
    super(message);
    this.name = 'YamlFault';
    this.line = line;
  }
}

/** Throws `YamlFault`. Anchors and aliases are refused: they make small files large. */
export function parseYaml(source: string): YamlDocument {
  try {
    const events = parseEvents(source, {});
    const lines = keyLines(source, events);
    return { value: load(source), lineOf: (path) => nearestLine(lines, path) };
  } catch (error) {
    if (error instanceof YamlFault) throw error;
    if (error instanceof YAMLException) throw new YamlFault(error.reason, (error.mark?.line ?? 0) + 1);
    throw error;
  }
}

/** One collection that the events are inside of. */
interface Level {
  readonly path: Path;
  readonly isMapping: boolean;
  /** Key that the next value belongs to; `undefined`: the next scalar is a key. */
  key: string | undefined;
  items: number;
}

function keyLines(source: string, events: readonly Event[]): Map<string, number> {
  const lines = new Map<string, number>();
  const levels: Level[] = [];
  /** Path of a value that begins here, noted with its line unless a key noted it. */
  const enter = (offset: number): Path => {
    const level = levels.at(-1);
    if (level === undefined) return [];
    if (!level.isMapping) {
      const path = [...level.path, level.items];
      level.items += 1;
      lines.set(nameOf(path), lineAt(source, offset));
      return path;
    }
    const path = [...level.path, level.key ?? ''];
    level.key = undefined;
    return path;
  };
  for (const event of events) {
    switch (event.type) {
      case EVENT_ID.DOCUMENT:
        break;
      case EVENT_ID.MAPPING:
      case EVENT_ID.SEQUENCE: {
        refuseAnchor(source, event);
        const path = enter(event.start);
        levels.push({ path, isMapping: event.type === EVENT_ID.MAPPING, key: undefined, items: 0 });
        break;
      }
      case EVENT_ID.SCALAR: {
        refuseAnchor(source, event);
        const level = levels.at(-1);
        if (level?.isMapping === true && level.key === undefined) {
          level.key = getScalarValue(source, event);
          lines.set(nameOf([...level.path, level.key]), lineAt(source, event.valueStart));
        } else enter(event.valueStart);
        break;
      }
      case EVENT_ID.ALIAS:
        refuseAnchor(source, event);
        break;
      case EVENT_ID.POP:
        levels.pop();
    }
  }
  return lines;
}

function refuseAnchor(source: string, { anchorStart }: { anchorStart: number }): void {
  if (anchorStart >= 0) throw new YamlFault('anchors and aliases are not used here', lineAt(source, anchorStart));
}

function nearestLine(lines: ReadonlyMap<string, number>, path: Path): number {
  for (let length = path.length; length > 0; length -= 1) {
    const line = lines.get(nameOf(path.slice(0, length)));
    if (line !== undefined) return line;
  }
  return 1;
}

/** Unlike any other path's name. */
function nameOf(path: Path): string {
  return JSON.stringify(path.map(String));
}

function lineAt(source: string, offset: number): number {
  return source.slice(0, offset).split('\n').length;
}
