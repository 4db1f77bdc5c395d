/** Walks a configuration schema: every setting with its path, form, default and notes. */
import type * as z from 'zod/mini';
import { settingNotes, type SettingNotes } from './setting.js';

/** How a value is written: one word, a list of words, a map of words, or a group of further settings. */
type SettingForm = 'text' | 'number' | 'boolean' | 'list' | 'map' | 'group';

export interface SettingPlace {
  readonly path: readonly string[];
  readonly form: SettingForm;
  readonly required: boolean;
  readonly defaultValue: unknown;
  readonly notes: SettingNotes | undefined;
  /** Values of a choice. */
  readonly choices: readonly string[] | undefined;
  /** Keys that a group may have. */
  readonly keys: readonly string[];
}

/** The fields of a zod definition that are looked at here. */
interface Definition {
  readonly type: string;
  readonly shape?: Readonly<Record<string, z.core.$ZodType>>;
  readonly innerType?: z.core.$ZodType;
  readonly defaultValue?: unknown;
  readonly entries?: Readonly<Record<string, string>>;
}

const FORMS: Readonly<Record<string, SettingForm>> = {
  object: 'group',
  array: 'list',
  record: 'map',
  number: 'number',
  boolean: 'boolean',
};

/** Groups come before what is in them; the whole is the group with the empty path. */
export function settingPlaces(schema: z.core.$ZodType, path: readonly string[] = []): SettingPlace[] {
  const { definition, notes, required, defaultValue } = unwrap(schema);
  const shape = definition.shape ?? {};
  const place: SettingPlace = {
    path,
    form: FORMS[definition.type] ?? 'text',
    required,
    defaultValue,
    notes,
    choices: definition.entries === undefined ? undefined : Object.values(definition.entries),
    keys: Object.keys(shape),
  };
  return [place, ...Object.entries(shape).flatMap(([key, inner]) => settingPlaces(inner, [...path, key]))];
}

/** What an optional schema, or one with a default, is about. */
function unwrap(schema: z.core.$ZodType): {
  definition: Definition;
  notes: SettingNotes | undefined;
  required: boolean;
  defaultValue: unknown;
} {
  const definition = schema._zod.def as Definition;
  const notes = settingNotes.get(schema);
  if (definition.innerType === undefined) return { definition, notes, required: true, defaultValue: undefined };
  const inner = unwrap(definition.innerType);
  return { ...inner, notes: notes ?? inner.notes, required: false, defaultValue: definition.defaultValue };
}
