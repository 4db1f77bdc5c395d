/** Laws of envelopes, for any plan of any kinds and any values, per span and coalesced. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bytesToBigInt } from '../../src/bytes.js';
import { addCiphertexts } from '../../src/paillier/ciphertext.js';
import { importPublicKey } from '../../src/paillier/foreign-public-key.js';
import { packSlots } from '../../src/paillier/slots.js';
import { classifyValue, membersOf } from '../../src/plan/classify.js';
import type { CompiledPlan, CompiledReport } from '../../src/plan/compile.js';
import { coalescedMembers, spanBoundsOf } from '../../src/plan/layout.js';
import { TelemetryKitError } from '../../src/errors.js';
import { systemRandom } from '../../src/random.js';
import { decodeEnvelope, envelopeBytes } from '../../src/wire/envelope.js';
import { decodePublicKey } from '../../src/wire/public-key-document.js';
import { REJECTION_REASONS } from '../../src/wire/rejection.js';
import { EnvelopeVerifier, type VerifiedContribution } from '../../src/wire/verify.js';
import { anyMeasurements, anyValue } from '../support/arbitraries.js';
import { TestSealer } from '../support/envelopes.js';
import { testPrivateKey } from '../support/keys.js';
import { planOf } from '../support/plans.js';

const secret = testPrivateKey();
const key = secret.publicKey;
const COMB = { teeth: 4, tables: 2 };

/** A plan of any measurements, with what is needed to seal and to verify. */
class Bench {
  readonly plan: CompiledPlan;
  readonly report: CompiledReport;
  readonly sealer: TestSealer;
  readonly verifier: EnvelopeVerifier;

  constructor(plan: CompiledPlan) {
    this.plan = plan;
    this.report = plan.reports[0]!;
    this.sealer = new TestSealer(plan, key);
    this.verifier = new EnvelopeVerifier([plan], [key], COMB, { kernel: 'bigint' });
  }

  /** What one span with such attributes adds, per measurement and slot. */
  increments(values: readonly unknown[]): (readonly bigint[])[] {
    return this.report.measurements.map(
      (compiled, index) =>
        classifyValue(
          compiled,
          compiled.attributes.map((_, attribute) => values[(index + attribute) % values.length]),
        ).increments,
    );
  }

  sealSpan(increments: readonly (readonly bigint[])[]): Uint8Array {
    const members = this.report.measurements.map((compiled, index) => membersOf(compiled, increments[index]!));
    return this.sealer.sealBytes({ report: this.report, windowStart: 60, labels: [], members });
  }

  sealFlush(totals: readonly (readonly bigint[])[], spanBound: number): Uint8Array {
    const members = this.report.measurements.map((compiled, index) =>
      coalescedMembers(compiled, spanBound, totals[index]!),
    );
    return this.sealer.sealBytes({ report: this.report, windowStart: 60, labels: [], members, spanBound });
  }

  /** Throws where it is refused. */
  accept(bytes: Uint8Array): VerifiedContribution {
    const result = this.verifier.verify(bytes);
    if (!result.ok) throw new Error(result.reason);
    return result.contribution;
  }
}

/** Standard ciphertexts by accumulator, the products of all contributions. */
function folded(contributions: readonly VerifiedContribution[]): Map<string, bigint> {
  const products = new Map<string, bigint>();
  for (const { ciphertexts } of contributions) {
    for (const { measurement, component, ciphertexts: own } of ciphertexts) {
      const name = `${String(measurement)}.${String(component)}`;
      const product = own.map(bytesToBigInt).reduce((a, b) => addCiphertexts(key, a, b), products.get(name) ?? 1n);
      products.set(name, product);
    }
  }
  return products;
}

function decrypted(products: Map<string, bigint>): Map<string, bigint> {
  return new Map([...products].map(([name, product]) => [name, secret.decrypt(product, systemRandom)]));
}

/** Slot by slot, over all spans. */
function totalsOf(spans: readonly (readonly (readonly bigint[])[])[]): bigint[][] {
  const [first] = spans;
  return first!.map((slots, measurement) =>
    slots.map((_, slot) => spans.reduce((total, span) => total + span[measurement]![slot]!, 0n)),
  );
}

const anySpan = fc.array(anyValue, { minLength: 7, maxLength: 7 });

