/** A schema's complaint as a fault that names its place and what to write instead. */
import type * as z from 'zod/mini';
import type { ConfigFault } from './config-fault.js';
import { nearest } from './nearest.js';
import { valueAt } from './overrides.js';
import type { SettingPlace } from './setting-places.js';
import type { Path } from './yaml-document.js';

/** What zod says where a schema has no words of its own. */
const UNSAID = /^Invalid/;

/** @param value what was checked, as a whole */
export function describeIssue(
  issue: z.core.$ZodIssue,
  value: unknown,
  places: readonly SettingPlace[],
  placeOf: (path: Path) => string,
): ConfigFault[] {
  const path = issue.path.map((part) => (typeof part === 'number' ? part : String(part)));
  if (issue.code === 'unrecognized_keys') {
    const known = placeAt(places, path)?.keys ?? [];
    return issue.keys.map((key) => unknownKey([...path, key], key, known, placeOf));
  }
  const said = UNSAID.test(issue.message) ? 'has the wrong form' : issue.message;
  const message = valueAt(value, path) === undefined ? 'is missing' : said;
  return [{ place: placeOf(path), path: path.join('.'), message, fix: fixFor(path, places) }];
}

function unknownKey(path: Path, key: string, known: readonly string[], placeOf: (path: Path) => string): ConfigFault {
  const near = nearest(key, known);
  return {
    place: placeOf(path),
    path: path.join('.'),
    message: 'is no setting',
    fix: near === undefined ? `remove it; known here: ${known.join(', ')}` : `did you mean ${near}?`,
  };
}

function fixFor(path: Path, places: readonly SettingPlace[]): string {
  const place = placeAt(places, path);
  const key = place?.path.at(-1);
  if (place === undefined || key === undefined) return 'write settings as `name: value`';
  if (place.form === 'group') return `write it with the settings ${place.keys.join(', ')}`;
  return `write for example \`${key}: ${place.notes?.example ?? '…'}\``;
}

/** The setting itself; of a list's item, the list. */
function placeAt(places: readonly SettingPlace[], path: Path): SettingPlace | undefined {
  const names = path.filter((part) => typeof part === 'string');
  const at = (length: number): SettingPlace | undefined =>
    places.find((place) => place.path.join('.') === names.slice(0, length).join('.'));
  return at(names.length) ?? at(names.length - 1);
}
