import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bytesToBigInt, bytesToHex } from '../../src/bytes.js';
import { decodeSlots } from '../../src/paillier/slots.js';
import { PublicKey } from '../../src/paillier/public-key.js';
import { MembershipVerifier } from '../../src/proofs/verify-membership.js';
import { systemRandom } from '../../src/random.js';
import { addressEnvelope, type AddressedEnvelope } from '../../src/wire/address.js';
import { decodeEnvelope, encodeEnvelope, envelopeBytes, readRawHeader } from '../../src/wire/envelope.js';
import { openEnvelope } from '../../src/wire/open-envelope.js';
import type { RejectionReason } from '../../src/wire/rejection.js';
import type { Contribution } from '../../src/wire/seal.js';
import { EnvelopeVerifier, type VerifyResult } from '../../src/wire/verify.js';
import { TestSealer } from '../support/envelopes.js';
import { testPrivateKey } from '../support/keys.js';
import { testPlan } from '../support/plans.js';

const secret = testPrivateKey();
const key = secret.publicKey;
const plan = testPlan();
const report = plan.reports[0]!;
const COMB = { teeth: 4, tables: 2 };
const verifier = new EnvelopeVerifier([plan], [key], COMB);
const sealer = new TestSealer(plan, key);
const contribution: Contribution = { report, windowStart: 60, labels: [1], members: [[1], [3]] };
const envelope = sealer.sealBytes(contribution);

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
  it('refuses records a second time, whichever of them was used', () => {
    const used = sealer.records(contribution);
    sealer.sealer.seal(contribution, used, systemRandom);
    expect(() => sealer.sealer.seal(contribution, used, systemRandom)).toThrow(/used before/);
    for (const kind of ['obfuscators', 'masks'] as const) {
      const [first] = used[kind];
      const fresh = sealer.records(contribution);
      const mixed = { ...fresh, [kind]: [...fresh[kind].slice(1), first!] };
      expect(() => sealer.sealer.seal(contribution, mixed, systemRandom)).toThrow(
        expect.objectContaining({ code: 'invalid_argument' }),
      );
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

/** What is wrong with an envelope, row by row: test/corpus. */
describe('bad envelopes', () => {
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

describe('keys', () => {
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
});

/**
 * Check 1 in bytes, each part with what it alone keeps out: read past it, the envelope is true in every proof.
 */
describe('without a check of the header', () => {
  const addressed = addressEnvelope(envelope, {
    plans: new Map([[plan.hashText, plan]]),
    keys: new Map([[key.kid, key]]),
  }) as AddressedEnvelope;

  /** As address.ts, without any check. */
  function addressedBlindly(bytes: Uint8Array): AddressedEnvelope {
    const windowStart = Number(readRawHeader(bytes)!.windowStart);
    const labels = [new DataView(bytes.buffer, bytes.byteOffset).getUint16(80)];
    return { ...addressed, bytes, header: { ...addressed.header, windowStart, labels } };
  }
  const membership = new MembershipVerifier(key, COMB);
  const proofsHold = (bytes: Uint8Array): boolean =>
    openEnvelope(addressedBlindly(bytes)).subjects.every(
      (subject) => subject !== undefined && membership.verify(subject.set, subject, subject.challenge) === undefined,
    );

  it.each<[string, RejectionReason, () => Uint8Array]>([
    ['its length', 'malformed', () => new Uint8Array([...envelope, 0])],
    ['the version', 'unsupported_version', () => patched(0, 2)],
    ['the key', 'unknown_key', () => patched(1, envelope[1]! ^ 1)],
    ['the plan', 'unknown_plan', () => patched(33, envelope[33]! ^ 1)],
    ['the window’s place', 'malformed', () => sealer.sealBytes({ ...contribution, windowStart: 61 })],
    ['the label', 'labels', () => sealer.sealBytes({ ...contribution, labels: [3] })],
  ])('%s', (_name, reason, make) => {
    const bytes = make();
    expect(proofsHold(bytes)).toBe(true);
    expect(verify(bytes)).toBe(reason);
  });
  it('and with all of them right, an honest one', () => {
    expect(proofsHold(envelope)).toBe(true);
    expect(proofsHold(patched(300, envelope[300]! ^ 1))).toBe(false);
  });
});

describe('headers', () => {
  it('are read without arithmetic', () => {
    expect(verifier.readHeader(envelope)).toMatchObject({ ok: true, header: { windowStart: 60, labels: [1] } });
    expect(verifier.readHeader(envelope.subarray(1))).toMatchObject({ ok: false });
  });
});
