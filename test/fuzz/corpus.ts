/**
 * The inputs that every run starts from: one file a target, one input a line as JSON, in clear where it is text.
 * `seed`: what the code's own encoders make. `reach`: found, because it reaches code that the others do not.
 * Anything else names a fault that it once showed.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';

export interface CorpusEntry {
  readonly name: string;
  readonly input: Uint8Array;
}

type Line = { readonly name: string } & ({ readonly text: string } | { readonly base64: string });

/** From the folder of the repository in which every program of it is started. */
const FOLDER = resolve('test/fuzz/corpus');

/** Empty where a target has no file yet. */
export function readCorpus(target: string): CorpusEntry[] {
  const file = fileOf(target);
  if (!existsSync(file)) return [];
  const lines = readFileSync(file, 'utf8').split('\n').slice(0, -1);
  return lines.map((text) => {
    const line = JSON.parse(text) as Line;
    const input = 'text' in line ? Buffer.from(line.text) : Buffer.from(line.base64, 'base64');
    return { name: line.name, input: Uint8Array.from(input) };
  });
}

export function writeCorpus(target: string, entries: readonly CorpusEntry[]): void {
  writeFileSync(fileOf(target), entries.map((entry) => `${JSON.stringify(lineOf(entry))}\n`).join(''));
}

function lineOf({ name, input }: CorpusEntry): Line {
  const text = Buffer.from(input).toString('utf8');
  const isText = Buffer.from(text).equals(input) && !/[^\x20-\x7e]/.test(text);
  return isText ? { name, text } : { name, base64: Buffer.from(input).toString('base64') };
}

function fileOf(target: string): string {
  return resolve(FOLDER, `${target}.jsonl`);
}
