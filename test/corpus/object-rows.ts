/** What no envelope can say, because its fields have no room for it, and a caller of the proofs can. */
import { gcd, mod, modInverse } from '../../src/math/modular.js';
import type { Subject } from '../../src/proofs/membership-checks.js';
import { CHALLENGE_MODULUS, responseBits } from '../../src/proofs/parameters.js';
import type { ProofBranch } from '../../src/proofs/set-membership.js';
import { randomBits, systemRandom } from '../../src/random.js';
import { answer, draft, draftComponent, element } from './forger.js';
import { key, secret } from './plans.js';
import type { ObjectRow, Verdict } from './row.js';

const { n } = key;
const { p, q } = secret.exportPrimes();
const BASE_ORDER = ((p - 1n) * (q - 1n)) / gcd(p - 1n, q - 1n);
const RESPONSE_BOUND = 1n << BigInt(responseBits(key));
const HUGE = 1n << 4000n;
export const BIT: Subject['set'] = { arity: 1, tuples: [[0n], [1n]] };

/** An honest proof that a ciphertext holds 1, as an object. */
export function bit(): Subject {
  const closed = answer({ ...draft(), components: [draftComponent({ measurement: 0, component: 0 }, BIT, 1)] });
  const { ciphertext, branches } = closed.components[0]!;
  return {
    set: BIT,
    challenge: closed.challenge,
    ciphertexts: [ciphertext],
    branches: branches.map(({ commitment, challenge, response }) => ({
      commitments: [commitment],
      challenge,
      responses: [response],
    })),
  };
}

/** An honest proof with one branch changed. */
export function bentBit(branch: number, change: (own: ProofBranch) => Partial<ProofBranch>): Subject {
  const honest = bit();
  return {
    ...honest,
    branches: honest.branches.map((own, index) => (index === branch ? { ...own, ...change(own) } : own)),
  };
}

/** The same answers to challenges moved by a multiple of 2^128, whose sum is right and whose equations hold. */
export function movedChallenge(by: bigint, alpha = randomBits(systemRandom, 256)): Subject {
  const gammas = [randomBits(systemRandom, 512), randomBits(systemRandom, 512)] as const;
  const challenge = randomBits(systemRandom, 128);
  const simulated = randomBits(systemRandom, 128);
  const own = mod(challenge - simulated, CHALLENGE_MODULUS) + by;
  const commitments = [element(gammas[0], -simulated), element(gammas[1], 0n)] as const;
  return {
    set: BIT,
    challenge,
    ciphertexts: [element(alpha, 1n)],
    branches: [
      { commitments: [commitments[0]], challenge: simulated, responses: [gammas[0] + alpha * simulated] },
      { commitments: [commitments[1]], challenge: own, responses: [gammas[1] + alpha * own] },
    ],
  };
}

/** The classic forgery: a challenge that is a multiple of n takes any plaintext out of its equation. */
export function multipleOfN(value: bigint): Subject {
  const [gamma0, gamma1] = [randomBits(systemRandom, 500), randomBits(systemRandom, 500)];
  const [challenge, e0] = [randomBits(systemRandom, 128), randomBits(systemRandom, 128)];
  const e1 = n * mod((challenge - e0) * modInverse(n, CHALLENGE_MODULUS), CHALLENGE_MODULUS);
  return {
    set: BIT,
    challenge,
    ciphertexts: [element(0n, value)],
    branches: [
      { commitments: [element(gamma0, -value * e0)], challenge: e0, responses: [gamma0] },
      { commitments: [element(gamma1, 0n)], challenge: e1, responses: [gamma1] },
    ],
  };
}

/** A response moved by a multiple of the base's order: to the first beyond the bound, or to the last below 0. */
export function movedResponse(direction: 'beyond' | 'below'): Subject {
  return bentBit(0, ({ responses: [z = 0n] }) => ({
    responses: [
      direction === 'beyond'
        ? z + BASE_ORDER * ((RESPONSE_BOUND - z) / BASE_ORDER + 1n)
        : z - BASE_ORDER * (z / BASE_ORDER + 1n),
    ],
  }));
}

const row = (name: string, subject: () => Subject, verdict: Verdict): ObjectRow => ({
  section: 'proof',
  name,
  subject,
  verdict,
});

const NAMES = new Map([
  [n + 1n, 'n + 1'],
  [key.nSquared - 1n, 'n^2 - 1'],
  [CHALLENGE_MODULUS, '2^128'],
  [RESPONSE_BOUND, 'its bound'],
  [HUGE, '2^4000'],
  [HUGE - 1n, '2^4000 - 1'],
]);

/** Numbers as one reads them. */
function short(value: bigint): string {
  const size = value < 0n ? -value : value;
  const bits = size.toString(2).length;
  const text = bits < 20 ? String(size) : (NAMES.get(size) ?? `${String(bits)} bits, last ${String(size & 0xffn)}`);
  return value < 0n ? `-${text}` : text;
}

export const OBJECT_ROWS: readonly ObjectRow[] = [
  row('an honest proof of a bit', bit, 'accepted'),
  row('e = n f, which makes 1,000,000 a bit', () => multipleOfN(1_000_000n), 'challenge_range'),
  row('e moved by 2^128', () => movedChallenge(CHALLENGE_MODULUS), 'challenge_range'),
  row('a negative e', () => movedChallenge(-CHALLENGE_MODULUS), 'challenge_range'),
  ...[CHALLENGE_MODULUS, -1n, HUGE, -HUGE].map((e) =>
    row(`e = ${short(e)}`, () => bentBit(1, () => ({ challenge: e })), 'challenge_range'),
  ),
  row('a negative z that fits its equation', () => movedResponse('below'), 'response_range'),
  ...[RESPONSE_BOUND, -1n, HUGE - 1n, -HUGE].map((z) =>
    row(`z = ${short(z)}`, () => bentBit(0, () => ({ responses: [z] })), 'response_range'),
  ),
  ...[-1n, n + 1n, key.nSquared - 1n, HUGE, -HUGE].flatMap((unit) => [
    row(`c of unit ${short(unit)}`, () => ({ ...bit(), ciphertexts: [{ unit, omega: 0n }] }), 'element_range'),
    row(`a of unit ${short(unit)}`, () => bentBit(0, () => ({ commitments: [{ unit, omega: 0n }] })), 'element_range'),
  ]),
  ...[-1n, HUGE, -HUGE].flatMap((omega) => [
    row(`c of omega ${short(omega)}`, () => ({ ...bit(), ciphertexts: [{ unit: 1n, omega }] }), 'element_range'),
    row(
      `a of omega ${short(omega)}`,
      () => bentBit(0, () => ({ commitments: [{ unit: 1n, omega }] })),
      'element_range',
    ),
  ]),
  row('no ciphertext', () => ({ ...bit(), ciphertexts: [] }), 'malformed'),
  row('no branch', () => ({ ...bit(), branches: [] }), 'malformed'),
  row('a branch missing', () => ({ ...bit(), branches: bit().branches.slice(1) }), 'malformed'),
  row('a branch too many', () => ({ ...bit(), branches: [...bit().branches, ...bit().branches] }), 'malformed'),
  row('two ciphertexts', () => ({ ...bit(), ciphertexts: [...bit().ciphertexts, ...bit().ciphertexts] }), 'malformed'),
  row('no commitment', () => bentBit(0, () => ({ commitments: [] })), 'malformed'),
  row('no response', () => bentBit(1, () => ({ responses: [] })), 'malformed'),
  row('two responses', () => bentBit(1, ({ responses }) => ({ responses: [...responses, 1n] })), 'malformed'),
];
