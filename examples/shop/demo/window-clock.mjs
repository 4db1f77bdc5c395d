// @ts-check
/** The plan's windows on the wall clock. Times are Unix seconds. */
import { pause } from './interrupt.mjs';

/** @typedef {import('telemetry-kit/plan').Plan} Plan */

/** @param {Plan} plan */
export function nextWindowStart({ window: { seconds } }) {
  return (Math.floor(now() / seconds) + 1) * seconds;
}

/**
 * Waits until the window before the running one takes nothing any more, so that a receiver that starts now begins
 * with the running one.
 * @param {Plan} plan
 * @param {AbortSignal} signal
 */
export async function untilGraceIsOver({ window: { seconds, graceSeconds } }, signal) {
  const sinceStart = now() % seconds;
  if (sinceStart < graceSeconds) await pause((graceSeconds - sinceStart) * 1000, signal);
}

/**
 * @param {number} moment
 * @param {AbortSignal} signal
 */
export function untilUnixSeconds(moment, signal) {
  return pause(Math.max(0, (moment - now()) * 1000), signal);
}

/** @param {number} unixSeconds */
export function clockTime(unixSeconds) {
  return new Date(unixSeconds * 1000).toTimeString().slice(0, 8);
}

function now() {
  return Date.now() / 1000;
}
