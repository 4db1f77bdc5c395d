// @ts-check
/** Medians of repeated runs, and the shape of one result. */

/**
 * @typedef {object} Result
 * @property {string} name stable: later versions add names and rename none
 * @property {number} median
 * @property {string} unit
 * @property {number} bits size of the modulus; 0 where no key is involved
 * @property {{ name: string, median: number }} [peer] measured in the same run
 * @property {number} [ratio] peer divided by this, for times; this divided by peer, for rates
 * @property {number} [units] the median in U: one BigInt a * b % n^2 of this run
 * @property {string} [kernel] which arithmetic ran
 */

/** @param {number[]} values */
export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

/**
 * Milliseconds of one call: the median over rounds of a round's time divided by its calls. A round's
 * preparation is not timed.
 * @template T
 * @param {{ rounds?: number, calls: number, prepare?: () => T, run: (prepared: T, call: number) => unknown }} options
 */
export function medianMillis({ rounds = 7, calls, prepare, run }) {
  const times = Array.from({ length: rounds }, () => {
    const prepared = /** @type {T} */ (prepare?.());
    const start = performance.now();
    for (let call = 0; call < calls; call += 1) run(prepared, call);
    return (performance.now() - start) / calls;
  });
  return median(times);
}

/** @param {number} value */
export function rounded(value) {
  return Number(value.toPrecision(4));
}

/**
 * One BigInt `a * b % n^2` in milliseconds: the unit that figures of different machines can be compared in.
 * @param {bigint} n
 */
export function unitMillis(n) {
  const nSquared = n * n;
  const a = nSquared - 12345n;
  const b = nSquared / 3n;
  // The result lives on, or newer engines leave the product out.
  let value = a;
  return medianMillis({ calls: 2000, run: () => (value = (value * b) % nSquared) });
}
