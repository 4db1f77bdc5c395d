import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bytesToBigInt, bytesToHex } from '../../src/bytes.js';
import { decodeSlots } from '../../src/paillier/slots.js';
import { PublicKey } from '../../src/paillier/public-key.js';
import { systemRandom } from '../../src/random.js';
import { componentBytes, decodeEnvelope, encodeEnvelope, envelopeBytes, headerBytes } from '../../src/wire/envelope.js';
import type { RejectionReason } from '../../src/wire/rejection.js';
import type { Contribution } from '../../src/wire/seal.js';
import { EnvelopeVerifier, type VerifyResult } from '../../src/wire/verify.js';
import { TestSealer } from '../support/envelopes.js';
import { testPrivateKey } from '../support/keys.js';
import { testPlan, testPlanDocument } from '../support/plans.js';

const secret = testPrivateKey();
const key = secret.publicKey;
const plan = testPlan();
const report = plan.reports[0]!;
const COMB = { teeth: 4, tables: 2 };
const verifier = new EnvelopeVerifier([plan], [key], COMB);
const sealer = new TestSealer(plan, key);
const contribution: Contribution = { report, windowStart: 60, labels: [1], members: [[1], [3]] };
const envelope = sealer.sealBytes(contribution);
const header = headerBytes(1);
const [flagSet, planSet] = report.measurements.map(({ components }) => components[0]!);
const flagBytes = componentBytes(key, flagSet!);

function reasonOf(result: VerifyResult): RejectionReason | 'accepted' {
  return result.ok ? 'accepted' : result.reason;
}

function verify(bytes: Uint8Array): RejectionReason | 'accepted' {
  return reasonOf(verifier.verify(bytes));
}

/** A copy with bytes written at an offset. */
function patched(offset: number, ...bytes: number[]): Uint8Array {
  const copy = envelope.slice();
  copy.set(bytes, offset);
  return copy;
}

describe('sealing', () => {
  it('gives an envelope of the declared size that verifies and decrypts to the value', () => {
    fc.assert(
      fc.property(fc.nat(2), fc.nat(4), fc.nat(2), (flag, category, label) => {
        const bytes = sealer.sealBytes({ report, windowStart: 120, labels: [label], members: [[flag], [category]] });
        expect(bytes).toHaveLength(envelopeBytes(key, report, 1));
        const result = verifier.verify(bytes);
        if (!result.ok) throw new Error(result.reason);
        expect(result.contribution.header).toMatchObject({ windowStart: 120, labels: [label], report: 0 });
        const slots = result.contribution.ciphertexts.map(({ ciphertexts }) =>
          decodeSlots(key, secret.decrypt(bytesToBigInt(ciphertexts[0]!), systemRandom), 4),
        );
        expect(slots[0]).toEqual([0, 1].map((slot) => (slot + 1 === flag ? 1n : 0n)).concat([0n, 0n]));
        expect(slots[1]).toEqual([0, 1, 2, 3].map((slot) => (slot + 1 === category ? 1n : 0n)));
      }),
      { numRuns: 30 },
    );
  });
  it('uses up its records: all zero afterwards, also when it refuses', () => {
    const records = sealer.records(contribution);
    sealer.sealer.seal(contribution, records, systemRandom);
    const refused = sealer.records(contribution);
    const outside = { ...contribution, members: [[3], [0]] };
    expect(() => sealer.sealer.seal(outside, refused, systemRandom)).toThrow(/not in its set/);
    for (const record of [...records.obfuscators, ...records.masks, ...refused.obfuscators, ...refused.masks]) {
      expect(record.every((byte) => byte === 0)).toBe(true);
    }
  });
  it('refuses too few records, missing members and wrong labels', () => {
    const records = sealer.records(contribution);
    const short = { ...records, masks: records.masks.slice(1) };
    expect(() => sealer.sealer.seal(contribution, short, systemRandom)).toThrow(/number of precomputed/);
    expect(() => sealer.seal({ ...contribution, members: [[1]] })).toThrow(/not in its set/);
    expect(() => sealer.seal({ ...contribution, labels: [] })).toThrow(/number of labels/);
  });
  it('says the same length whatever is sealed, and never the same bytes', () => {
    const texts = [0, 1, 2].map((flag) => sealer.seal({ ...contribution, members: [[flag], [0]] }));
    expect(new Set(texts.map((text) => text.length)).size).toBe(1);
    expect(sealer.seal(contribution)).not.toBe(sealer.seal(contribution));
  });
});

