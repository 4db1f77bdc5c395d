/**
 * `telemetry-kit up`: key holder and receiver of one folder as two processes under one supervisor. They share
 * a machine here, which is for trying out and for small installations; SECURITY.md says what that gives up.
 */
import { resolve } from 'node:path';
import { ChildService } from './child-service.js';
import { leave, onStopRequest } from './lifetime.js';
import { FOLDERS } from './layout.js';
import { alignColumns, writeNote } from './output.js';
import { announce, type ReadyLine, type ServiceOptions } from './run-service.js';

export interface UpOptions extends ServiceOptions {
  readonly data: string;
  readonly otlpHttp?: string;
  readonly otlpGrpc?: string;
  readonly prometheus?: string;
  readonly receiverAdmin?: string;
  readonly keyholderAdmin?: string;
  readonly otlpMetricsUrl?: string;
  readonly passphraseFile?: string;
  readonly logLevel?: string;
}

/** Resolves when both were asked to stop and have drained; throws `unavailable` if one ended by itself. */
export async function up(options: UpOptions): Promise<void> {
  const running: ChildService[] = [];
  const stopping = { asked: false };
  const stop = onStopRequest(() => {
    running.forEach((child) => {
      child.kill();
    });
  }).then(() => {
    stopping.asked = true;
  });
  try {
    await Promise.race([stop, startBoth(running, stopping, options)]);
    const first = await Promise.race([stop, ...running.map(watch)]);
    if (first instanceof ChildService) throw first.failure(`${await first.ended} by itself; the other was stopped`);
  } finally {
    await stopAll(running);
    leave();
  }
}

/** The key holder first: the receiver is ready only when it is heard by one. */
async function startBoth(running: ChildService[], stopping: { asked: boolean }, options: UpOptions): Promise<void> {
  const keyHolder = new ChildService('key holder', keyHolderArguments(options));
  running.push(keyHolder);
  const keyHolderReady = await keyHolder.ready();
  if (stopping.asked) return;
  const receiver = new ChildService('receiver', receiverArguments(options));
  running.push(receiver);
  const receiverReady = await Promise.race([receiver.ready(), diesEarly(keyHolder)]);
  announce(describeReady(keyHolderReady, receiverReady), options);
}

function describeReady(keyHolder: ReadyLine, receiver: ReadyLine): { ready: ReadyLine; description: string } {
  const { admin: keyHolderAdmin = '', address = '' } = keyHolder.endpoints;
  const endpoints: Readonly<Record<string, string>> = { ...receiver.endpoints, keyHolder: address, keyHolderAdmin };
  const children = { keyHolder: keyHolder.pid, receiver: receiver.pid };
  const rows = [
    ['spans in, OTLP/HTTP', endpoints['otlpHttp'] ?? ''],
    ['spans in, OTLP/gRPC', endpoints['otlpGrpc'] ?? ''],
    ['private metrics out', endpoints['prometheus'] ?? ''],
    ['receiver, operations', endpoints['admin'] ?? ''],
    ['key holder, operations', endpoints['keyHolderAdmin'] ?? ''],
  ];
  return {
    ready: { ready: 'up', pid: process.pid, endpoints, children },
    description: `telemetry-kit is up; Ctrl-C drains and stops both processes\n${alignColumns(rows, '  ')}`,
  };
}

async function watch(child: ChildService): Promise<ChildService> {
  await child.ended;
  return child;
}

async function diesEarly(child: ChildService): Promise<never> {
  throw child.failure(`${await child.ended} by itself`);
}

/** The receiver first, so that its last releases still find a key holder. */
async function stopAll(running: readonly ChildService[]): Promise<void> {
  for (const child of running.toReversed()) {
    if (!child.isRunning) continue;
    writeNote(`stopping the ${child.name}`);
    await child.stop();
  }
}

function keyHolderArguments(options: UpOptions): string[] {
  return [
    ...['keyholder', '--data', resolve(options.data, FOLDERS.keyHolder)],
    ...option('--admin', options.keyholderAdmin),
    ...option('--passphrase-file', options.passphraseFile),
    ...option('--log-level', options.logLevel),
  ];
}

function receiverArguments(options: UpOptions): string[] {
  return [
    ...['receiver', '--data', resolve(options.data, FOLDERS.receiver)],
    ...option('--otlp-http', options.otlpHttp),
    ...option('--otlp-grpc', options.otlpGrpc),
    ...option('--prometheus', options.prometheus),
    ...option('--admin', options.receiverAdmin),
    ...option('--otlp-metrics-url', options.otlpMetricsUrl),
    ...option('--log-level', options.logLevel),
  ];
}

function option(name: string, value: string | undefined): string[] {
  return value === undefined ? [] : [name, value];
}
