// @ts-check
/** Ctrl-C, at any moment: the first ends the demo in order, the second at once. */
import process from 'node:process';

/** Exit code of an interrupted command. */
export const INTERRUPTED = 130;

/** Thrown by whatever was waiting when the demo was interrupted. */
export class Interrupted extends Error {}

/** @returns {AbortSignal} aborted by the first SIGINT or SIGTERM */
export function interruptSignal() {
  const controller = new AbortController();
  for (const name of /** @type {const} */ (['SIGINT', 'SIGTERM'])) {
    process.on(name, () => {
      if (controller.signal.aborted) process.exit(INTERRUPTED);
      controller.abort(new Interrupted());
    });
  }
  return controller.signal;
}

/**
 * The promise's result, unless the signal comes first: then rejects with its reason.
 * @template Result
 * @param {Promise<Result>} promise
 * @param {AbortSignal} signal
 * @returns {Promise<Result>}
 */
export async function unlessAborted(promise, signal) {
  signal.throwIfAborted();
  /** @type {() => void} */
  let stopListening = () => undefined;
  /** @type {Promise<never>} */
  const aborted = new Promise((_resolve, reject) => {
    const listener = () => reject(reasonOf(signal));
    signal.addEventListener('abort', listener, { once: true });
    stopListening = () => signal.removeEventListener('abort', listener);
  });
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    stopListening();
  }
}

/**
 * @param {number} millis
 * @param {AbortSignal} signal
 */
export function pause(millis, signal) {
  /** @type {NodeJS.Timeout | undefined} */
  let timer;
  const elapsed = new Promise((resolve) => {
    timer = setTimeout(resolve, millis);
  });
  return unlessAborted(elapsed, signal).finally(() => clearTimeout(timer));
}

/**
 * Aborted by the given signal, by the first of the promises that rejects, or when the time is up.
 * @param {AbortSignal} signal
 * @param {{ failures: Promise<never>[], timeoutMillis?: number, timeoutMessage: string }} options
 * @returns {AbortSignal}
 */
export function abortedAlsoBy(signal, { failures, timeoutMillis, timeoutMessage }) {
  const controller = new AbortController();
  for (const failure of failures) failure.catch((/** @type {unknown} */ error) => controller.abort(error));
  if (timeoutMillis !== undefined) {
    setTimeout(() => controller.abort(new Error(timeoutMessage)), timeoutMillis).unref();
  }
  return AbortSignal.any([signal, controller.signal]);
}

/**
 * @param {AbortSignal} signal
 * @returns {Error}
 */
function reasonOf({ reason }) {
  return reason instanceof Error ? reason : new Interrupted();
}
