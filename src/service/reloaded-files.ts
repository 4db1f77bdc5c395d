/**
 * Values that are made from files and made again when the files change: certificates, tokens. A change that cannot
 * be used keeps the value there was, is logged and is counted; connections that exist are never touched.
 */
import { readFileSync } from 'node:fs';
import { TelemetryKitError } from '../errors.js';
import type { Logger } from './logger.js';

/** A value that may be replaced while it is used. */
export interface Live<Value> {
  readonly value: Value;
  /** Called with every later value. */
  onChange(listener: (value: Value) => void): void;
}

export interface WatchedFiles<Value> {
  /** For messages, for example `the certificate`. */
  readonly what: string;
  readonly paths: readonly string[];
  /** Texts in the order of the paths; throws where they are of no use. */
  readonly parse: (texts: readonly string[]) => Value;
}

/** What a reload needs to know of a value, whatever it is. */
interface Refreshable {
  readonly what: string;
  /** Whether there is a new value. Throws once for every change that is of no use, and for each if `again`. */
  refresh(again: boolean): boolean;
}

const DEFAULT_INTERVAL_MILLIS = 5000;

/** A value that never changes. */
export function fixedValue<Value>(value: Value): Live<Value> {
  return { value, onChange: () => undefined };
}

export class ReloadedFiles {
  /** Attempts to take over a change, since the start. */
  readonly counts = { succeeded: 0, failed: 0 };
  readonly #logger: Logger;
  readonly #watched: Refreshable[] = [];
  #timer: NodeJS.Timeout | undefined;

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  /** Reads the files now; throws `invalid_configuration`, or what `parse` throws. */
  watch<Value>(files: WatchedFiles<Value>): Live<Value> {
    const watched = new WatchedValue(files);
    this.#watched.push(watched);
    return watched;
  }

  /** Looks for changes this often, in milliseconds, until `stop`. */
  start(intervalMillis = DEFAULT_INTERVAL_MILLIS): void {
    this.#timer ??= setInterval(() => this.#lookAtAll(false), intervalMillis).unref();
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  /** Looks for changes now, and tries once more what was of no use before. */
  reload(): void {
    this.#lookAtAll(true);
  }

  #lookAtAll(again: boolean): void {
    for (const watched of this.#watched) {
      try {
        if (!watched.refresh(again)) continue;
        this.counts.succeeded += 1;
        this.#logger.info({ event: 'reloaded', what: watched.what }, 'a changed file was taken over');
      } catch (error) {
        this.counts.failed += 1;
        const text = 'a changed file is of no use: what was read before stays in use';
        this.#logger.error({ event: 'reload_failed', what: watched.what, err: error }, text);
      }
    }
  }
}

class WatchedValue<Value> implements Live<Value>, Refreshable {
  readonly #files: WatchedFiles<Value>;
  readonly #listeners: ((value: Value) => void)[] = [];
  #value: Value;
  /** What was in the files when they were last looked at, or why they could not be read. */
  #seen: string;
  #failed = false;

  constructor(files: WatchedFiles<Value>) {
    this.#files = files;
    const texts = files.paths.map((path) => readWatched(path, files.what));
    this.#value = files.parse(texts);
    this.#seen = JSON.stringify(texts);
  }

  get value(): Value {
    return this.#value;
  }

  get what(): string {
    return this.#files.what;
  }

  onChange(listener: (value: Value) => void): void {
    this.#listeners.push(listener);
  }

  refresh(again: boolean): boolean {
    const found = this.#look();
    const content = found instanceof TelemetryKitError ? found.message : JSON.stringify(found);
    if (content === this.#seen && !(again && this.#failed)) return false;
    this.#seen = content;
    this.#failed = true;
    if (found instanceof TelemetryKitError) throw found;
    this.#value = this.#files.parse(found);
    this.#failed = false;
    for (const listener of this.#listeners) listener(this.#value);
    return true;
  }

  #look(): string[] | TelemetryKitError {
    try {
      return this.#files.paths.map((path) => readWatched(path, this.#files.what));
    } catch (error) {
      if (error instanceof TelemetryKitError) return error;
      throw error;
    }
  }
}

function readWatched(path: string, what: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    const { code = 'unknown reason' } = cause as NodeJS.ErrnoException;
    throw new TelemetryKitError('invalid_configuration', `cannot read ${what} ${path}: ${code}`, {
      fix: 'check the path and that this user may read it',
      cause,
    });
  }
}
