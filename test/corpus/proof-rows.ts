/** Proofs: every number at, below and beyond its range, in its place and in another's, before and after the hash. */
import { concatBytes } from '../../src/bytes.js';
import { gcd, mod, modInverse } from '../../src/math/modular.js';
import type { SplitElement } from '../../src/math/split-form.js';
import type { TupleSet } from '../../src/math/tuple-set.js';
import { CHALLENGE_MODULUS, responseBits } from '../../src/proofs/parameters.js';
import {
  answer,
  draft,
  draftComponent,
  element,
  forge,
  negated,
  textOf,
  transcriptOf,
  type Answered,
  type AnsweredComponent,
  type Draft,
  type DraftComponent,
  type Transcript,
  type TranscriptItem,
} from './forger.js';
import { key, open, secret, sums, twins } from './plans.js';
import type { SentRow, Verdict } from './row.js';

const { n } = key;
const { p, q } = secret.exportPrimes();
/** The flag's set is {0, 1, 2^48}; honest drafts prove 1, at position 1. */
const WITNESS = 1;
const SIMULATED = 0;
const LARGE = 1_000_000n;
const RESPONSE_BOUND = 1n << BigInt(responseBits(key));
const BASE_ORDER = ((p - 1n) * (q - 1n)) / gcd(p - 1n, q - 1n);

const row = (name: string, texts: () => string, verdicts: Verdict): SentRow => ({
  section: 'proof',
  name,
  texts: () => [texts()],
  verdicts,
});
const before = (name: string, change: (of: Draft) => void, verdict: Verdict): SentRow =>
  row(name, () => forge(change), verdict);
const after = (name: string, change: (of: Answered) => void, verdict: Verdict): SentRow =>
  row(name, () => forge(() => undefined, change), verdict);

const flagOf = ({ components }: Draft): DraftComponent => components[0]!;
const answeredFlag = ({ components }: Answered): AnsweredComponent => components[0]!;
const setOf = (...members: bigint[]): TupleSet => ({ arity: 1, tuples: members.map((member) => [member]) });

const FLAG = setOf(0n, 1n, 1n << 48n);
const flagComponent = (witness: number, plaintext?: bigint, alpha?: bigint, set = FLAG): DraftComponent =>
  draftComponent({ measurement: 0, component: 0 }, set, witness, plaintext, alpha);

/** Places of group elements in an envelope, before and after the hash. */
const PLACES = [
  {
    name: 'the ciphertext',
    draft: (of: Draft, to: (old: SplitElement) => SplitElement) => {
      flagOf(of).ciphertext = to(flagOf(of).ciphertext);
    },
    answered: (of: Answered, to: (old: SplitElement) => SplitElement) => {
      answeredFlag(of).ciphertext = to(answeredFlag(of).ciphertext);
    },
  },
  ...[SIMULATED, WITNESS].map((branch) => ({
    name: branch === WITNESS ? 'a commitment, true branch' : 'a commitment, simulated branch',
    draft: (of: Draft, to: (old: SplitElement) => SplitElement) => {
      const own = flagOf(of).branches[branch]!;
      own.commitment = to(own.commitment);
    },
    answered: (of: Answered, to: (old: SplitElement) => SplitElement) => {
      const own = answeredFlag(of).branches[branch]!;
      own.commitment = to(own.commitment);
    },
  })),
];

/** A factor of n times something, still below n. */
const sharing = (factor: bigint): SplitElement => ({ unit: factor * 3n, omega: 5n });

interface Replacement {
  readonly name: string;
  readonly to: (old: SplitElement) => SplitElement;
  /** Where the hash has seen it, and where it has not. */
  readonly hashed: Verdict;
  readonly unhashed: Verdict;
}

const REPLACEMENTS: Replacement[] = [
  { name: '0', to: () => ({ unit: 0n, omega: 0n }), hashed: 'element_range', unhashed: 'element_range' },
  { name: 'n', to: () => ({ unit: n, omega: 0n }), hashed: 'element_range', unhashed: 'element_range' },
  { name: 'omega n', to: ({ unit }) => ({ unit, omega: n }), hashed: 'element_range', unhashed: 'element_range' },
  { name: '1', to: () => ({ unit: 1n, omega: 0n }), hashed: 'equation', unhashed: 'challenge_sum' },
  { name: 'n^2 - 1', to: () => negated({ unit: 1n, omega: 0n }), hashed: 'equation', unhashed: 'challenge_sum' },
  { name: 'a multiple of p', to: () => sharing(p), hashed: 'not_coprime', unhashed: 'challenge_sum' },
  { name: 'a multiple of q', to: () => sharing(q), hashed: 'not_coprime', unhashed: 'challenge_sum' },
  { name: 'its negative', to: negated, hashed: 'accepted', unhashed: 'challenge_sum' },
  {
    name: 'itself times 1 + n',
    to: ({ unit, omega }) => ({ unit, omega: mod(omega + 1n, n) }),
    hashed: 'equation',
    unhashed: 'challenge_sum',
  },
];

