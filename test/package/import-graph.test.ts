/**
 * Who can reach whom, proved on the built output: the receiver and the processor can never decrypt, and an
 * application loads no server code.
 */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';

const dist = resolve(import.meta.dirname, '../../dist');
const IMPORT =
  /(?:import|export)\s[^'"]*?from\s*['"]([^'"]+)['"]|import\s*\(?\s*['"]([^'"]+)['"]|new URL\(\s*['"](\.[^'"]+)['"]\s*,\s*import\.meta\.url/g;

/** Every file of ours and every package that an entry loads, statically, lazily or as a worker. */
function reachable(entry: string): Set<string> {
  const seen = new Set<string>();
  const queue = [resolve(dist, entry)];
  for (let file = queue.pop(); file !== undefined; file = queue.pop()) {
    if (seen.has(file) || !existsSync(file)) continue;
    seen.add(file);
    for (const [, from, lazy, url] of readFileSync(file, 'utf8').matchAll(IMPORT)) {
      const target = from ?? lazy ?? url ?? '';
      if (target.startsWith('.')) queue.push(resolve(dirname(file), target));
      else seen.add(target);
    }
  }
  return new Set([...seen].map((file) => file.replace(`${dist}/`, '')));
}

const SECRET = /^src\/(keyholder\/|paillier\/(private-key|key-generation|foreign-private-key))/;

describe('the built import graph', () => {
  it('the walk is not blind: the key holder does reach the private key, through every kind of import', () => {
    expect([...reachable('src/keyholder/index.js')].filter((file) => SECRET.test(file))).not.toEqual([]);
    expect(reachable('src/receiver/index.js').size).toBeGreaterThan(30);
    expect(reachable('src/receiver/index.js')).toContain('src/receiver/verify-worker.js');
    expect(reachable('processor/index.js')).toContain('processor/pair-worker.node.js');
  });
  it.each([
    'src/receiver/index.js',
    'src/receiver/verify-worker.js',
    'processor/index.js',
    'processor/exporter.js',
    'processor/pair-worker.node.js',
    'processor/contribution-file.node.js',
    'processor/postgres-contribution-store.js',
    'src/plan/index.js',
    'src/paillier/index.js',
  ])('%s cannot reach the private key', (entry) => {
    expect(existsSync(resolve(dist, entry))).toBe(true);
    expect([...reachable(entry)].filter((file) => SECRET.test(file))).toEqual([]);
  });
  it('the default entry is light: no SDK, no server, no protobuf, no database', () => {
    const heavy =
      /^(@grpc|protobufjs|libsql|pino|commander|tinypool|@opentelemetry\/(?!api$))|^src\/(service|otlp|aggregation|receiver|cli)\//;
    expect([...reachable('processor/index.js')].filter((file) => heavy.test(file))).toEqual([]);
    expect(reachable('processor/contribution-file.node.js')).toContain('libsql');
    expect([...reachable('processor/postgres-contribution-store.js')].filter((file) => heavy.test(file))).toEqual([]);
  });
});
