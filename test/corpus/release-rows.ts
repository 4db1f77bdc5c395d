/**
 * What a key holder is asked by a receiver that does not follow the protocol. It cannot know what an aggregate is
 * made of: what it answers stays within the slots' clamp and carries its noise, and that is all it promises
 * (SECURITY.md, "What is assumed"). What it can know, it refuses.
 */
import { modPow } from '../../src/math/modular.js';
import { addCiphertexts, ciphertextToBytes } from '../../src/paillier/ciphertext.js';
import { Encryptor } from '../../src/paillier/encrypt.js';
import { encodeSlots } from '../../src/paillier/slots.js';
import { systemRandom } from '../../src/random.js';
import type { CellAggregate, KeyedAggregate, RefusalReason } from '../../src/wire/release.js';
import { cellOf, planWith } from '../support/releases.js';
import { key, secret } from './plans.js';

/** Epsilon 10: noise beyond +-8 has probability below 10^-34, so what was decrypted shows in the value. */
export const precise = planWith({ epsilon: '10', budget: '20000' });
export const NOISE = 8n;
/** A slot is decoded to this at most. */
const CLAMP = 1n << 46n;

/** Per cell what comes out, up to noise, or why nothing does. */
export type CellExpectation = readonly bigint[] | { readonly refused: RefusalReason };

export interface ReleaseRow {
  readonly name: string;
  readonly cells: () => readonly CellAggregate[];
  readonly expected: readonly CellExpectation[];
}

const encryptor = new Encryptor(key, { teeth: 4, tables: 2 });
const { n, nSquared } = key;
const { p } = secret.exportPrimes();

/** One honest contribution to the flag: true. */
function contribution(): bigint {
  return encryptor.encrypt(encodeSlots(key, [1n, 0n]), systemRandom);
}

function keyed(ciphertext: bigint): KeyedAggregate {
  return { kid: key.kid, ciphertext: ciphertextToBytes(key, ciphertext) };
}

function raised(exponent: bigint): KeyedAggregate {
  return keyed(modPow(contribution(), exponent, nSquared));
}

const row = (name: string, expected: CellExpectation, aggregate: () => KeyedAggregate): ReleaseRow => ({
  name,
  cells: () => [cellOf([aggregate()])],
  expected: [expected],
});
/** An encryption of a plaintext that no sum of contributions makes. */
const plaintext = (name: string, value: bigint, expected: CellExpectation): ReleaseRow =>
  row(name, expected, () => keyed(encryptor.encrypt(value, systemRandom)));

export const RELEASE_ROWS: readonly ReleaseRow[] = [
  row('one contribution', [1n, 0n], () => keyed(contribution())),
  row('one contribution, raised to 10,000', [10_000n, 0n], () => raised(10_000n)),
  row('one contribution, moved to the next slot', [0n, 1n], () => raised(1n << 48n)),
  row('one contribution, raised beyond its slot', [CLAMP, 0n], () => raised((1n << 47n) - 1n)),
  row('one contribution, raised to a negative power', [-1n, 0n], () => raised(n - 1n)),
  plaintext('all ones', n - 1n, [-1n, 0n]),
  plaintext('all bits of both slots', (1n << 96n) - 1n, [-1n, 0n]),
  plaintext('half of n', n / 2n, [...halfOfN()]),
  row('two contributions in one', [2n, 0n], () => keyed(addCiphertexts(key, contribution(), contribution()))),
  {
    name: 'one contribution in many cells',
    cells: () => {
      const one = keyed(contribution());
      return [0, 1, 2].map((label) => cellOf([one], { labels: [label] }));
    },
    expected: [[1n, 0n], [1n, 0n], [1n, 0n]],
  },
  {
    name: "another measurement's aggregate",
    cells: () => [cellOf([keyed(contribution())], { measurement: 1 })],
    expected: [[1n, 0n, 0n, 0n]],
  },
  {
    name: 'two aggregates for one cell',
    cells: () => [cellOf([keyed(contribution())]), cellOf([keyed(contribution())])],
    expected: [[1n, 0n], { refused: 'conflict' }],
  },
  {
    name: 'another count and digest with the same aggregate: the words of the receiver only',
    cells: () => {
      const one = keyed(contribution());
      return [cellOf([one]), cellOf([one], { count: 99, digest: new Uint8Array(32) })];
    },
    expected: [[1n, 0n], [1n, 0n]],
  },
  ...(
    [
      ['0', 0n],
      ['n', n],
      ['a multiple of p', 3n * p],
      ['n^2 - n', nSquared - n],
    ] as const
  ).map(([name, value]) => row(`a ciphertext of ${name}`, { refused: 'ciphertext' }, () => keyed(value))),
  row('a ciphertext one byte short', { refused: 'ciphertext' }, () => ({
    kid: key.kid,
    ciphertext: ciphertextToBytes(key, contribution()).subarray(1),
  })),
  row('a key that the plan does not name', { refused: 'unknown_key' }, () => ({
    ...keyed(contribution()),
    kid: 'A'.repeat(43),
  })),
  {
    name: 'a bad cell beside a good one',
    cells: () => [
      cellOf([keyed(0n)], { labels: [1] }),
      cellOf([keyed(contribution())], { labels: [2] }),
      cellOf([keyed(contribution())], { measurement: 9 }),
    ],
    expected: [{ refused: 'ciphertext' }, [1n, 0n], { refused: 'unknown_cell' }],
  },
]; // prettier-ignore

/** The plaintext floor(n / 2), cut into two slots and clamped, in words of the protocol (section 3). */
function halfOfN(): bigint[] {
  const half = 1n << 47n;
  const shifted = n / 2n + half + (half << 48n);
  return [0n, 48n].map((shift) => {
    const slot = ((shifted >> shift) & ((1n << 48n) - 1n)) - half;
    return slot > CLAMP ? CLAMP : slot < -CLAMP ? -CLAMP : slot;
  });
}