const elements: SentRow[] = PLACES.flatMap((place) =>
  REPLACEMENTS.flatMap(({ name, to, hashed, unhashed }) => [
    before(`${place.name} is ${name}, hashed so`, (of) => place.draft(of, to), hashed),
    after(`${place.name} becomes ${name} after the hash`, (of) => place.answered(of, to), unhashed),
  ]),
);

/** Draws until it fits: a second encoding is below the field's end about once in eighty times. */
function drawn<Drawn>(draw: () => Drawn, fits: (value: Drawn) => boolean): Drawn {
  for (;;) {
    const value = draw();
    if (fits(value)) return value;
  }
}

const FIELD_END = 1n << BigInt(8 * key.modulusBytes);
const SECOND_ENCODINGS = [
  {
    name: 'its unit',
    fits: ({ unit }: SplitElement) => unit + n < FIELD_END,
    to: ({ unit, omega }: SplitElement) => ({ unit: unit + n, omega: mod(omega - modInverse(unit, n), n) }),
  },
  {
    name: 'its omega',
    fits: ({ omega }: SplitElement) => omega + n < FIELD_END,
    to: ({ unit, omega }: SplitElement) => ({ unit, omega: omega + n }),
  },
];

/** Not another value, only another way to write it. */
const encodings: SentRow[] = SECOND_ENCODINGS.flatMap(({ name, fits, to }) => [
  before(
    `c + n^2: the ciphertext written a second way, by ${name}`,
    (of) => {
      const open = drawn(
        () => flagComponent(WITNESS),
        ({ ciphertext }) => fits(ciphertext),
      );
      of.components[0] = { ...open, ciphertext: to(open.ciphertext) };
    },
    'element_range',
  ),
  before(
    `a + n^2: a commitment written a second way, by ${name}`,
    (of) => {
      const open = drawn(
        () => flagComponent(WITNESS),
        ({ branches }) => fits(branches[WITNESS]!.commitment),
      );
      const own = open.branches[WITNESS]!;
      own.commitment = to(own.commitment);
      of.components[0] = open;
    },
    'element_range',
  ),
]);

/** Ciphertexts that hide nothing are still true: only their sender loses by them. */
const trivial: SentRow[] = [
  before(
    'c = 1, an encryption of 0 with exponent 0, proven as 0',
    (of) => {
      of.components[0] = flagComponent(0, 0n, 0n);
    },
    'accepted',
  ),
  before(
    'c = n^2 - 1, also an encryption of 0, proven as 0',
    (of) => {
      const open = flagComponent(0, 0n, 0n);
      of.components[0] = { ...open, ciphertext: negated(open.ciphertext) };
    },
    'accepted',
  ),
  before(
    'every element of the envelope negated before the hash',
    (of) => {
      for (const component of of.components) {
        component.ciphertext = negated(component.ciphertext);
        for (const branch of component.branches) branch.commitment = negated(branch.commitment);
      }
    },
    'accepted',
  ),
];

const change =
  (branch: number, to: (own: AnsweredComponent['branches'][number]) => void) =>
  (of: Answered): void => {
    to(answeredFlag(of).branches[branch]!);
  };

const challenges: SentRow[] = [
  ...[SIMULATED, WITNESS].flatMap((branch) => [
    after(
      `the sum of the challenges one too large, branch ${String(branch)}`,
      change(branch, (own) => (own.challenge = (own.challenge + 1n) % CHALLENGE_MODULUS)),
      'challenge_sum',
    ),
    after(
      `a challenge with its highest bit turned, branch ${String(branch)}`,
      change(branch, (own) => (own.challenge ^= 1n << 127n)),
      'challenge_sum',
    ),
  ]),
  after(
    'challenges moved from one branch to another, their sum kept',
    (of) => {
      const [first, second] = answeredFlag(of).branches;
      first!.challenge = mod(first!.challenge + 1n, CHALLENGE_MODULUS);
      second!.challenge = mod(second!.challenge - 1n, CHALLENGE_MODULUS);
    },
    'equation',
  ),
  before(
    'challenges whose sum is too large by 2^128',
    (of) => {
      const open = flagOf(of);
      open.branches.forEach((branch, index) => {
        if (index === WITNESS) return;
        const challenge = CHALLENGE_MODULUS - 1n;
        const shift = (open.set.tuples[index]![0]! - 1n) * challenge;
        open.branches[index] = { ...branch, challenge, commitment: element(branch.gamma, shift) };
      });
    },
    'accepted',
  ),
  before(
    'simulated challenges of 0',
    (of) => {
      flagOf(of).branches.forEach((branch, index, branches) => {
        if (index !== WITNESS) branches[index] = { ...branch, challenge: 0n, commitment: element(branch.gamma, 0n) };
      });
    },
    'accepted',
  ),
];

