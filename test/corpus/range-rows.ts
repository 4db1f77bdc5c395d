/** Ranges: the ends of every sum, one beyond them, and slots at both ends. Every H to 5000: test/math/radix.test.ts. */
import { radixDigits } from '../../src/math/radix.js';
import { answer, draft, draftComponent, textOf, type DraftComponent } from './forger.js';
import { honest } from './envelope-rows.js';
import { SUM_STEPS, sums, shop } from './plans.js';
import type { SentRow } from './row.js';

const row = (name: string, text: () => string, verdicts: SentRow['verdicts']): SentRow => ({
  section: 'range',
  name,
  texts: () => [text()],
  verdicts,
});

/** Honest digits of a value, for the sum at this position; the others count nothing. */
function sumOf(position: number, value: bigint): string {
  const members = sums.reports[0]!.measurements.map(({ components }, index) =>
    index === position ? [...radixDigits(SUM_STEPS[index]!, value), 1] : components.map(() => 0),
  );
  return honest(sums, { members });
}

/** A sum whose digit at `component` holds one more than the largest, proven as if it were the largest. */
function beyond(position: number, component: number): string {
  const of = draft(sums, []);
  const at = of.components.findIndex(
    (own: DraftComponent) => own.measurement === position && own.component === component,
  );
  const own = of.components[at]!;
  const largest = own.set.tuples.length - 1;
  of.components[at] = draftComponent(own, own.set, largest, own.set.tuples[largest]![0]! + 1n);
  return textOf(answer(of));
}

const NAMES = ['H = 1', 'H = 2^53', 'H = 2^106, the largest'];

/** The digits with the largest and the smallest weight, and the count, which is the last component. */
function digitsOf(position: number): [name: string, component: number][] {
  const count = sums.reports[0]!.measurements[position]!.components.length - 1;
  const all: [string, number][] = [
    ['its first digit', 0],
    ['its last digit', count - 1],
    ['its count', count],
  ];
  return all.filter(([, component], index) => all.findIndex(([, other]) => other === component) === index);
}

export const RANGE_ROWS: readonly SentRow[] = [
  ...SUM_STEPS.flatMap((steps, position) => [
    ...[...new Set([0n, 1n, steps - 1n, steps])].map((value) =>
      row(`${NAMES[position]!}: a sum of ${String(value)}`, () => sumOf(position, value), 'accepted'),
    ),
    ...digitsOf(position).map(([name, component]) =>
      row(`${NAMES[position]!}: ${name} one beyond its largest`, () => beyond(position, component), 'equation'),
    ),
  ]),
  row('the first slot of a category', () => honest(shop, { members: [[0], [1]] }), 'accepted'),
  row('the last slot of a category', () => honest(shop, { members: [[0], [4]] }), 'accepted'),
];
