/** Runs the built `telemetry-kit` command as a user does. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { afterEach } from 'vitest';

const MAIN = resolve(import.meta.dirname, '../../dist/src/cli/main.js');

export interface Outcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

type Environment = Record<string, string | undefined>;

/** Standard input is closed, so nothing can be asked. */
export async function run(commandLine: readonly string[], environment: Environment = {}): Promise<Outcome> {
  const child = start(commandLine, environment);
  const [stdout, stderr, [code]] = await Promise.all([
    text(child.stdout!),
    text(child.stderr!),
    once(child, 'exit') as Promise<[number | null]>,
  ]);
  return { code, stdout, stderr };
}

const folders: string[] = [];
const services: Service[] = [];

afterEach(async () => {
  for (const service of services.splice(0)) await service.kill();
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

/** A fresh folder, removed after the test; short, because a socket is made in it. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'tk-'));
  folders.push(folder);
  return folder;
}

export interface ReadyLine {
  readonly ready: string;
  readonly pid: number;
  readonly endpoints: Record<string, string>;
  readonly children?: { keyHolder: number; receiver: number };
}

/** A long-running command; killed after the test if it still runs. */
export class Service {
  readonly process: ChildProcess;
  readonly ended: Promise<{ code: number | null; signal: string | null }>;
  stderr = '';
  readonly #firstLine: Promise<string>;

  constructor(commandLine: readonly string[], environment: Environment = {}) {
    this.process = start([...commandLine, '--ready-json'], environment);
    this.process.stderr!.on('data', (chunk) => (this.stderr += String(chunk)));
    this.#firstLine = new Promise((resolve) => {
      createInterface({ input: this.process.stdout! }).once('line', resolve);
    });
    this.ended = once(this.process, 'exit').then(([code, signal]) => ({
      code: code as number | null,
      signal: signal as string | null,
    }));
    services.push(this);
  }

  async ready(): Promise<ReadyLine> {
    const early = this.ended.then(({ code }) => {
      throw new Error(`ended with ${String(code)}: ${this.stderr}`);
    });
    return JSON.parse(await Promise.race([this.#firstLine, early])) as ReadyLine;
  }

  /** Stops in order, then makes sure of it. */
  async kill(): Promise<void> {
    if (this.process.exitCode === null && this.process.signalCode === null) this.process.kill('SIGTERM');
    await this.ended;
  }
}

/** Whether a process with this id exists. */
export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** Standard input is closed; output comes through pipes. */
export function start(commandLine: readonly string[], environment: Environment = {}): ChildProcess {
  return spawn(process.execPath, [MAIN, ...commandLine], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, TELEMETRY_KIT_PASSPHRASE: undefined, ...environment },
  });
}