const responses: SentRow[] = [SIMULATED, WITNESS].flatMap((branch) => [
  after(`a response at its bound, branch ${String(branch)}`, change(branch, (own) => (own.response = RESPONSE_BOUND)), 'response_range'),
  after(`a response one below its bound, branch ${String(branch)}`, change(branch, (own) => (own.response = RESPONSE_BOUND - 1n)), 'equation'),
  after(`a response as large as its field, branch ${String(branch)}`, change(branch, (own) => (own.response = (1n << 520n) - 1n)), 'response_range'),
  after(`a response of 0, branch ${String(branch)}`, change(branch, (own) => (own.response = 0n)), 'equation'),
  after(`a response one too large, branch ${String(branch)}`, change(branch, (own) => (own.response += 1n)), 'equation'),
  // Only who knows the key's primes knows the order; it is the same contribution all the same.
  after(
    `a response moved by the order of the base beyond its bound, branch ${String(branch)}`,
    change(branch, (own) => (own.response += BASE_ORDER * ((RESPONSE_BOUND - own.response) / BASE_ORDER + 1n))),
    'response_range',
  ),
  after(
    `a response moved by the order of the base within its bound, branch ${String(branch)}`,
    change(branch, (own) => (own.response += own.response < BASE_ORDER ? BASE_ORDER : -BASE_ORDER)),
    'accepted',
  ),
]); // prettier-ignore

const branches: SentRow[] = [
  after(
    'branches swapped after the hash',
    (of) => {
      const [zero, one, two] = answeredFlag(of).branches;
      answeredFlag(of).branches = [one!, zero!, two!];
    },
    'challenge_sum',
  ),
  before(
    'branches swapped before the hash',
    (of) => {
      const own = flagOf(of);
      const [zero, one, two] = own.branches;
      of.components[0] = { ...own, branches: [one!, zero!, two!], witness: 0 };
    },
    'equation',
  ),
  before(
    'a simulated proof of 1,000,000: challenges and responses first, commitments that fit them',
    (of) => (of.components[0] = flagComponent(-1, LARGE)),
    'challenge_sum',
  ),
];

/** Values that are in no set, each proven as if it were 1. */
const values: SentRow[] = [
  ['2', 2n],
  ['1,000,000', LARGE],
  ['-1', -1n],
  ['both slots', 1n + (1n << 48n)],
  ['a slot beyond', 1n << 96n],
  ['n / 2', n / 2n],
].map(([name, value]) =>
  before(`a flag of ${String(name)}`, (of) => (of.components[0] = flagComponent(WITNESS, value as bigint)), 'equation'),
);

/** The prover works with a set of its own, and hashes the plan's or its own. */
const sets: SentRow[] = [
  before(
    "another set of the same size, the plan's hashed",
    (of) => (of.components[0] = { ...flagComponent(1, 2n, undefined, setOf(0n, 2n, 1n << 48n)), set: FLAG }),
    'equation',
  ),
  before(
    'another set of the same size, hashed itself',
    (of) => (of.components[0] = flagComponent(1, 2n, undefined, setOf(0n, 2n, 1n << 48n))),
    'challenge_sum',
  ),
  before(
    'a set with a member twice',
    (of) => (of.components[0] = { ...flagComponent(1, 1n, undefined, setOf(0n, 1n, 1n)), set: FLAG }),
    'equation',
  ),
  before(
    'a set with a member more',
    (of) => (of.components[0] = flagComponent(2, 2n, undefined, setOf(0n, 1n, 2n, 1n << 48n))),
    'malformed',
  ),
  before(
    'a set with a member less',
    (of) => (of.components[0] = flagComponent(1, 1n, undefined, setOf(0n, 1n))),
    'malformed',
  ),
  ...[true, false].map((hashed) =>
    row(
      `the sets of two components swapped, ${hashed ? "the prover's own" : "the plan's"} hashed`,
      () => {
        const open = sumsDraft();
        const [digit, count] = open.components;
        const swapped = (own: DraftComponent, set: TupleSet): DraftComponent => {
          const made = draftComponent(own, set, 1);
          return hashed ? made : { ...made, set: own.set };
        };
        open.components.splice(0, 2, swapped(digit!, count!.set), swapped(count!, digit!.set));
        return textOf(answer(open));
      },
      hashed ? 'challenge_sum' : 'equation',
    ),
  ),
  row(
    'one ciphertext with the proof of another set about it',
    () => {
      const open = sumsDraft();
      const [digit, count] = open.components;
      const made = draftComponent(digit!, count!.set, 1);
      open.components.splice(0, 2, { ...made, set: digit!.set }, { ...made, ...positionOf(count!), set: count!.set });
      return textOf(answer(open));
    },
    'equation',
  ),
];

