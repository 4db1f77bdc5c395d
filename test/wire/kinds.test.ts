import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bytesToBigInt } from '../../src/bytes.js';
import { mod } from '../../src/math/modular.js';
import type { CompiledPlan } from '../../src/plan/compile.js';
import { classifyValue, membersOf } from '../../src/plan/classify.js';
import { packSlots } from '../../src/paillier/slots.js';
import { coalescedMembers, envelopeLayout } from '../../src/plan/layout.js';
import type { Measurement } from '../../src/plan/plan.js';
import { systemRandom } from '../../src/random.js';
import { componentBytes, headerBytes } from '../../src/wire/envelope.js';
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
const VALUES = fc.record({
  ok: fc.option(fc.boolean(), { nil: undefined }),
  hit: fc.boolean(),
  plan: fc.constantFrom('free', 'team', 'gold', undefined),
  ms: fc.double({ noNaN: true }),
  eur: fc.option(fc.integer({ min: -5, max: 120 }), { nil: undefined }),
  x: fc.integer({ min: 0, max: 3 }),
  y: fc.integer({ min: 0, max: 3 }),
});

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

describe('per-span envelopes of every kind', () => {
  const plan = planOf(MEASUREMENTS);
  const report = plan.reports[0]!;
  const sealer = new TestSealer(plan, key);
  it('decrypt to exactly what was classified', () => {
    fc.assert(
      fc.property(VALUES, (values: Record<string, unknown>) => {
        const increments = report.measurements.map(
          (compiled) =>
            classifyValue(
              compiled,
              compiled.attributes.map((name) => values[name]),
            ).increments,
        );
        const members = report.measurements.map((compiled, index) => membersOf(compiled, increments[index]!));
        const plaintexts = decrypted(plan, sealer.sealBytes({ report, windowStart: 60, labels: [], members }));
        report.measurements.forEach(({ slotBits }, index) => {
          expect(plaintexts.get(`${String(index)}.0`)).toBe(packSlots(increments[index]!, slotBits));
        });
      }),
      { numRuns: 15 },
    );
  });
});

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
  it('are bound in every byte, the proof of the total included', () => {
    const bytes = seal(totals);
    const verifier = new EnvelopeVerifier([plan], [key], COMB);
    for (let offset = 0; offset < bytes.length; offset += 97) {
      const bent = bytes.slice();
      bent[offset] = mod(BigInt(bent[offset]!) + 1n, 256n) === 0n ? 0 : bent[offset]! ^ 4;
      expect(verifier.verify(bent).ok, `byte ${String(offset)}`).toBe(false);
    }
    const [first] = envelopeLayout(report, 15);
    const totalAt = headerBytes(0) + first!.components.reduce((sum, { set }) => sum + componentBytes(key, set), 0);
    for (const at of [totalAt, totalAt + 128, totalAt + 130, totalAt + 146]) {
      const bent = bytes.slice();
      bent[at]! ^= 1;
      expect(verifier.verify(bent).ok).toBe(false);
    }
  });
  it('say the same length whatever they add up', () => {
    const none = report.measurements.map(({ slots }) => slots.map(() => 0n));
    expect(seal(none)).toHaveLength(seal(totals).length);
  });
});
