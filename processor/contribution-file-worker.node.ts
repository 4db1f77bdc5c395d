/**
 * Worker thread: keeps one contribution file. Opens it at the first task, and where that fails at the next one, so
 * that a process which is about to end may hold the file a moment longer than the next one would like.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { systemClock } from '../src/clock.js';
import { TelemetryKitError } from '../src/errors.js';
import { systemRandom } from '../src/random.js';
import { ContributionDatabase } from './contribution-database.node.js';
import type { FileAnswer, FileFailure, FileTask, FileWorkerData } from './contribution-file-messages.js';
import { createContributionFile } from './contribution-file-opening.node.js';
import type { WorkerReply, WorkerRequest } from './worker-client.node.js';

const { path } = workerData as FileWorkerData;
let database: ContributionDatabase | undefined;
let isClosed = false;

function perform(task: FileTask): FileAnswer {
  if (task.do === 'close') {
    isClosed = true;
    database?.close();
    return {};
  }
  if (isClosed) throw new TelemetryKitError('storage', `${path} is closed`, { fix: 'close it after the processor' });
  if (task.do === 'create') {
    createContributionFile(path);
    return {};
  }
  const isFirst = database === undefined;
  database ??= new ContributionDatabase(path, systemClock(), systemRandom);
  return { ...(isFirst && { condition: database.condition }), ...answerTo(task, database) };
}

function answerTo(task: FileTask, opened: ContributionDatabase): FileAnswer {
  if (task.do === 'open-period') return { opened: opened.openPeriod(task.period) };
  return task.do === 'reserve' ? { granted: opened.reserve(task.period, task.requests) } : {};
}

/** An error loses its class on the way to another thread. */
function failureOf(error: unknown): FileFailure {
  if (error instanceof TelemetryKitError) return { code: error.code, message: error.message, fix: error.fix };
  return { code: 'storage', message: 'the contribution file failed in an unexpected way', fix: 'report this error' };
}

parentPort?.on('message', ({ id, asked }: WorkerRequest<FileTask>) => {
  const reply: WorkerReply<FileAnswer> = { id, answer: answerSafely(asked) };
  parentPort?.postMessage(reply);
});

function answerSafely(task: FileTask): FileAnswer {
  try {
    return perform(task);
  } catch (error) {
    return { failure: failureOf(error) };
  }
}