describe('any allowed input', () => {
  it('sealed per span verifies, has its declared size, and all sealed together decrypt to their sum', () => {
    fc.assert(
      fc.property(anyMeasurements, fc.array(anySpan, { minLength: 1, maxLength: 4 }), (measurements, spans) => {
        const bench = new Bench(planOf(measurements));
        const increments = spans.map((values) => bench.increments(values));
        const sealed = increments.map((own) => bench.sealSpan(own));
        for (const bytes of sealed) expect(bytes).toHaveLength(envelopeBytes(key, bench.report, 1));
        const sums = decrypted(folded(sealed.map((bytes) => bench.accept(bytes))));
        totalsOf(increments).forEach((totals, measurement) => {
          const { slotBits } = bench.report.measurements[measurement]!;
          expect(sums.get(`${String(measurement)}.0`)).toBe(packSlots(totals, slotBits));
        });
      }),
      { numRuns: 40 },
    );
  });

  it('sealed by flushes verifies, and all flushes together decrypt to their sum, slot by slot', () => {
    const flush = fc.array(anySpan, { minLength: 1, maxLength: 15 });
    fc.assert(
      fc.property(anyMeasurements, fc.array(flush, { minLength: 1, maxLength: 2 }), (measurements, flushes) => {
        const bench = new Bench(planOf(measurements, { mode: 'coalesced', spanBounds: [3, 15] }));
        const totals = flushes.map((spans) => totalsOf(spans.map((values) => bench.increments(values))));
        const sealed = totals.map((own, index) => {
          const bound = spanBoundsOf(bench.report).find((spans) => spans >= flushes[index]!.length)!;
          return bench.sealFlush(own, bound);
        });
        const sums = decrypted(folded(sealed.map((bytes) => bench.accept(bytes))));
        const expected = totalsOf(totals);
        expect(sums.size).toBe(expected.flat().length);
        expected.forEach((slots, measurement) => {
          slots.forEach((total, slot) => {
            expect(sums.get(`${String(measurement)}.${String(slot)}`)).toBe(total);
          });
        });
      }),
      { numRuns: 25 },
    );
  });
});

/**
 * Every byte and every value of it: no single change is accepted. Two envelopes may both be accepted that differ in
 * more than one byte: one sealed again, one whose prover changed signs before hashing, and, only for who knows the
 * key's primes, responses moved by the order of the base (test/corpus). Changing a sign after the hash changes the
 * hash.
 */
describe('any byte changed', () => {
  it.each(['per-span', 'coalesced'] as const)('of a %s envelope is rejected by a named reason', (mode) => {
    fc.assert(
      fc.property(
        anyMeasurements,
        anySpan,
        fc.array(fc.record({ at: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), by: fc.integer({ min: 1, max: 255 }) }), {
          minLength: 12,
          maxLength: 12,
        }),
        (measurements, values, changes) => {
          const bench = new Bench(planOf(measurements, mode === 'coalesced' ? { mode, spanBounds: [3] } : {}));
          const own = bench.increments(values);
          const bytes = mode === 'coalesced' ? bench.sealFlush(own, 3) : bench.sealSpan(own);
          const bent = changes.map(({ at, by }) => {
            const copy = bytes.slice();
            copy[Math.floor(at * copy.length)]! ^= by;
            return copy;
          });
          const [first, ...results] = bench.verifier.verifyMany([bytes, ...bent], systemRandom);
          expect(first!.ok).toBe(true);
          for (const result of results) {
            expect(result.ok).toBe(false);
            if (!result.ok) expect(REJECTION_REASONS).toContain(result.reason);
          }
        },
      ),
      { numRuns: 12 },
    );
  }); // prettier-ignore
});

describe('decoding never throws', () => {
  const bench = new Bench(planOf([{ name: 'ok', attribute: 'ok', kind: 'flag', epsilon: '1' }]));
  const sealed = bench.sealSpan([[1n, 0n]]);
  const anyText = fc.oneof(
    fc.string(),
    fc.string({ unit: 'binary' }),
    fc.base64String(),
    fc
      .array(fc.constantFrom('A', 'B', 'b', '0', '9', '-', '_', '=', '+', '/', ' ', '\n', '\u0000', '\ud800'), {
        maxLength: 200,
      })
      .map((letters) => letters.join('')),
  );
  /** From nothing to an envelope of which only a stretch is noise. */
  const anyBytes = fc.oneof(
    fc.uint8Array({ maxLength: 3 * sealed.length }),
    fc
      .record({
        noise: fc.uint8Array({ maxLength: sealed.length }),
        at: fc.nat(sealed.length),
        cut: fc.nat(sealed.length),
      })
      .map(({ noise, at, cut }) => Uint8Array.of(...sealed.subarray(0, at), ...noise, ...sealed.subarray(at, cut))),
  );

  it('any text', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const bytes = decodeEnvelope(text);
        // What is decoded has no other encoding.
        if (bytes !== undefined) expect(Buffer.from(bytes).toString('base64url')).toBe(text);
      }),
      { numRuns: 500 },
    );
  });

  it('any bytes, alone and in a batch, with one answer', () => {
    fc.assert(
      fc.property(fc.array(anyBytes, { minLength: 1, maxLength: 4 }), (all) => {
        for (const bytes of all) bench.verifier.readHeader(bytes);
        const alone = all.map((bytes) => bench.verifier.verify(bytes).ok);
        expect(bench.verifier.verifyMany(all, systemRandom).map(({ ok }) => ok)).toEqual(alone);
      }),
      { numRuns: 150 },
    );
  });

  it('any document as a public key: a key or a typed error', () => {
    fc.assert(
      fc.property(fc.oneof(fc.anything(), fc.jsonValue()), (document) => {
        for (const read of [decodePublicKey, importPublicKey]) {
          try {
            read(document);
          } catch (error) {
            expect(error).toBeInstanceOf(TelemetryKitError);
          }
        }
      }),
      { numRuns: 300 },
    );
  });
});
