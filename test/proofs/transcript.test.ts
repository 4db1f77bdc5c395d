import { sha256 } from '@noble/hashes/sha2.js';
import { describe, expect, it } from 'vitest';
import { bigIntToBytes, bytesToBigInt, bytesToHex, concatBytes, fromBase64Url } from '../../src/bytes.js';
import { mod, modInverse } from '../../src/math/modular.js';
import { splitStandard, type SplitElement } from '../../src/math/split-form.js';
import type { TupleSet } from '../../src/math/tuple-set.js';
import type { ProvenComponent } from '../../src/proofs/set-membership.js';
import {
  contributionId,
  envelopeChallenge,
  type TranscriptComponent,
  type TranscriptHeader,
} from '../../src/proofs/transcript.js';
import { MembershipVerifier } from '../../src/proofs/verify-membership.js';
import { randomBits, systemRandom } from '../../src/random.js';
import { obfuscationBase } from '../../src/paillier/obfuscation.js';
import { FixedBaseComb } from '../../src/math/fixed-base-comb.js';
import { addressEnvelope, type AddressedEnvelope } from '../../src/wire/address.js';
import { openEnvelope } from '../../src/wire/open-envelope.js';
import { EnvelopeVerifier } from '../../src/wire/verify.js';
import type { CompiledPlan } from '../../src/plan/compile.js';
import type { Subject } from '../../src/proofs/membership-checks.js';
import {
  answer,
  draft,
  draftComponent,
  element,
  textOf,
  type DraftComponent,
  type Transcript,
} from '../corpus/forger.js';
import { shop } from '../corpus/plans.js';
import { testPrivateKey } from '../support/keys.js';

const key = testPrivateKey().publicKey;
const other = testPrivateKey(1024).publicKey;
const bytes = (fill: number, length = 32): Uint8Array => new Uint8Array(length).fill(fill);

const header: TranscriptHeader = {
  version: 1,
  key,
  planHash: bytes(2),
  report: 0,
  mode: 0,
  windowStart: 60,
  spanBound: 1,
  labels: bytes(0, 2),
  measurementCount: 1,
};
const component: TranscriptComponent = {
  measurement: 0,
  component: 0,
  set: { arity: 1, tuples: [[0n], [1n]] },
  ciphertexts: [bytes(3, 128)],
};
const idOf = (h: Partial<TranscriptHeader>, c: Partial<TranscriptComponent>): string =>
  bytesToHex(contributionId({ ...header, ...h }, [{ ...component, ...c }]));
const base = idOf({}, {});

describe('the contribution id is bound to', () => {
  it.each<[string, Partial<TranscriptHeader>, Partial<TranscriptComponent>]>([
    ['the version', { version: 2 }, {}],
    ['the key', { key: other }, {}],
    ['the plan', { planHash: bytes(9) }, {}],
    ['the report', { report: 1 }, {}],
    ['the mode', { mode: 1 }, {}],
    ['the window', { windowStart: 120 }, {}],
    ['the span bound', { spanBound: 15 }, {}],
    ['the labels', { labels: bytes(1, 2) }, {}],
    ['the number of measurements', { measurementCount: 2 }, {}],
    ['the measurement', {}, { measurement: 1 }],
    ['the component', {}, { component: 1 }],
    ['every member of the set', {}, { set: { arity: 1, tuples: [[0n], [2n]] } }],
    ['the size of the set', {}, { set: { arity: 1, tuples: [[0n], [1n], [2n]] } }],
    ['the arity', {}, { set: { arity: 2, tuples: [[0n, 1n]] } }],
    ['every ciphertext', {}, { ciphertexts: [bytes(4, 128)] }],
    ['the number of ciphertexts', {}, { ciphertexts: [bytes(3, 128), bytes(3, 128)] }],
  ])('%s', (_name, h, c) => {
    expect(idOf(h, c)).not.toBe(base);
  });
  it('the number of components', () => {
    expect(bytesToHex(contributionId(header, [component, component]))).not.toBe(base);
    expect(bytesToHex(contributionId(header, []))).not.toBe(base);
  });
});