describe('contribution ids', () => {
  const idOf = (bytes: Uint8Array): string => {
    const result = verifier.verify(bytes);
    if (!result.ok) throw new Error(result.reason);
    return bytesToHex(result.contribution.id);
  };
  it('name the contribution: the same bytes give the same, a second seal another', () => {
    expect(idOf(envelope)).toBe(idOf(envelope.slice()));
    expect(idOf(sealer.sealBytes(contribution))).not.toBe(idOf(envelope));
  });
});

describe('bad envelopes', () => {
  it('a flip in any byte is rejected', () => {
    for (let offset = 0; offset < envelope.length; offset += 1) {
      const bit = 1 << (offset % 8);
      expect(verify(patched(offset, envelope[offset]! ^ bit)), `byte ${String(offset)}`).not.toBe('accepted');
    }
  });
  it('cut at any length, or longer, is malformed', () => {
    for (let length = 0; length < envelope.length; length += 1) {
      expect(verify(envelope.subarray(0, length))).toBe('malformed');
    }
    expect(verify(new Uint8Array([...envelope, 0]))).toBe('malformed');
    expect(verify(new Uint8Array([...envelope, ...envelope]))).toBe('malformed');
  });
  it.each<[string, Uint8Array, RejectionReason]>([
    ['version', patched(0, 2), 'unsupported_version'],
    ['kid', patched(1, envelope[1]! ^ 1), 'unknown_key'],
    ['plan hash', patched(33, envelope[33]! ^ 1), 'unknown_plan'],
    ['report', patched(65, 0, 1), 'unknown_report'],
    ['mode', patched(67, 1), 'mode'],
    ['mode of no version', patched(67, 255), 'mode'],
    ['span bound 0', patched(76, 0, 0, 0, 0), 'span_bound'],
    ['span bound 2', patched(76, 0, 0, 0, 2), 'span_bound'],
    ['span bound huge', patched(76, 255, 255, 255, 255), 'span_bound'],
    ['label out of range', patched(80, 0, 3), 'labels'],
    ['label of open sets', patched(80, 255, 255), 'labels'],
    ['window not aligned', patched(75, 61), 'malformed'],
    ['window beyond 2^53', patched(68, 255), 'malformed'],
    ['window moved', patched(75, 120), 'challenge_sum'],
    ['label moved', patched(80, 0, 2), 'challenge_sum'],
    ['ciphertext 0', patched(header, ...new Array<number>(key.modulusBytes).fill(0)), 'element_range'],
    ['ciphertext too large', patched(header, ...new Array<number>(key.modulusBytes).fill(255)), 'element_range'],
    [
      'omega too large',
      patched(header + key.modulusBytes, ...new Array<number>(key.modulusBytes).fill(255)),
      'element_range',
    ],
    ['response too large', patched(header + flagBytes - 65, 255), 'response_range'],
  ])('%s', (_name, bytes, reason) => {
    expect(verify(bytes)).toBe(reason);
  });
  it('random bytes never throw', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), fc.nat(envelope.length - 1), (noise, offset) => {
        expect(verify(noise)).not.toBe('accepted');
        const bytes = envelope.slice();
        bytes.set(noise.subarray(0, bytes.length - offset), offset);
        verifier.verify(bytes);
        verifier.readHeader(noise);
      }),
      { numRuns: 200 },
    );
  });
  it('only canonical base64url is decoded', () => {
    const text = encodeEnvelope(envelope);
    expect(decodeEnvelope(text)).toEqual(envelope);
    expect(decodeEnvelope(`${text}=`)).toBeUndefined();
    expect(decodeEnvelope(`${text} `)).toBeUndefined();
  });
});

