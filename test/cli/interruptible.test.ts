/** Ctrl-C and termination while a key is made, through the built command: it ends at once and writes nothing. */
import { once } from 'node:events';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { describe, expect, it } from 'vitest';
import { start, temporaryFolder } from './command.js';

interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly lines: readonly string[];
}

/** Sends the signals one after the other as soon as the command says that it searches for primes. */
async function interrupted(commandLine: readonly string[], ...signals: NodeJS.Signals[]): Promise<Ended> {
  const child = start(commandLine, { TELEMETRY_KIT_PASSPHRASE: 'correct horse battery staple' });
  const lines: string[] = [];
  createInterface({ input: child.stderr! }).on('line', (line) => {
    lines.push(line);
    if (line.startsWith('making a key')) for (const signal of signals) child.kill(signal);
  });
  const [code, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null];
  return { code, signal, lines };
}

describe.each<NodeJS.Signals>(['SIGINT', 'SIGTERM'])('%s', (signal) => {
  it('ends `keys generate` without a file, by the signal itself', async () => {
    const folder = temporaryFolder();
    const ended = await interrupted(['keys', 'generate', '--bits', '4096', '--out', folder], signal);
    expect(ended).toMatchObject({ code: null, signal });
    expect(ended.lines.at(-1)).toBe('stopped: nothing was written');
    expect(ended.lines.join()).not.toContain('primes found');
    expect(readdirSync(folder)).toEqual([]);
  });

  it('ends `init` without a folder', async () => {
    const folder = join(temporaryFolder(), 'shop');
    const ended = await interrupted(['init', folder, '--bits', '4096'], signal);
    expect(ended).toMatchObject({ code: null, signal });
    expect(ended.lines.at(-1)).toBe('stopped: nothing was written');
    expect(existsSync(folder)).toBe(false);
  });
});

it('a second signal does not wait for the first', async () => {
  const folder = temporaryFolder();
  const ended = await interrupted(['keys', 'generate', '--bits', '4096', '--out', folder], 'SIGINT', 'SIGTERM');
  expect(ended.code).toBeNull();
  expect(['SIGINT', 'SIGTERM']).toContain(ended.signal);
  expect(readdirSync(folder)).toEqual([]);
});
