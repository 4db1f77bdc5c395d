/**
 * The prover of set-membership.ts, in two moves around the envelope's challenge. Works from precomputed
 * records only: microseconds, no exponentiation, no modular product of group elements.
 */
import { readBigInt } from '../bytes.js';
import { assertArgument } from '../errors.js';
import type { TupleSet } from '../math/tuple-set.js';
import { mod } from '../math/modular.js';
import type { PublicKey } from '../paillier/public-key.js';
import type { RandomBytes } from '../random.js';
import type { EncodedElement } from './encoded-element.js';
import { challengeModulus, VERSION_1, type ProofParameters } from './parameters.js';
import { exponentBytes, type PairKind } from './pairs.js';

/** First move: ciphertexts and commitments; `finish` makes the second. */
export interface CommittedComponent {
  /** Obfuscation exponents of the ciphertexts. SECRET. */
  readonly exponents: readonly bigint[];
  readonly ciphertexts: readonly EncodedElement[];
  /** Per branch, per ciphertext. */
  readonly commitments: readonly (readonly EncodedElement[])[];
  /** Challenges and responses for the envelope's challenge E. Call once. */
  readonly finish: (challenge: bigint) => readonly AnsweredBranch[];
}

interface AnsweredBranch {
  readonly challenge: bigint;
  readonly responses: readonly bigint[];
}

export interface ComponentRandomness {
  /** One record per ciphertext. */
  readonly obfuscators: readonly Uint8Array[];
  /** arity records per branch, branch by branch. */
  readonly masks: readonly Uint8Array[];
}

/** Commits to the tuple at `member`; the caller has checked that it is in the set and wipes the records. */
export function commitComponent(
  key: PublicKey,
  set: TupleSet,
  member: number,
  randomness: ComponentRandomness,
  random: RandomBytes,
  parameters: ProofParameters = VERSION_1,
): CommittedComponent {
  const witness = set.tuples[member] ?? [];
  const obfuscators = randomness.obfuscators.map((record) => readPair(key, 'obfuscator', record, parameters));
  const masks = randomness.masks.map((record) => readPair(key, 'mask', record, parameters));
  const simulated = simulatedChallenges(set.tuples.length, member, random, parameters);
  const modulus = challengeModulus(parameters);
  const maskOf = (branch: number, position: number): Pair => masks[branch * set.arity + position] ?? EMPTY;

  return {
    exponents: obfuscators.map(({ exponent }) => exponent),
    ciphertexts: obfuscators.map(({ bytes }, i) => ({ bytes, shift: witness[i] ?? 0n })),
    commitments: set.tuples.map((tuple, branch) =>
      tuple.map((value, i) => {
        const { bytes } = maskOf(branch, i);
        return { bytes, shift: (value - (witness[i] ?? 0n)) * (simulated[branch] ?? 0n) };
      }),
    ),
    finish: (challenge) => {
      const others = simulated.reduce((sum, value) => sum + value, 0n);
      return set.tuples.map((_, branch) => {
        const own = branch === member ? mod(challenge - others, modulus) : (simulated[branch] ?? 0n);
        return {
          challenge: own,
          responses: obfuscators.map(({ exponent }, i) => maskOf(branch, i).exponent + exponent * own),
        };
      });
    },
  };
}

/** Uniform in [0, 2^t) for every branch but the true one, from one draw. */
function simulatedChallenges(
  branches: number,
  member: number,
  random: RandomBytes,
  { challengeBits }: ProofParameters,
): bigint[] {
  const width = Math.ceil(challengeBits / 8);
  const bytes = random(branches * width);
  return Array.from({ length: branches }, (_, branch) =>
    branch === member ? 0n : BigInt.asUintN(challengeBits, readBigInt(bytes, branch * width, (branch + 1) * width)),
  );
}

/** A precomputed record, read. SECRET. */
export interface Pair {
  readonly exponent: bigint;
  /** unit || omega. */
  readonly bytes: Uint8Array;
}

const EMPTY: Pair = { exponent: 0n, bytes: new Uint8Array(0) };

/**
 * Throws `invalid_argument` for a record that was overwritten after use: a second use would reveal the sealed value,
 * and the ciphertext of an erased one, which has no unit, would show it.
 */
export function readPair(key: PublicKey, kind: PairKind, record: Uint8Array, parameters = VERSION_1): Pair {
  const width = exponentBytes(key, kind, parameters);
  const bytes = record.subarray(width);
  assertArgument(
    hasUnit(bytes, key.modulusBytes),
    'a precomputed record was used before',
    'take fresh records for every contribution',
  );
  return { exponent: readBigInt(record, 0, width), bytes };
}

/** Every group element has one; mostly its first byte tells. */
function hasUnit(bytes: Uint8Array, modulusBytes: number): boolean {
  for (let index = 0; index < modulusBytes; index += 1) if (bytes[index] !== 0) return true;
  return false;
}
