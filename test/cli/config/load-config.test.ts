/** Configuration files: precedence, every kind of fault with its line, and that the reference is current. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { describeFault } from '../../../src/cli/config/config-fault.js';
import { missingFiles, openDoors } from '../../../src/cli/config/file-checks.js';
import { configFileIn, loadConfig } from '../../../src/cli/config/load-config.js';
import { nearest } from '../../../src/cli/config/nearest.js';
import { givenOptions, type Override } from '../../../src/cli/config/overrides.js';
import { configurationReference, configurationSchema } from '../../../src/cli/config/reference.js';
import { SERVICES } from '../../../src/cli/config/services.js';
import { settingPlaces } from '../../../src/cli/config/setting-places.js';
import { settingLines, withoutSecrets } from '../../../src/cli/config/show-config.js';
import { variableName } from '../../../src/cli/config/variables.js';
import { parseYaml, YamlFault } from '../../../src/cli/config/yaml-document.js';
import { SERVICE_NAMES } from '../../../src/cli/service-names.js';
import { temporaryFolder } from '../../support/temporary-folder.js';

const GOOD = `# The receiver.
plans: [plan.json]
ownerKey: abc
publicKeys:
  - public-key.json
keyHolder:
  target: unix:../run/key-holder.sock
otlpHttp: 127.0.0.1:5318
`;

const KEY_HOLDER = `plans: [plan.json]
ownerKey: abc
privateKeys: [private-key.json]
ceilings: { epsilonPerPeriod: '20', period: day, epsilonPerRelease: '1' }
domains: [shop]
`;

function load(text: string, environment: Record<string, string> = {}, options: Override[] = []) {
  return loadConfig('receiver', fileOf(text), { environment, options });
}

function fileOf(text: string): string {
  const file = join(temporaryFolder(), 'config.yaml');
  writeFileSync(file, text);
  return file;
}

const faultsOf = (text: string, environment?: Record<string, string>): string[] =>
  load(text, environment).faults.map(describeFault);

describe('precedence', () => {
  const variables = { TELEMETRY_KIT_RECEIVER_OTLP_HTTP: '127.0.0.1:6318' };
  const options = givenOptions({ otlpHttp: ['--otlp-http', '127.0.0.1:7318'], admin: ['--admin', undefined] });

  test('option, environment, file, default', () => {
    expect(load(GOOD, variables, options).config?.otlpHttp).toBe('127.0.0.1:7318');
    expect(load(GOOD, variables).config?.otlpHttp).toBe('127.0.0.1:6318');
    expect(load(GOOD).config?.otlpHttp).toBe('127.0.0.1:5318');
    expect(load(GOOD, {}, options).config).toMatchObject({ otlpGrpc: '127.0.0.1:4317', admin: '127.0.0.1:9465' });
  });

  test('is shown', () => {
    const { config, originOf } = load(GOOD, variables);
    const lines = settingLines('receiver', config, originOf);
    expect(lines).toContainEqual([
      'otlpHttp',
      '"127.0.0.1:6318"',
      'environment variable TELEMETRY_KIT_RECEIVER_OTLP_HTTP',
    ]);
    expect(lines).toContainEqual(['keyHolder.target', '"unix:../run/key-holder.sock"', 'config.yaml:7']);
    expect(lines).toContainEqual(['logLevel', '"info"', 'default']);
  });

  test('the database of a store is a setting like the others, and its password is shown to nobody', () => {
    const inFile = `${GOOD}store: postgres://receiver:secret-1@db.internal/telemetry?password=secret-2\n`;
    const other = { TELEMETRY_KIT_RECEIVER_STORE: 'postgresql://receiver:secret-3@other.internal/telemetry' };
    expect(load(inFile).config?.store).toContain('@db.internal/');
    expect(load(inFile, other).config?.store).toContain('@other.internal/');
    const given = givenOptions({ store: ['--store', 'postgres://option.internal/telemetry'] });
    expect(load(inFile, other, given).config?.store).toBe('postgres://option.internal/telemetry');
    for (const { config, originOf } of [load(inFile), load(inFile, other)]) {
      expect(JSON.stringify(settingLines('receiver', config, originOf))).not.toContain('secret-');
      expect(JSON.stringify(withoutSecrets('receiver', config))).not.toContain('secret-');
    }
    const [fault] = faultsOf(`${GOOD}store: mysql://receiver:secret-4@db.internal/telemetry\n`);
    expect(fault).toContain('config.yaml:9: store is no PostgreSQL URL: write postgres://user@host:port/database');
    expect(fault).not.toContain('secret-4');
  });

  test('names of clients go with an address, and are whole names', () => {
    const faults = (listen: string): string =>
      loadConfig('keyholder', fileOf(`${KEY_HOLDER}listen: ${listen}\n`), { environment: {}, options: [] })
        .faults.map(describeFault)
        .join('\n');
    const tls = 'tls: { ca: ca.pem, cert: cert.pem, key: key.pem }';
    expect(faults(`{ address: '127.0.0.1:9467', ${tls}, allowedClients: [receiver.internal] }`)).toBe('');
    expect(faults('{ socketPath: run/s.sock, allowedClients: [receiver.internal] }')).toContain(
      'needs socketPath alone',
    );
    for (const name of ['.internal', "'*.internal'", "''", 'a..b']) {
      expect(faults(`{ address: '127.0.0.1:9467', ${tls}, allowedClients: [${name}] }`)).toContain('is no DNS name');
    }
    expect(faults(`{ address: '127.0.0.1:9467', ${tls}, allowedClients: [] }`)).toContain('is empty');
  });

  test('numbers, lists, booleans and maps come from the environment too', () => {
    const { config } = load(GOOD, {
      TELEMETRY_KIT_RECEIVER_VERIFY_WORKERS: '3',
      TELEMETRY_KIT_RECEIVER_PLANS: 'one.json, two.json',
      TELEMETRY_KIT_RECEIVER_ALLOW_UNPROTECTED_NETWORK: 'true',
      TELEMETRY_KIT_RECEIVER_LIMITS_MAX_CONNECTIONS: '10',
      TELEMETRY_KIT_RECEIVER_OTLP_METRICS_URL: 'http://127.0.0.1:1/v1/metrics',
      TELEMETRY_KIT_RECEIVER_OTLP_METRICS_HEADERS: 'authorization=Bearer x,team=a',
    });
    expect(config).toMatchObject({
      verifyWorkers: 3,
      plans: ['one.json', 'two.json'],
      allowUnprotectedNetwork: true,
      limits: { maxConnections: 10, maxGrpcStreams: 16 },
      otlpMetrics: { headers: { authorization: 'Bearer x', team: 'a' } },
    });
  });
});

describe('faults', () => {
  test.each<[string, string, string]>([
    [
      'a misspelt setting',
      `${GOOD}otlpGprc: 127.0.0.1:1\n`,
      'config.yaml:9: otlpGprc is no setting; did you mean otlpGrpc?',
    ],
    [
      'a misspelt setting inside a group',
      GOOD.replace('target', 'tarket'),
      'config.yaml:7: keyHolder.tarket is no setting; did you mean target?',
    ],
    ['a missing one', GOOD.replace('ownerKey: abc\n', ''), 'config.yaml:1: ownerKey is missing; write for example'],
    [
      'a text for a list',
      GOOD.replace('[plan.json]', 'plan.json'),
      'config.yaml:2: plans must be a list of paths; write for example `plans: [plan.json]`',
    ],
    ['a number in a list', GOOD.replace('- public-key.json', '- 12'), 'config.yaml:5: publicKeys.0 must be a path'],
    [
      'an address without a port',
      GOOD.replace('127.0.0.1:5318', 'localhost'),
      'config.yaml:8: otlpHttp is no address to listen on: write host:port',
    ],
    ['a number out of range', `${GOOD}verifyWorkers: 0\n`, 'config.yaml:9: verifyWorkers must be 1 or more'],
    [
      'a key twice',
      `${GOOD}ownerKey: abc\n`,
      'config.yaml:9: is not YAML here: duplicated mapping key; correct this line',
    ],
    ['what is no YAML', 'plans: [plan.json\nownerKey: abc\n', 'config.yaml:2: is not YAML here'],
    ['an empty file', '', 'config.yaml:1: is not YAML here'],
    ['a list', '- 1\n', 'config.yaml:1: has the wrong form; write settings as `name: value`'],
    ['an alias', `a: &a [1]\nb: *a\n`, 'config.yaml:1: is not YAML here: anchors and aliases are not used here'],
  ])('%s', (_, text, expected) => {
    expect(faultsOf(text).join('\n')).toContain(expected);
    expect(load(text).config).toBeUndefined();
  });

  test('all are named at once', () => {
    expect(faultsOf('plans: 1\nprometheus: x\nmore: 1\n')).toHaveLength(6);
  });

  test('in the environment the variable is named', () => {
    expect(
      faultsOf(GOOD, { TELEMETRY_KIT_RECEIVER_OTLP_HTP: 'x', TELEMETRY_KIT_RECEIVER_VERIFY_WORKERS: 'many' }),
    ).toEqual([
      'environment variable TELEMETRY_KIT_RECEIVER_VERIFY_WORKERS: verifyWorkers must be a whole number; write for example `verifyWorkers: 3`',
      'environment variable TELEMETRY_KIT_RECEIVER_OTLP_HTP: belongs to no setting; did you mean TELEMETRY_KIT_RECEIVER_OTLP_HTTP?',
    ]);
  });

  test('files that are not there are named with their line', () => {
    const loaded = load(GOOD);
    expect(missingFiles('receiver', loaded).map(describeFault)).toEqual([
      expect.stringMatching(/^config\.yaml:2: plans\.0 names plan\.json, which cannot be read; put the file at /),
      expect.stringMatching(/^config\.yaml:5: publicKeys\.0 names public-key\.json/),
    ]);
  });

  test('doors open to a network are named, unless they are wanted', () => {
    const open = GOOD.replace('127.0.0.1:5318', '0.0.0.0:5318');
    const [fault] = openDoors(load(open));
    expect(fault?.place).toBe('config.yaml:8');
    expect(fault?.message).toBe('otlpHttp would listen on 0.0.0.0, beyond this machine, without TLS and tokens');
    expect(openDoors(load(`${open}allowUnprotectedNetwork: true\n`))).toEqual([]);
    expect(openDoors(load(`${open}tokensFile: t\ntls: { cert: c, key: k }\n`))).toEqual([]);
    expect(openDoors(load(`${open}tokensFile: t\n`))).toHaveLength(1);
  });

  test.each([
    ['', 'listen is missing'],
    ['listen: {}\n', 'needs socketPath alone, or address together with tls'],
    ['listen: { address: 127.0.0.1:1 }\n', 'needs socketPath alone, or address together with tls'],
    ['listen: { socketPath: s, address: 127.0.0.1:1 }\n', 'needs socketPath alone, or address together with tls'],
  ])('the key holder listens in one way: %s', (listen, expected) => {
    const { faults } = loadConfig('keyholder', fileOf(KEY_HOLDER + listen), { environment: {} });
    expect(faults.map(describeFault).join()).toContain(expected);
  });
});

test('JSON is read as it was, and two files in one folder are one too many', () => {
  const folder = temporaryFolder();
  const file = join(folder, 'config.json');
  writeFileSync(
    file,
    JSON.stringify({ plans: ['p'], ownerKey: 'o', publicKeys: ['k'], keyHolder: { target: 'unix:s' } }),
  );
  expect(configFileIn(folder)).toBe(file);
  expect(loadConfig('receiver', file, { environment: {} }).faults).toEqual([]);
  writeFileSync(join(folder, 'config.yaml'), GOOD);
  expect(() => configFileIn(folder)).toThrow('config.yaml and config.json');
});

test('secrets are hidden', () => {
  const { config } = load(`${GOOD}otlpMetrics: { url: 'https://me:word@host/v1/metrics', headers: { a: hush } }\n`);
  const shown = JSON.stringify(withoutSecrets('receiver', config));
  expect(shown).not.toMatch(/hush|word/);
  expect(shown).toContain('https://[hidden]@host/v1/metrics');
});

test('every path of a document has its line', () => {
  const { lineOf } = parseYaml('a: 1\nb:\n  c:\n    - x\n    - { d: 1,\n        e: 2 }\n"f g": 1\n');
  expect([['a'], ['b', 'c'], ['b', 'c', 1], ['b', 'c', 1, 'e'], ['f g'], ['b', 'none'], ['none']].map(lineOf)).toEqual([
    1, 3, 5, 6, 7, 2, 1,
  ]);
  expect(() => parseYaml('a: 1\n---\nb: 1\n')).toThrow(YamlFault);
});

test('the nearest word is proposed, and none where nothing is near', () => {
  expect(nearest('otlphttp', ['otlpGrpc', 'otlpHttp'])).toBe('otlpHttp');
  expect(nearest('colour', ['otlpGrpc', 'otlpHttp'])).toBeUndefined();
  expect(nearest('x', [])).toBeUndefined();
});

describe.each(SERVICE_NAMES)('the schema of the %s', (name) => {
  const { schema, variablePrefix } = SERVICES[name];
  const places = settingPlaces(schema).filter(({ form }) => form !== 'group');

  test('says of every setting what it means and how it is written', () => {
    expect(places.filter(({ notes }) => notes === undefined).map(({ path }) => path.join('.'))).toEqual([]);
  });

  test('gives every setting a variable of its own', () => {
    const names = places.map(({ path }) => variableName(variablePrefix, path));
    expect(new Set(names).size).toBe(names.length);
  });

  test('is JSON Schema with descriptions that refuses other settings', () => {
    expect(configurationSchema(name)).toMatchObject({
      additionalProperties: false,
      properties: { plans: { type: 'array', description: 'Signed plans.' } },
    });
  });
});

test('docs/CONFIGURATION.md is current', () => {
  const document = readFileSync(resolve(import.meta.dirname, '../../../docs/CONFIGURATION.md'), 'utf8');
  expect(document).toBe(configurationReference());
});
