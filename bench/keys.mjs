// @ts-check
/** Keys, plans and contributions for benchmarks: made afresh, at real sizes. */
import { generatePrimeSync } from 'node:crypto';
import { SERVER_COMB } from '../dist/src/math/comb-layout.js';
import { createGroupKernel } from '../dist/src/math/group-kernel.js';
import { PrivateKey } from '../dist/src/paillier/private-key.js';
import { parsePlan } from '../dist/src/plan/check.js';
import { compilePlan } from '../dist/src/plan/compile.js';
import { spanBoundsOf } from '../dist/src/plan/layout.js';
import { bufferedRandom, systemRandom } from '../dist/src/random.js';
import { pairBytes, PairComputer } from '../dist/src/proofs/pairs.js';
import { EnvelopeSealer } from '../dist/src/wire/seal.js';

const buffered = bufferedRandom(systemRandom);

/** A key of this size; OpenSSL's primes, to get to the measuring sooner. @param {number} bits */
export function makeKey(bits) {
  for (;;) {
    const [p, q] = [0, 1].map(() => generatePrimeSync(bits / 2, { bigint: true, add: 4n, rem: 3n }));
    if (p !== undefined && q !== undefined && (p * q) >> BigInt(bits - 1) === 1n) return PrivateKey.fromPrimes(p, q);
  }
}

/** @param {string} kid @param {import('../dist/src/plan/plan.js').Measurement[]} measurements */
export function makePlan(kid, measurements) {
  return compilePlan(
    parsePlan({
      version: 1,
      name: 'bench',
      sequence: 1,
      keys: [kid],
      window: { seconds: 60, graceSeconds: 30, lagSeconds: 0 },
      privacy: { domain: 'bench', unit: 'event', period: 'day', epsilon: '1000', noise: 'both' },
      labels: [],
      reports: [{ name: 'bench', mode: 'per-span', spans: { names: ['bench'] }, labels: [], measurements }],
      redact: [],
    }),
  );
}

/** Spans that a coalesced envelope adds up at most. */
export const COALESCED_BOUND = 1023;

/** @param {string} kid @param {import('../dist/src/plan/plan.js').Measurement[]} measurements @param {string[]} [redact] */
export function coalescedPlan(kid, measurements, redact = []) {
  const { plan } = makePlan(kid, measurements);
  const mode = /** @type {const} */ ('coalesced');
  const reports = plan.reports.map((report) => ({ ...report, mode, spanBounds: [COALESCED_BOUND] }));
  return compilePlan({ ...plan, reports, redact });
}

/** @type {import('../dist/src/plan/plan.js').Measurement} */
export const FLAG = { name: 'success', attribute: 'bench.success', kind: 'flag', epsilon: '1' };

/** @type {import('../dist/src/plan/plan.js').Measurement} */
export const CATEGORY8 = {
  name: 'plan',
  attribute: 'bench.plan',
  kind: 'category',
  values: Array.from({ length: 8 }, (_, index) => `value-${String(index)}`),
  epsilon: '1',
};

/** @param {ReturnType<BenchSealer['records']>} records */
export function copyRecords({ obfuscators, masks }) {
  const copy = (/** @type {Uint8Array} */ record) => record.slice();
  return { obfuscators: obfuscators.map(copy), masks: masks.map(copy) };
}

/** A sealer with a supply of precomputed records. */
export class BenchSealer {
  /**
   * @param {import('../dist/src/plan/compile.js').CompiledPlan} plan
   * @param {import('../dist/src/paillier/public-key.js').PublicKey} key
   * @param {'auto' | 'bigint' | 'wasm'} [kernel]
   */
  constructor(plan, key, kernel = 'auto') {
    this.key = key;
    this.sealer = new EnvelopeSealer(plan, key);
    const arithmetic = createGroupKernel(key.n, { kernel });
    this.kernel = arithmetic.name;
    this.computer = new PairComputer(key, SERVER_COMB, arithmetic);
    this.report = /** @type {import('../dist/src/plan/compile.js').CompiledReport} */ (plan.reports[0]);
    this.demand = this.sealer.demand(this.report, Math.max(...spanBoundsOf(this.report)));
  }

  /** @param {import('../dist/src/proofs/pairs.js').PairKind} kind @param {number} count */
  take(kind, count) {
    const width = pairBytes(this.key, kind);
    const chunk = this.computer.compute(kind, count, systemRandom);
    return Array.from({ length: count }, (_, index) => chunk.subarray(width * index, width * (index + 1)));
  }

  /** Randomness for this many envelopes, as a worker computes it. @param {number} envelopes */
  chunk(envelopes) {
    this.computer.compute('obfuscator', envelopes * this.demand.obfuscators, systemRandom);
    this.computer.compute('mask', envelopes * this.demand.masks, systemRandom);
  }

  records() {
    return {
      obfuscators: this.take('obfuscator', this.demand.obfuscators),
      masks: this.take('mask', this.demand.masks),
    };
  }

  /** @param {ReturnType<BenchSealer['records']>} records @param {number} windowStart */
  seal(records, windowStart = 60) {
    const members = this.report.measurements.map(() => [1]);
    return this.sealer.seal({ report: this.report, windowStart, labels: [], members }, records, buffered);
  }
}
