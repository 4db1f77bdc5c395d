import { describe, expect, it } from 'vitest';
import { bytesToBigInt } from '../../src/bytes.js';
import type { CompiledPlan } from '../../src/plan/compile.js';
import { coalescedMembers } from '../../src/plan/layout.js';
import type { Measurement } from '../../src/plan/plan.js';
import { systemRandom } from '../../src/random.js';
import type { Contribution } from '../../src/wire/seal.js';
import { EnvelopeVerifier } from '../../src/wire/verify.js';
import { TestSealer } from '../support/envelopes.js';
import { testPrivateKey } from '../support/keys.js';
import { planOf } from '../support/plans.js';

const secret = testPrivateKey();
const key = secret.publicKey;
const COMB = { teeth: 4, tables: 2 };

const MEASUREMENTS: Measurement[] = [
  { name: 'ok', attribute: 'ok', kind: 'flag', epsilon: '1' },
  { name: 'hit', attribute: 'hit', kind: 'flag', trueOnly: true, epsilon: '1' },
  { name: 'plan', attribute: 'plan', kind: 'category', values: ['free', 'team'], other: true, epsilon: '1' },
  { name: 'ms', attribute: 'ms', kind: 'histogram', boundaries: [1, 10], epsilon: '1' },
  { name: 'eur', attribute: 'eur', kind: 'sum', min: '0', max: '99', scale: '1', epsilon: '1', countEpsilon: '1' },
  {
    name: 'xy',
    kind: 'product',
    factors: [
      { attribute: 'x', min: 0, max: 2 },
      { attribute: 'y', min: 0, max: 2 },
    ],
    epsilon: '1',
  },
];
function decrypted(plan: CompiledPlan, bytes: Uint8Array): Map<string, bigint> {
  const result = new EnvelopeVerifier([plan], [key], COMB).verify(bytes);
  if (!result.ok) throw new Error(result.reason);
  return new Map(
    result.contribution.ciphertexts.map(({ measurement, component, ciphertexts }) => [
      `${String(measurement)}.${String(component)}`,
      secret.decrypt(bytesToBigInt(ciphertexts[0]!), systemRandom),
    ]),
  );
}

describe('coalesced envelopes', () => {
  const plan = planOf(MEASUREMENTS, { mode: 'coalesced', spanBounds: [3, 15] });
  const report = plan.reports[0]!;
  const sealer = new TestSealer(plan, key);
  const seal = (totals: bigint[][], spanBound = 15): Uint8Array => {
    const members = report.measurements.map((compiled, index) => coalescedMembers(compiled, spanBound, totals[index]!));
    return sealer.sealBytes({ report, windowStart: 60, labels: [], members, spanBound });
  };
  const totals = [[5n, 3n], [2n], [1n, 0n, 14n], [0n, 0n, 0n], [1000n, 11n], [30n, 2n, 9n]];

  it('decrypt to the totals, slot by slot; what counts as nothing is not folded', () => {
    const plaintexts = decrypted(plan, seal(totals));
    expect(plaintexts.size).toBe(totals.flat().length);
    totals.forEach((slots, measurement) => {
      slots.forEach((total, slot) => {
        expect(plaintexts.get(`${String(measurement)}.${String(slot)}`)).toBe(total);
      });
    });
  });
  it('hold every total up to the bound and none above', () => {
    expect(() => seal([[15n, 0n], ...totals.slice(1)])).not.toThrow();
    expect(() => seal([[15n, 1n], ...totals.slice(1)])).toThrow(/outside its range/);
    expect(() => seal([[16n, 0n], ...totals.slice(1)])).toThrow(/outside its range/);
    expect(() => seal([[0n, 0n], [16n], ...totals.slice(2)])).toThrow(/outside its range/);
  });
  it('with a span bound of no list are not sealed', () => {
    const members = report.measurements.map((compiled, index) => coalescedMembers(compiled, 15, totals[index]!));
    const contribution: Contribution = { report, windowStart: 60, labels: [], members, spanBound: 7 };
    expect(() => sealer.seal(contribution)).toThrow(/span bound/);
  });
  it('say the same length whatever they add up', () => {
    const none = report.measurements.map(({ slots }) => slots.map(() => 0n));
    expect(seal(none)).toHaveLength(seal(totals).length);
  });
});
