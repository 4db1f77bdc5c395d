import { describe, expect, it } from 'vitest';
import { bytesToBigInt, bytesToHex, concatBytes, utf8ToBytes } from '../../src/bytes.js';
import { decodeSlots } from '../../src/paillier/slots.js';
import { MAX_KEY_BYTES, OTHER_KEY } from '../../src/plan/labels.js';
import { systemRandom } from '../../src/random.js';
import { envelopeBytes } from '../../src/wire/envelope.js';
import { EnvelopeVerifier, type VerifyResult } from '../../src/wire/verify.js';
import { TestSealer } from '../support/envelopes.js';
import { testPrivateKey } from '../support/keys.js';
import { openPlan, openPlanDocument } from '../support/open-plans.js';

const secret = testPrivateKey();
const publicKey = secret.publicKey;
const region = { key: 'region', values: ['eu', 'us'], otherwise: 'us' };
const [document] = openPlanDocument().reports;
/** The open label stands between the fixed header, two bytes of a closed label, and the components. */
const plan = openPlan({
  plan: {
    labels: [region, { key: 'feature', open: true, longest: 20 }],
    reports: [{ ...document!, labels: ['region', 'feature'] }],
  },
});
const [report] = plan.reports;
const verifier = new EnvelopeVerifier([plan], [publicKey], { teeth: 4, tables: 2 });
const sealer = new TestSealer(plan, publicKey);
const ENTRY = 82;

function sealed(feature: string, unit = 1): Uint8Array {
  return sealer.sealBytes({ report: report!, windowStart: 3600, labels: [1, feature], members: [[1], [unit]] });
}

function reasonOf(bytes: Uint8Array): string {
  const result: VerifyResult = verifier.verify(bytes);
  return result.ok ? 'accepted' : result.reason;
}

const envelope = sealed('search');
const components = envelope.subarray(ENTRY + 6 + 6);

/** The same components under another entry of the open label. */
function withEntry(marker: number, length: number, key: Uint8Array): Uint8Array {
  const head = new Uint8Array(6);
  new DataView(head.buffer).setUint16(0, marker);
  new DataView(head.buffer).setUint32(2, length);
  return concatBytes([envelope.subarray(0, ENTRY), head, key, components]);
}

function withKey(key: Uint8Array): Uint8Array {
  return withEntry(0xffff, key.length, key);
}

describe('an envelope with an open label', () => {
  it.each(['a', 'search', OTHER_KEY, 'S\u00e3o Paulo \u{1F600}', '\u00e9'.repeat(10)])(
    'carries the key "%s" in clear, and values and the unit count sealed',
    (feature) => {
      for (const unit of [0, 1]) {
        const bytes = sealed(feature, unit);
        expect(bytes).toHaveLength(envelopeBytes(publicKey, report!, 1, utf8ToBytes(feature).length));
        const result = verifier.verify(bytes);
        if (!result.ok) throw new Error(result.reason);
        expect(result.contribution.header.labels).toEqual([1, feature]);
        const opened = result.contribution.ciphertexts.map(({ measurement, component, ciphertexts }) => {
          const plaintext = secret.decrypt(bytesToBigInt(ciphertexts[0]!), systemRandom);
          return [measurement, component, decodeSlots(publicKey, plaintext, 2)];
        });
        expect(opened).toEqual([
          [0, 0, [1n, 0n]],
          [1, 0, [BigInt(unit), 0n]],
        ]);
      }
    },
  );

  it('has a length that says nothing but that of its key', () => {
    const lengths = [0, 1].map((unit) => sealed('search', unit).length);
    expect(new Set([...lengths, sealed('browse').length]).size).toBe(1);
    expect(sealed('ab').length - sealed('a').length).toBe(1);
    expect(sealer.sealer.envelopeBytes(report!)).toBe(sealed('x'.repeat(20)).length);
  });

  it('is bound to its key', () => {
    expect(reasonOf(withKey(utf8ToBytes('search')))).toBe('accepted');
    expect(reasonOf(withKey(utf8ToBytes('browse')))).toBe('challenge_sum');
    expect(reasonOf(withKey(utf8ToBytes('searches')))).toBe('challenge_sum');
    const idOf = (bytes: Uint8Array): string => {
      const result = verifier.verify(bytes);
      return result.ok ? bytesToHex(result.contribution.id) : result.reason;
    };
    expect(idOf(sealed('search'))).not.toBe(idOf(envelope));
    expect(idOf(withKey(utf8ToBytes('search')))).toBe(idOf(envelope));
  });

  it.each<[string, Uint8Array]>([
    ['nothing', withKey(new Uint8Array(0))],
    ['a byte that is no UTF-8', withKey(new Uint8Array([0x61, 0xff]))],
    ['an overlong form', withKey(new Uint8Array([0xc1, 0xa1]))],
    ['half a surrogate pair', withKey(new Uint8Array([0xed, 0xa0, 0x80]))],
    ['a character cut short', withKey(new Uint8Array([0x61, 0xc3]))],
    ['a control character', withKey(utf8ToBytes('a\u0000b'))],
    ['a line end', withKey(utf8ToBytes('a\n'))],
    ['more than any key has', withKey(new Uint8Array(MAX_KEY_BYTES + 1).fill(0x61))],
    ['a length beyond the envelope', withEntry(0xffff, 0xffffffff, utf8ToBytes('search'))],
    ['a length that takes a byte of the components', withEntry(0xffff, 7, utf8ToBytes('search'))],
    ['a length that leaves a byte of the key', withEntry(0xffff, 5, utf8ToBytes('search'))],
    ['the position of a closed label', withEntry(0, 6, utf8ToBytes('search'))],
    ['no length', concatBytes([envelope.subarray(0, ENTRY), new Uint8Array([0xff, 0xff]), components])],
  ])('is malformed with %s', (_name, bytes) => {
    expect(reasonOf(bytes)).toBe('malformed');
    expect(verifier.readHeader(bytes)).toEqual({ ok: false, reason: 'malformed' });
  });

  it('is refused with a key longer than the plan allows', () => {
    expect(reasonOf(withKey(new Uint8Array(21).fill(0x61)))).toBe('labels');
    expect(reasonOf(withKey(new Uint8Array(MAX_KEY_BYTES).fill(0x61)))).toBe('labels');
  });

  it('is refused with a closed label out of range, also as an open one', () => {
    for (const position of [2, 0xffff]) {
      const bytes = envelope.slice();
      new DataView(bytes.buffer).setUint16(80, position);
      expect(reasonOf(bytes)).toBe('labels');
    }
  });

  it('is malformed cut at every length, and never throws with a flipped byte', () => {
    for (let length = 0; length < envelope.length; length += 1) {
      expect(reasonOf(envelope.subarray(0, length))).toBe('malformed');
    }
    for (let offset = 80; offset < ENTRY + 16; offset += 1) {
      const bytes = envelope.slice();
      bytes[offset]! ^= 0x40;
      expect(reasonOf(bytes), `byte ${String(offset)}`).not.toBe('accepted');
    }
  });

  it('is not sealed without a key, with a text that is none, or with a unit count other than 0 and 1', () => {
    expect(() => sealer.seal({ report: report!, windowStart: 0, labels: [1, 0], members: [[1], [1]] })).toThrow(
      /not a key/,
    );
    expect(() => sealed('a\n')).toThrow(/not a key/);
    expect(() => sealed('a', 2)).toThrow(/not in its set/);
    expect(() => sealer.seal({ report: report!, windowStart: 0, labels: [1, 'a'], members: [[1]] })).toThrow(
      /not in its set/,
    );
  });
});
