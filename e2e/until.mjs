// @ts-check
/** Waiting for something that real programs will show sooner or later. */
import { setTimeout as pause } from 'node:timers/promises';

const POLL_MILLIS = 200;
/** On a very busy machine; what is waited for mostly takes a second. */
const PATIENCE_MILLIS = 120_000;

/**
 * @template Found
 * @param {string} what for the message
 * @param {() => Promise<Found | undefined>} look errors count as not yet
 * @param {number} [patienceMillis]
 * @returns {Promise<Found>}
 */
export async function until(what, look, patienceMillis = PATIENCE_MILLIS) {
  const end = Date.now() + patienceMillis;
  let reason = '';
  while (Date.now() < end) {
    try {
      const found = await look();
      if (found !== undefined) return found;
    } catch (error) {
      reason = error instanceof Error ? `: ${error.message}` : '';
    }
    await pause(POLL_MILLIS);
  }
  throw new Error(`waited in vain for ${what}${reason}`);
}

/** @param {string} url */
export async function answers(url) {
  const response = await fetch(url);
  await response.arrayBuffer();
  return response.ok ? true : undefined;
}
