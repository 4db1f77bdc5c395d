/** docs/CONFIGURATION.md and the JSON Schema, both made from the schemas and so never behind them. */
import * as z from 'zod/mini';
import { SERVICE_NAMES, type ServiceName } from '../service-names.js';
import { SERVICES } from './services.js';
import { settingNotes } from './setting.js';
import { settingPlaces, type SettingPlace } from './setting-places.js';
import { variableName } from './variables.js';

const INTRODUCTION = `# Configuration

Made from the schemas by \`telemetry-kit config reference\`; a test checks that it is current.

Each service reads \`config.yaml\` (or \`config.json\`: JSON is YAML) in its folder, the one that \`--data\` names. Paths are
relative to that folder, so that it can be moved as a whole. In order of precedence:

1. options of the command line
2. environment variables
3. the file
4. defaults

In a variable a list is written with commas, a map as \`name=value,name=value\`. Unknown settings and unknown variables
with the prefix of a service are refused. \`telemetry-kit config check FILE\` names every fault with its line,
\`telemetry-kit config show FILE\` shows what is in effect and where it comes from, secrets hidden, and
\`telemetry-kit config schema receiver\` prints the JSON Schema for editors.

Every address is loopback unless you say otherwise. One that others can reach needs \`tls\` and \`tokensFile\`; without
them the service does not start, unless \`allowUnprotectedNetwork\` is set.
`;

/** The whole document, Markdown. */
export function configurationReference(): string {
  return [INTRODUCTION, ...SERVICE_NAMES.map(serviceSection)].join('\n');
}

/** JSON Schema 2020-12 of a configuration file. */
export function configurationSchema(name: ServiceName): object {
  return z.toJSONSchema(SERVICES[name].schema, {
    io: 'input',
    metadata: z.registry(),
    override: ({ zodSchema, jsonSchema }) => {
      const description = settingNotes.get(zodSchema)?.description;
      if (description !== undefined) jsonSchema.description = description;
    },
  });
}

function serviceSection(name: ServiceName): string {
  const { schema, title, variablePrefix } = SERVICES[name];
  const sections = settingPlaces(schema)
    .filter(({ path, form }) => path.length > 0 && form !== 'group')
    .map((place) => settingSection(place, variablePrefix));
  return [`## ${title}\n`, ...sections].join('\n');
}

function settingSection(place: SettingPlace, prefix: string): string {
  const { path, notes, defaultValue, required, choices } = place;
  const key = path.at(-1) ?? '';
  const facts = [
    ...(required && defaultValue === undefined ? [`- required${path.length > 1 ? ' in its group' : ''}`] : []),
    ...(defaultValue === undefined ? [] : [`- default: \`${JSON.stringify(defaultValue).replaceAll('"', '')}\``]),
    ...(choices === undefined ? [] : [`- one of: ${choices.map((choice) => `\`${choice}\``).join(', ')}`]),
    `- example: \`${key}: ${notes?.example ?? ''}\``,
    `- environment: \`${variableName(prefix, path)}\``,
    ...(notes?.flag === undefined ? [] : [`- option: \`${notes.flag}\``]),
  ];
  return `### \`${path.join('.')}\`\n\n${notes?.description ?? ''}\n\n${facts.join('\n')}\n`;
}
