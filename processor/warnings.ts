/** Warnings that would repeat with every span: each is logged once. */
import { logWarning } from './log.js';

export class Warnings {
  readonly #given = new Set<string>();

  /** Names the kind of error only: its message could quote a value. */
  once(message: string, error?: unknown): void {
    if (this.#given.has(message)) return;
    this.#given.add(message);
    logWarning(`${message}${error instanceof Error ? ` [${error.name}]` : ''}`);
  }
}
