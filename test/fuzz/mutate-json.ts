/** Changes of a JSON document as a tree, so that what comes out is JSON again and gets past the parser. */
import type { Generator } from './generator.js';

type Json = null | boolean | number | string | Json[] | { [name: string]: Json };
type Path = readonly (string | number)[];

const DEEP: Json = Array.from({ length: 600 }).reduce<Json>((inner) => [inner], 0);
const VALUES: readonly Json[] = [
  ...[null, true, false, 0, 1, -1, 2, 0.5, 64, 255, 4096, 65_535, 2 ** 31, 2 ** 32, 2 ** 53, 2 ** 53 - 1, -(2 ** 53)],
  ...[1e21, 1e308, -1e308, 5e-324, 1.5e-7],
  ...['', ' ', '0', '1', '-1', '00', '1.', '.5', '1e-6', '1e99', '1e-99', '1e400', '1/2', '1/0', '0.1', '9'.repeat(80)],
  ...['NaN', 'Infinity', '__proto__', 'constructor', '__other__', '\u0000', '\ud800', '\udfff', 'ä', 'A\u030a', '😀'],
  ...['x'.repeat(65), 'x'.repeat(5000), 'A'.repeat(43), 'A'.repeat(42), '=', '-_', '\n', '"', '\\'],
  ...[[], {}, [[]], [{}], [null], DEEP, Array<Json>(300).fill(0), Array<Json>(40).fill('a')],
];

/** `undefined` where the input is no JSON. */
export function mutateJson(
  input: Uint8Array,
  other: Uint8Array,
  words: readonly string[],
  random: Generator,
): Uint8Array | undefined {
  const tree = parse(input);
  if (tree === undefined) return undefined;
  const foreign = parse(other) ?? tree;
  const path = random.pick(pathsOf(tree));
  return Buffer.from(JSON.stringify(changeAt(tree, path, (value) => change(value, tree, foreign, words, random))));
}

function parse(input: Uint8Array): Json | undefined {
  try {
    return JSON.parse(Buffer.from(input).toString()) as Json;
  } catch {
    return undefined;
  }
}

/** Of every node, the document itself first; of a large document the first few hundred. */
function pathsOf(tree: Json): Path[] {
  const paths: Path[] = [[]];
  for (let index = 0; index < paths.length && paths.length < 400; index += 1) {
    const path = paths[index] ?? [];
    const node = at(tree, path);
    if (typeof node !== 'object' || node === null) continue;
    const names = Array.isArray(node) ? node.map((_, position) => position) : Object.keys(node);
    for (const name of names) paths.push([...path, name]);
  }
  return paths;
}

function at(tree: Json, path: Path): Json {
  return path.reduce<Json>((node, name) => (node as Record<string | number, Json>)[name] ?? null, tree);
}

/** What a change may answer besides a value. */
const REMOVED = Symbol('removed');
const DOUBLED = Symbol('doubled');
type Changed = Json | typeof REMOVED | typeof DOUBLED;

/** Names become properties of their own, `__proto__` too. */
function changeAt(node: Json, path: Path, change: (value: Json) => Changed): Json {
  const [name, ...rest] = path;
  if (name === undefined) {
    const changed = change(node);
    return typeof changed === 'symbol' ? null : changed;
  }
  const next = (child: Json, step: string | number): Changed =>
    String(step) !== String(name) ? child : rest.length === 0 ? change(child) : changeAt(child, rest, change);
  if (Array.isArray(node)) {
    return node.flatMap((child, index) => {
      const changed = next(child, index);
      return changed === REMOVED ? [] : changed === DOUBLED ? [child, child] : [changed];
    });
  }
  if (typeof node !== 'object' || node === null) return node;
  const members = Object.entries(node).flatMap(([key, child]): [string, Json][] => {
    const changed = next(child, key);
    if (changed === REMOVED) return [];
    return changed === DOUBLED
      ? [
          [key, child],
          [`${key}2`, child],
        ]
      : [[key, changed]];
  });
  return Object.fromEntries(members);
}

function change(value: Json, tree: Json, foreign: Json, words: readonly string[], random: Generator): Changed {
  switch (random.below(10)) {
    case 0:
      return REMOVED;
    case 1:
      return DOUBLED;
    case 2:
      return at(tree, random.pick(pathsOf(tree)));
    case 3:
      return at(foreign, random.pick(pathsOf(foreign)));
    case 4:
      return [value];
    case 5:
      return words.length > 0 ? random.pick(words) : random.pick(VALUES);
    case 6:
      return nearby(value, random);
    case 7:
      return renamed(value, words, random);
    default:
      return random.pick(VALUES);
  }
}

function nearby(value: Json, random: Generator): Json {
  if (typeof value === 'number') return value + random.pick([-1, 1, 0.5, -value, value, 60, 1e6]);
  if (typeof value === 'boolean') return !value;
  if (typeof value === 'string') {
    const position = random.below(value.length + 1);
    const character = String.fromCharCode(random.pick([0x30 + random.below(10), 0x41 + random.below(58), 0x2e, 0x2f]));
    return value.slice(0, position) + character + value.slice(position + random.below(2));
  }
  if (Array.isArray(value)) return [...value].reverse();
  return value;
}

function renamed(value: Json, words: readonly string[], random: Generator): Json {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return random.pick(VALUES);
  const entries = Object.entries(value);
  const chosen = random.below(entries.length + 1);
  const name = words.length > 0 && random.oneIn(2) ? random.pick(words) : random.pick(['x', '__proto__', 'toString']);
  return Object.fromEntries(entries.map(([key, child], index) => [index === chosen ? name : key, child]));
}
