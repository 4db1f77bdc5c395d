/**
 * `npm run fuzz -- --seconds N --seed S [--target T]`: random inputs for every decoder and parser, as many as the time
 * allows, each target as long as the others. They run in a thread with a bound on its memory, watched for an input that
 * never ends. Findings are written to .cache/fuzz; `--keep` adds inputs that reach new code to the corpus;
 * `--blind` measures no coverage, which is faster.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { Campaign } from './campaign.js';
import { readCorpus, writeCorpus } from './corpus.js';
import { Coverage } from './coverage.js';
import { Generator } from './generator.js';
import { TARGETS } from './targets.js';

/** Of the thread that fuzzes: many times what the largest input needs. */
const MAX_HEAP_MEGABYTES = 768;
/** Processor time after which an input counts as one that never ends. */
const MAX_INPUT_SECONDS = 30;
/** How long a target runs until it is the next one's turn. */
const TURN_MILLIS = 1000;
const TURN_INPUTS = 512;
const MAX_SHOWN_BYTES = 128 * 1024;
/** What is worth committing. */
const MAX_KEPT_BYTES = 2048;
const MAX_KEPT = 120;

interface Task {
  readonly seconds: number;
  readonly seed: number;
  readonly target: string | undefined;
  readonly blind: boolean;
  /** The input that is being tried: its number, the number of its target, its length, its bytes. */
  readonly current: SharedArrayBuffer;
}

type Message =
  | { readonly kind: 'finding'; readonly target: string; readonly input: Uint8Array; readonly error: string }
  | { readonly kind: 'reach'; readonly target: string; readonly input: Uint8Array }
  | { readonly kind: 'counts'; readonly counts: readonly Counts[]; readonly covered: number };

interface Counts {
  readonly target: string;
  readonly inputs: number;
  readonly accepted: number;
}

if (isMainThread) process.exitCode = await supervise();
else await fuzz(workerData as Task);

async function fuzz({ seconds, seed, target, blind, current }: Task): Promise<void> {
  const [header, content] = [new Int32Array(current, 0, 3), new Uint8Array(current, 12)];
  const post = (message: Message): void => parentPort?.postMessage(message);
  const coverage = blind ? undefined : new Coverage(import.meta.url);
  const chosen = TARGETS.filter(({ name }) => target === undefined || name === target);
  const campaigns = chosen.map((each, index) => {
    const corpus = readCorpus(each.name).map(({ input }) => input);
    return new Campaign(
      each,
      corpus,
      new Generator(seed + index),
      {
        onInput: (name, input) => {
          header[1] = TARGETS.findIndex((other) => other.name === name);
          header[2] = Math.min(input.length, content.length);
          content.set(input.subarray(0, content.length));
          Atomics.add(header, 0, 1);
        },
        onFinding: (finding) => post({ kind: 'finding', ...finding }),
        onReach: (name, input) => post({ kind: 'reach', target: name, input }),
      },
      coverage,
    );
  });
  for (const campaign of campaigns) await campaign.replay();
  const end = performance.now() + 1000 * seconds;
  while (performance.now() < end) {
    for (const campaign of campaigns) {
      const turnEnd = performance.now() + TURN_MILLIS;
      while (performance.now() < Math.min(end, turnEnd)) await campaign.run(TURN_INPUTS);
    }
    post({ kind: 'counts', counts: countsOf(), covered: coverage?.size ?? 0 });
  }
  post({ kind: 'counts', counts: countsOf(), covered: coverage?.size ?? 0 });
  coverage?.close();

  function countsOf(): Counts[] {
    return chosen.map(({ name }, index) => {
      const { inputs = 0, accepted = 0 } = campaigns[index] ?? {};
      return { target: name, inputs, accepted };
    });
  }
}

