/**
 * One service as a child process: started, waited for until it says it is ready, stopped. The IPC channel
 * carries nothing; its end tells the child that the parent is gone.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { TelemetryKitError } from '../errors.js';
import type { ReadyLine } from './run-service.js';

const MAIN = fileURLToPath(new URL('./main.js', import.meta.url));

export class ChildService {
  readonly name: string;
  /** How the process ended, in words; pending while it runs. */
  readonly ended: Promise<string>;
  readonly #process: ChildProcess;

  /** `commandLine` are those of the `telemetry-kit` command. */
  constructor(name: string, commandLine: readonly string[]) {
    this.name = name;
    this.#process = spawn(process.execPath, [MAIN, ...commandLine, '--ready-json'], {
      stdio: ['inherit', 'pipe', 'inherit', 'ipc'],
    });
    this.ended = new Promise((resolve) => {
      this.#process.once('error', (error) => {
        resolve(`could not be started (${error.message})`);
      });
      this.#process.once('exit', (code, signal) => {
        resolve(signal === null ? `ended with code ${String(code)}` : `was killed by ${signal}`);
      });
    });
  }

  /** Resolves with the child's ready line; rejects with `unavailable` if it ends before. */
  async ready(): Promise<ReadyLine> {
    const line = new Promise<string>((resolve) => {
      if (this.#process.stdout === null) return;
      createInterface({ input: this.#process.stdout }).once('line', resolve);
    });
    const failure = this.ended.then((how): never => {
      throw this.failure(`${how} before it was ready`);
    });
    return JSON.parse(await Promise.race([line, failure])) as ReadyLine;
  }

  /** What to report when the process ended without being asked to. */
  failure(how: string): TelemetryKitError {
    return new TelemetryKitError('unavailable', `the ${this.name} ${how}`, {
      fix: 'read its own message above, correct the cause and start again',
    });
  }

  get isRunning(): boolean {
    return this.#process.exitCode === null && this.#process.signalCode === null;
  }

  /** Asks the process to drain and waits until it has ended. */
  async stop(): Promise<void> {
    this.#process.kill('SIGTERM');
    await this.ended;
  }

  kill(): void {
    this.#process.kill('SIGKILL');
  }
}
