/** Many envelopes in one request: the bad ones are found, and only they are lost. */
import { answer, draft, draftComponent, forge, negated, textOf, type Draft } from './forger.js';
import { honest } from './envelope-rows.js';
import { secret, wide } from './plans.js';
import type { SentRow, Verdict } from './row.js';

const { p } = secret.exportPrimes();

const many = (count: number, make: (index: number) => string): string[] =>
  Array.from({ length: count }, (_, index) => make(index));

/** A flag that holds 2, proven as if it were 1. */
const falseFlag = (): string =>
  forge((of) => (of.components[0] = draftComponent(of.components[0]!, of.components[0]!.set, 1, 2n)));
const negatedEnvelope = (): string =>
  forge((of) => {
    for (const branch of of.components[0]!.branches) branch.commitment = negated(branch.commitment);
  });
const notCoprime = (): string =>
  forge((of) => (of.components[0]!.branches[0]!.commitment = { unit: p * 5n, omega: 1n }));

/** Honest ones but for those at some places. */
function among(count: number, places: readonly number[], bad: () => string, verdict: Verdict): Omit<SentRow, 'name'> {
  return {
    section: 'batch',
    texts: () => many(count, (index) => (places.includes(index) ? bad() : honest())),
    verdicts: Array.from({ length: count }, (_, index) => (places.includes(index) ? verdict : 'accepted')),
  };
}

function wideDraft(): Draft {
  return draft(wide, [[1], [2], [3], [255]]);
}

export const BATCH_ROWS: readonly SentRow[] = [
  { name: 'one false proof among 128, first', ...among(128, [0], falseFlag, 'equation') },
  { name: 'one false proof among 128, in the middle', ...among(128, [77], falseFlag, 'equation') },
  { name: 'one false proof among 128, last', ...among(128, [127], falseFlag, 'equation') },
  { name: 'one false proof in each quarter', ...among(32, [1, 9, 17, 31], falseFlag, 'equation') },
  { name: 'nothing but false proofs', ...among(24, [...Array(24).keys()], falseFlag, 'equation') },
  { name: 'nothing but negated commitments', ...among(24, [...Array(24).keys()], negatedEnvelope, 'accepted') },
  { name: 'negated commitments among others', ...among(24, [3, 4, 20], negatedEnvelope, 'accepted') },
  { name: 'something not coprime to n among others', ...among(24, [11], notCoprime, 'not_coprime') },
  {
    section: 'batch',
    name: 'one of each kind',
    texts: () => [honest(), falseFlag(), '', negatedEnvelope(), notCoprime(), honest()],
    verdicts: ['accepted', 'equation', 'malformed', 'accepted', 'not_coprime', 'accepted'],
  },
  { section: 'batch', name: '2^10 branches', texts: () => [textOf(answer(wideDraft()))], verdicts: 'accepted' },
  {
    section: 'batch',
    name: '2^10 branches, one of them false',
    texts: () => {
      const of = wideDraft();
      const last = of.components[3]!;
      of.components[3] = draftComponent(last, last.set, 255, last.set.tuples[255]![0]! + 1n);
      return [textOf(answer(of))];
    },
    verdicts: 'equation',
  },
];