function sumsDraft(): Draft {
  return draft(sums, []);
}

function positionOf({ measurement, component }: DraftComponent): Pick<DraftComponent, 'measurement' | 'component'> {
  return { measurement, component };
}

/** What a report with an open label proves beside its measurements: that a subject counts once, or not at all. */
const unitCounts: SentRow[] = [0n, 1n, 2n, -1n].map((count) =>
  row(
    `a unit count of ${String(count)}`,
    () => {
      const of = draft(open, [[1], [1]]);
      const unit = of.components[1]!;
      of.components[1] = draftComponent(unit, unit.set, count === 0n ? 0 : 1, count);
      return textOf(answer(of));
    },
    count === 0n || count === 1n ? 'accepted' : 'equation',
  ),
);

/** Two components that look alike. */
const components: SentRow[] = [
  row(
    'one mask in two components: it gives its sender away, and is no lie',
    () => {
      const open = draft(twins, [[1], [1]]);
      const [left, right] = open.components;
      right!.branches[1] = { ...left!.branches[1]! };
      return textOf(answer(open));
    },
    'accepted',
  ),
  row(
    'a commitment of one component in another, without its mask',
    () => {
      const open = draft(twins, [[1], [1]]);
      const [left, right] = open.components;
      right!.branches[1]!.commitment = left!.branches[1]!.commitment;
      return textOf(answer(open));
    },
    'equation',
  ),
  row(
    'a commitment of one component in another after the hash',
    () => {
      const closed = answer(draft(twins, [[1], [1]]));
      const [left, right] = closed.components;
      right!.branches[1]!.commitment = left!.branches[1]!.commitment;
      return textOf(closed);
    },
    'challenge_sum',
  ),
];

/** What a prover hashes: each item left out, and each with another last byte, in the honest order and in none. */
const transcript: SentRow[] = [
  ...namesOf(transcriptOf(draft())).map((name): SentRow => ({
    section: 'proof',
    name: `hashed without, or with another: ${name}`,
    texts: () => [omitted, altered].map((bend) => hashing((items) => bend(items, name))),
    verdicts: 'challenge_sum',
  })),
  row(
    'hashed with the commitments in another order',
    () => textOf(answer(draft(), ({ id, commitments }) => ({ id, commitments: commitments.toReversed() }))),
    'challenge_sum',
  ),
  row(
    'hashed with two items joined in one',
    () =>
      textOf(
        answer(draft(), ({ id: [first, second, ...rest], commitments }) => ({
          id: [{ name: 'joined', bytes: concatBytes([first!.bytes, second!.bytes]) }, ...rest],
          commitments,
        })),
      ),
    'challenge_sum',
  ),
];

function namesOf({ id, commitments }: Transcript): string[] {
  return [...id, ...commitments].map(({ name }) => name);
}

function hashing(bend: (items: readonly TranscriptItem[]) => TranscriptItem[]): string {
  return textOf(answer(draft(), ({ id, commitments }) => ({ id: bend(id), commitments: bend(commitments) })));
}

function omitted(items: readonly TranscriptItem[], name: string): TranscriptItem[] {
  return items.filter((item) => item.name !== name);
}

function altered(items: readonly TranscriptItem[], name: string): TranscriptItem[] {
  const bend = (bytes: Uint8Array): Uint8Array =>
    concatBytes([bytes.subarray(0, -1), Uint8Array.of((bytes.at(-1) ?? 0) ^ 1)]);
  return items.map((item) => (item.name === name ? { name, bytes: bend(item.bytes) } : item));
}

export const PROOF_ROWS: readonly SentRow[] = [
  before('an honest envelope', () => undefined, 'accepted'),
  ...elements,
  ...encodings,
  ...trivial,
  ...challenges,
  ...responses,
  ...branches,
  ...values,
  ...sets,
  ...unitCounts,
  ...components,
  ...transcript,
];
