/**
 * What is written beside every setting of a configuration schema: the one place from which validation, the
 * reference in docs/CONFIGURATION.md, the JSON Schema, environment names and what `config show` hides are taken.
 */
import * as z from 'zod/mini';

export interface SettingNotes {
  /** One sentence or two: meaning and unit. */
  readonly description: string;
  /** A value as it would be written in YAML. */
  readonly example: string;
  /** Command line option that takes its place. */
  readonly flag?: string;
  /** Its value is never shown. */
  readonly secret?: boolean;
  /** Names a file that must exist when the service starts, relative to the configuration's folder. */
  readonly file?: boolean;
}

export const settingNotes = z.registry<SettingNotes>();

/** The schema with its notes. Every call makes a setting of its own: notes belong to one place in a configuration. */
export function setting<Schema extends z.core.$ZodType>(schema: Schema, notes: SettingNotes): Schema {
  settingNotes.add(schema, notes);
  return schema;
}