describe('the challenge is bound to', () => {
  it('the contribution and every commitment in order', () => {
    const [a, b] = [bytes(5, 128), bytes(6, 128)];
    const all = [
      envelopeChallenge(bytes(1), [a, b]),
      envelopeChallenge(bytes(2), [a, b]),
      envelopeChallenge(bytes(1), [b, a]),
      envelopeChallenge(bytes(1), [a]),
      envelopeChallenge(bytes(1), [concatBytes([a, b])]),
    ];
    expect(new Set(all).size).toBe(all.length);
    expect(all.every((challenge) => challenge >> 128n === 0n)).toBe(true);
  });
});

/**
 * D. Bernhard, O. Pereira, B. Warinschi, ASIACRYPT 2012: where the hash leaves out the statement, a prover
 * picks the statement last. The commitment carries (1+n)^x; once E is known, c = (1+n)^(d - x/E) "proves" d.
 */
describe('the forgery that a hash of the commitments alone lets through', () => {
  const { n } = key;
  const comb = new FixedBaseComb(obfuscationBase(key), n, 600, { teeth: 4, tables: 2 });
  const verifier = new MembershipVerifier(key, { teeth: 4, tables: 2 });
  const set: TupleSet = { arity: 1, tuples: [[7n]] };
  const encode = ({ unit, omega }: SplitElement): Uint8Array =>
    concatBytes([bigIntToBytes(unit, key.modulusBytes), bigIntToBytes(omega, key.modulusBytes)]);

  const gamma = randomBits(systemRandom, 500);
  const power = comb.power(gamma);
  const x = 12_345n;
  const commitment = splitStandard(mod(power.unit * (1n + n * mod(power.omega + x, n)), key.nSquared), n);
  const forgeFor = (challenge: bigint): ProvenComponent => ({
    ciphertexts: [{ unit: 1n, omega: mod(7n - x * modInverse(challenge, n), n) }],
    branches: [{ commitments: [commitment], challenge, responses: [gamma] }],
  });

  it('passes every check of the verifier under the weak hash', () => {
    const weak = bytesToBigInt(sha256(encode(commitment)).subarray(-16));
    expect(verifier.verify(set, forgeFor(weak), weak)).toBeUndefined();
  });
  it('fails under the real one, because the challenge moves with the statement', () => {
    const weak = bytesToBigInt(sha256(encode(commitment)).subarray(-16));
    const forged = forgeFor(weak);
    const id = contributionId(header, [{ ...component, set, ciphertexts: forged.ciphertexts.map(encode) }]);
    const real = envelopeChallenge(id, [encode(commitment)]);
    expect(verifier.failedChecks(set, forged, real)).toEqual(['challenge_sum']);
    const adjusted = { ...forged, branches: [{ ...forged.branches[0]!, challenge: real }] };
    expect(verifier.failedChecks(set, adjusted, real)).toEqual(['equation']);
  });
});

/** A commitment that the hash leaves out is chosen last: to fit the challenge, whatever the plaintext is. */
describe('the forgery that a hash without one commitment lets through', () => {
  const flag = (): DraftComponent =>
    draftComponent({ measurement: 0, component: 0 }, shop.reports[0]!.measurements[0]!.components[0]!, 1, 1_000_000n);
  const withoutIt = ({ id, commitments }: Transcript): Transcript => ({
    id,
    commitments: commitments.filter((_, index) => index !== 1),
  });

  const open = draft();
  open.components[0] = flag();
  const closed = answer(open, withoutIt);
  const late = closed.components[0]!.branches[1]!;
  late.commitment = element(open.components[0].branches[1]!.gamma, (1n - 1_000_000n) * late.challenge);
  const bytes = fromBase64Url(textOf(closed))!;

  it('passes every check of the verifier under the weak hash', () => {
    const subjects = subjectsOf(bytes, shop);
    const [first] = subjects;
    const verifier = new MembershipVerifier(key, { teeth: 4, tables: 2 });
    expect(verifier.verify(first!.set, first!, closed.challenge)).toBeUndefined();
    expect(verifier.verify(first!.set, first!, first!.challenge)).toBe('challenge_sum');
  });
  it('fails under the real one', () => {
    const verified = new EnvelopeVerifier([shop], [key], { teeth: 4, tables: 2 }).verify(bytes);
    expect(verified).toEqual({ ok: false, reason: 'challenge_sum' });
  });
});

function subjectsOf(bytes: Uint8Array, plan: CompiledPlan): Subject[] {
  const book = { plans: new Map([[plan.hashText, plan]]), keys: new Map([[key.kid, key]]) };
  return openEnvelope(addressEnvelope(bytes, book) as AddressedEnvelope).subjects.map((subject) => subject!);
}
