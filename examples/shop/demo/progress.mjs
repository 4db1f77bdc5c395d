// @ts-check
/** The demo's voice: numbered steps and remarks. */

const STEPS = 5;

/** @param {(line: string) => void} print */
export function progressOf(print) {
  return {
    /**
     * @param {number} number
     * @param {string} text
     */
    step: (number, text) => print(`\n[${String(number)}/${String(STEPS)}] ${text}`),
    /** @param {string} text */
    note: (text) => print(`      ${text}`),
  };
}