/** The exit code: 1 where something was found. */
async function supervise(): Promise<number> {
  const { values } = parseArgs({
    options: {
      seconds: { type: 'string', default: '60' },
      seed: { type: 'string', default: '1' },
      target: { type: 'string' },
      blind: { type: 'boolean', default: false },
      keep: { type: 'boolean', default: false },
    },
  });
  const { target } = values;
  if (target !== undefined && !TARGETS.some(({ name }) => name === target)) {
    console.error(`no target ${target}; there are ${TARGETS.map(({ name }) => name).join(', ')}`);
    return 2;
  }
  const current = new SharedArrayBuffer(12 + MAX_SHOWN_BYTES);
  const task: Task = {
    seconds: Number(values.seconds),
    seed: Number(values.seed),
    target,
    blind: values.blind,
    current,
  };
  const worker = new Worker(fileURLToPath(import.meta.url), {
    workerData: task,
    resourceLimits: { maxOldGenerationSizeMb: MAX_HEAP_MEGABYTES },
  });
  const found: string[] = [];
  const note = (name: string, input: Uint8Array, error: string): void => {
    found.push(name);
    const file = save(name, input, found.length);
    console.log(`FOUND in ${name}, input in ${file}\n${error}\n`);
  };
  const reached = new Map<string, Uint8Array[]>();
  let latest: Extract<Message, { kind: 'counts' }> | undefined;
  worker.on('message', (message: Message) => {
    if (message.kind === 'counts') latest = message;
    else if (message.kind === 'finding') note(message.target, message.input, message.error);
    else reached.set(message.target, [...(reached.get(message.target) ?? []), message.input]);
  });
  worker.on('error', (error) => note(...currentInput(current), `the thread died: ${error.message}`));
  const watch = watchForHang(current, () => {
    note(...currentInput(current), `still running after ${String(MAX_INPUT_SECONDS)} seconds of processor time`);
    void worker.terminate();
  });
  await new Promise((done) => worker.once('exit', done));
  clearInterval(watch);
  if (values.keep) for (const [name, inputs] of reached) keep(name, inputs);
  report(latest, found.length);
  return found.length > 0 ? 1 : 0;
}

/** Processor time, not the clock's: the machine may be busy with something else. */
function watchForHang(current: SharedArrayBuffer, onHang: () => void): NodeJS.Timeout {
  const header = new Int32Array(current, 0, 3);
  let last = { input: -1, usage: process.cpuUsage() };
  return setInterval(() => {
    const input = Atomics.load(header, 0);
    const { user, system } = process.cpuUsage(last.usage);
    if (input !== last.input) last = { input, usage: process.cpuUsage() };
    else if (user + system > 1e6 * MAX_INPUT_SECONDS) onHang();
  }, 500);
}

function currentInput(current: SharedArrayBuffer): [string, Uint8Array] {
  const [, target = 0, length = 0] = new Int32Array(current, 0, 3);
  return [TARGETS[target]?.name ?? '', Uint8Array.from(new Uint8Array(current, 12, length))];
}

function save(target: string, input: Uint8Array, number: number): string {
  const folder = resolve('.cache/fuzz');
  mkdirSync(folder, { recursive: true });
  const file = resolve(folder, `${target}-${String(process.pid)}-${String(number)}`);
  writeFileSync(file, input);
  return file;
}

function keep(target: string, inputs: readonly Uint8Array[]): void {
  const before = readCorpus(target);
  const small = inputs.filter(({ length }) => length <= MAX_KEPT_BYTES);
  const added = small.map((input) => ({ name: 'reach', input }));
  writeCorpus(target, [...before, ...added].slice(0, Math.max(before.length, MAX_KEPT)));
}

function report(message: Extract<Message, { kind: 'counts' }> | undefined, found: number): void {
  const { counts = [], covered = 0 } = message ?? {};
  for (const { target, inputs, accepted } of counts) {
    console.log(
      `${target.padEnd(20)} ${String(inputs).padStart(10)} inputs, ${String(accepted).padStart(10)} accepted`,
    );
  }
  const total = counts.reduce((sum, { inputs }) => sum + inputs, 0);
  console.log(`${String(total)} inputs, ${String(covered)} characters of code reached, ${String(found)} found`);
}
