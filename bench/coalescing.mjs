// @ts-check
/** One envelope over 1023 spans: its randomness on the worker, its seal on the application's thread. */
import { coalescedMembers } from '../dist/src/plan/layout.js';
import { bufferedRandom, systemRandom } from '../dist/src/random.js';
import { medianMillis, unitMillis } from './harness.mjs';
import { BenchSealer, CATEGORY8, COALESCED_BOUND, coalescedPlan, copyRecords, makeKey } from './keys.mjs';

/** Flushes are rare: the first ones run while the engine still compiles what they need, and are measured apart. */
const FIRST = 20;
/** From here on it is compiled: what a service sees after some minutes. */
const WARM = 150;
const FLUSHES = 60;

/** @returns {import('./harness.mjs').Result[]} */
export function coalescing() {
  return [2048, 3072].flatMap((bits) => {
    const key = makeKey(bits).publicKey;
    const unit = unitMillis(key.n);
    const plan = coalescedPlan(key.kid, [CATEGORY8]);
    const bench = new BenchSealer(plan, key);
    const reference = new BenchSealer(plan, key, 'bigint');
    const { report, sealer } = bench;
    const members = report.measurements.map((measurement) =>
      coalescedMembers(
        measurement,
        COALESCED_BOUND,
        measurement.slots.map((_, slot) => BigInt(100 + slot)),
      ),
    );
    const contribution = { report, windowStart: 60, labels: [], members, spanBound: COALESCED_BOUND };
    const random = bufferedRandom(systemRandom);
    const worker = medianMillis({ rounds: 5, calls: 2, run: () => bench.records() });
    const onBigInt = medianMillis({ rounds: 3, calls: 1, run: () => reference.records() });
    // Each call uses up its records, so every one needs a copy of its own.
    const source = bench.records();
    const flushes = (/** @type {number} */ rounds) =>
      medianMillis({
        rounds,
        calls: 1,
        prepare: () => copyRecords(source),
        run: (records) => sealer.seal(contribution, records, random),
      });
    const first = flushes(FIRST);
    flushes(WARM);
    const thread = flushes(FLUSHES);
    const name = 'coalesce.flush.category8.1023';
    return [
      { name, median: worker, unit: 'ms', bits, units: worker / unit, kernel: bench.kernel },
      { name, median: onBigInt, unit: 'ms', bits, units: onBigInt / unit, kernel: reference.kernel },
      { name: `${name}.thread`, median: thread, unit: 'ms', bits, units: thread / unit },
      { name: `${name}.thread.first`, median: first, unit: 'ms', bits, units: first / unit },
    ];
  });
}
