/** Whether a window can be closed with the public keys that there are factors for. */
import { keyNeeded } from './key-ring.js';
import type { ClosingWindow } from './store.js';

/** Public keys that there are factors for. */
export function kidsIn({ cells }: ClosingWindow): string[] {
  return cells.flatMap(({ factors }) => factors.map(({ kid }) => kid));
}

/** Throws `invalid_configuration` where something waits under a key that there is no factor for. */
export function assertKids(needed: readonly string[], kids: readonly string[]): void {
  const forgotten = needed.find((kid) => !kids.includes(kid));
  if (forgotten !== undefined) throw keyNeeded(forgotten);
}
