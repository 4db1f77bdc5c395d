/** A service of the built package in a process of its own, which is killed, starved of disk and started again. */
import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { setTimeout } from 'node:timers/promises';
import { resolve } from 'node:path';

const MAIN = resolve(import.meta.dirname, '../../dist/src/cli/main.js');
/** Lines of the log that are kept for the report. */
const KEPT_LINES = 40;

export interface ReadyLine {
  readonly endpoints: Readonly<Record<string, string>>;
}

/** Runs a command to its end; throws where it fails. */
export function runCommand(commandLine: readonly string[]): string {
  return execFileSync(process.execPath, [MAIN, ...commandLine], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

export class ServiceProcess {
  readonly name: string;
  /** The end of what it wrote to its log. */
  readonly log: string[] = [];
  starts = 0;
  readonly #commandLine: readonly string[];
  readonly #onReady: (line: ReadyLine) => void;
  #child: ChildProcess | undefined;

  constructor(name: string, commandLine: readonly string[], onReady: (line: ReadyLine) => void = () => undefined) {
    this.name = name;
    this.#commandLine = [...commandLine, '--ready-json', '--log-level', 'warn'];
    this.#onReady = onReady;
  }

  /** Resolves when it is ready; starts it again where it ends before that, because a peer may be away. */
  async start(): Promise<void> {
    for (;;) {
      const child = spawn(process.execPath, [MAIN, ...this.#commandLine], { stdio: ['ignore', 'pipe', 'pipe'] });
      this.#child = child;
      this.starts += 1;
      createInterface({ input: child.stderr }).on('line', (line) => {
        this.log.push(line);
        this.log.splice(0, this.log.length - KEPT_LINES);
      });
      const ready = new Promise<string>((line) => createInterface({ input: child.stdout }).once('line', line));
      const line = await Promise.race([ready, once(child, 'exit').then(() => undefined)]);
      if (line !== undefined) {
        this.#onReady(JSON.parse(line) as ReadyLine);
        return;
      }
      await setTimeout(500);
    }
  }

  get isRunning(): boolean {
    return this.#child !== undefined && this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** By SIGKILL unless it shall drain. */
  async end(signal: 'SIGKILL' | 'SIGTERM' = 'SIGKILL'): Promise<void> {
    const child = this.#child;
    if (child === undefined || !this.isRunning) return;
    const ended = once(child, 'exit');
    child.kill(signal);
    await ended;
  }

  /** From now on no file grows beyond a size that the store has passed already, as on a full disk. */
  fillDisk(): void {
    this.#limitFiles('4096:');
  }

  freeDisk(): void {
    if (this.isRunning) this.#limitFiles('unlimited:');
  }

  #limitFiles(limit: string): void {
    execFileSync('prlimit', ['--pid', String(this.#child?.pid), `--fsize=${limit}`]);
  }
}
