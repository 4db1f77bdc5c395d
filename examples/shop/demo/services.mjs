// @ts-check
/** Keys, key holder and receiver through the `telemetry-kit` command, as a user runs it. */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import process from 'node:process';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';

const COMMAND = fileURLToPath(new URL('../../../dist/src/cli/main.js', import.meta.url));
const PLAN = fileURLToPath(new URL('../plan.json', import.meta.url));
const ANY_PORT = '127.0.0.1:0';
/** Log lines that are shown if a service ends by itself. */
const LOG_TAIL = 20;

/**
 * @typedef {{ bits: number, kid: string, ownerKey: string, planHash: string }} InitFacts
 * @typedef {{ pid: number, endpoints: Record<'otlpHttp' | 'prometheus' | 'admin', string> }} ReadyLine
 * @typedef {{ ready: Promise<ReadyLine>, died: Promise<never>, stop(): Promise<void> }} Service
 */

/**
 * `telemetry-kit init`: keys, owner key and the signed plan. Shows its progress on standard error.
 * @param {string} folder
 * @param {number} bits
 * @param {string} [plan] file
 * @returns {{ facts: Promise<InitFacts>, kill(): Promise<void> }}
 */
export function makeKeys(folder, bits, plan = PLAN) {
  const child = spawn(process.execPath, [COMMAND, 'init', folder, '--bits', String(bits), '--plan', plan, '--json'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = exitOf(child);
  const facts = Promise.all([text(child.stdout), ended]).then(([output, how]) => {
    if (how !== 'code 0') throw new Error(`telemetry-kit init ended with ${how}`);
    return /** @type {InitFacts} */ (JSON.parse(output));
  });
  facts.catch(() => undefined);
  return {
    facts,
    kill: async () => {
      child.kill('SIGKILL');
      await ended;
    },
  };
}

/**
 * @param {string} folder that `init` wrote
 * @param {readonly string[]} [nodeOptions]
 * @returns {Service}
 */
export function startKeyHolder(folder, nodeOptions = []) {
  return startService('keyholder', ['--data', join(folder, 'keyholder'), '--admin', ANY_PORT], nodeOptions);
}

/**
 * @param {string} folder that `init` wrote
 * @param {readonly string[]} [options] further ones; ports that they do not name are any free ones
 * @returns {Service}
 */
export function startReceiver(folder, options = []) {
  const given = new Set(options);
  const free = ['--otlp-http', '--otlp-grpc', '--prometheus', '--admin'].filter((option) => !given.has(option));
  const ports = free.flatMap((option) => [option, ANY_PORT]);
  return startService('receiver', ['--data', join(folder, 'receiver'), ...options, ...ports]);
}

/**
 * One `telemetry-kit` process. The IPC channel carries nothing: its end tells the service that the demo is gone.
 * @param {string} name
 * @param {readonly string[]} options
 * @param {readonly string[]} [nodeOptions]
 * @returns {Service}
 */
function startService(name, options, nodeOptions = []) {
  const child = spawn(
    process.execPath,
    [...nodeOptions, COMMAND, name, ...options, '--ready-json', '--log-level', 'warn'],
    {
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    },
  );
  const ended = exitOf(child);
  const log = keepTail(/** @type {import('node:stream').Readable} */ (child.stderr));
  let stopping = false;
  /** @type {Promise<never>} */
  const died = ended.then((how) => {
    if (!stopping) throw new Error(`telemetry-kit ${name} ended with ${how}\n${log.join('\n')}`);
    return /** @type {Promise<never>} */ (new Promise(() => undefined));
  });
  died.catch(() => undefined);
  /** @type {Promise<ReadyLine>} */
  const ready = new Promise((resolve) => {
    const output = createInterface({ input: /** @type {import('node:stream').Readable} */ (child.stdout) });
    output.once('line', (line) => resolve(/** @type {ReadyLine} */ (JSON.parse(line))));
  });
  const started = Promise.race([ready, died]);
  started.catch(() => undefined);
  return {
    ready: started,
    died,
    stop: async () => {
      stopping = true;
      child.kill('SIGTERM');
      await ended;
    },
  };
}

/**
 * @param {import('node:child_process').ChildProcess} child
 * @returns {Promise<string>} how it ended
 */
function exitOf(child) {
  return new Promise((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('exit', (code, signal) => resolve(signal ?? `code ${String(code)}`));
  });
}

/**
 * @param {import('node:stream').Readable} stream
 * @returns {string[]} the last lines, kept up to date
 */
function keepTail(stream) {
  /** @type {string[]} */
  const lines = [];
  createInterface({ input: stream }).on('line', (line) => {
    lines.push(line);
    if (lines.length > LOG_TAIL) lines.shift();
  });
  return lines;
}