describe('a proof belongs where it was made', () => {
  const other = sealer.sealBytes({ ...contribution, members: [[2], [1]] });

  it('parts of one envelope in another', () => {
    const mixed = envelope.slice();
    mixed.set(other.subarray(header, header + flagBytes), header);
    expect(verify(mixed)).toBe('challenge_sum');
  });
  it('a commitment, a challenge or a response of another envelope', () => {
    const element = 2 * key.modulusBytes;
    for (const [offset, length] of [
      [header + element, element],
      [header + 2 * element, 16],
      [header + 2 * element + 16, 65],
    ] as const) {
      const mixed = envelope.slice();
      mixed.set(other.subarray(offset, offset + length), offset);
      expect(verify(mixed)).not.toBe('accepted');
    }
  });
  it('another measurement of the same shape', () => {
    const twins = testPlan({
      reports: [
        {
          ...testPlanDocument().reports[0]!,
          measurements: ['a', 'b'].map((name) => ({ name, attribute: name, kind: 'flag' as const, epsilon: '1' })),
        },
      ],
    });
    const twinSealer = new TestSealer(twins, key);
    const bytes = twinSealer.sealBytes({ ...contribution, report: twins.reports[0]!, members: [[1], [2]] });
    const twinVerifier = new EnvelopeVerifier([twins], [key], COMB);
    expect(reasonOf(twinVerifier.verify(bytes))).toBe('accepted');
    const swapped = bytes.slice();
    swapped.set(bytes.subarray(header, header + flagBytes), header + flagBytes);
    swapped.set(bytes.subarray(header + flagBytes), header);
    expect(reasonOf(twinVerifier.verify(swapped))).toBe('challenge_sum');
  });
  it('another plan with the same sets', () => {
    const next = testPlan({ sequence: 2 });
    const both = new EnvelopeVerifier([plan, next], [key], COMB);
    const moved = envelope.slice();
    moved.set(next.hash, 33);
    expect(reasonOf(both.verify(envelope))).toBe('accepted');
    expect(reasonOf(both.verify(moved))).toBe('challenge_sum');
  });
  it('another key of the plan', () => {
    const secondKey = PublicKey.fromModulus(key.n * 1n, { allowTestSize: true });
    expect(secondKey.kid).toBe(key.kid);
    const larger = testPrivateKey(1024).publicKey;
    const twoKeys = testPlan({ keys: [key.kid, larger.kid] });
    const twoKeySealer = new TestSealer(twoKeys, key);
    const bytes = twoKeySealer.sealBytes({ ...contribution, report: twoKeys.reports[0]! });
    const two = new EnvelopeVerifier([twoKeys], [key, larger], COMB);
    expect(reasonOf(two.verify(bytes))).toBe('accepted');
    expect(reasonOf(new EnvelopeVerifier([twoKeys], [larger], COMB).verify(bytes))).toBe('unknown_key');
    expect(reasonOf(new EnvelopeVerifier([plan], [larger], COMB).verify(envelope))).toBe('unknown_key');
  });
  it('a key that the plan does not name', () => {
    const strangers = testPlan({ keys: ['A'.repeat(43)] });
    const bytes = new TestSealer(strangers, key).sealBytes({ ...contribution, report: strangers.reports[0]! });
    expect(reasonOf(new EnvelopeVerifier([strangers], [key], COMB).verify(bytes))).toBe('unknown_key');
  });
  it('the set comes from the plan: a set with a member more proves nothing here', () => {
    const wider = testPlanDocument().reports[0]!;
    const wide = testPlan({
      reports: [
        {
          ...wider,
          measurements: wider.measurements.map((measurement) =>
            measurement.kind === 'category' ? { ...measurement, values: [...measurement.values, 'x'] } : measurement,
          ),
        },
      ],
    });
    const bytes = new TestSealer(wide, key).sealBytes({ ...contribution, report: wide.reports[0]! });
    bytes.set(plan.hash, 33);
    expect(verify(bytes)).toBe('malformed');
    expect(planSet!.tuples).toHaveLength(5);
  });
});

describe('headers', () => {
  it('are read without arithmetic', () => {
    expect(verifier.readHeader(envelope)).toMatchObject({ ok: true, header: { windowStart: 60, labels: [1] } });
    expect(verifier.readHeader(envelope.subarray(1))).toMatchObject({ ok: false });
  });
});
