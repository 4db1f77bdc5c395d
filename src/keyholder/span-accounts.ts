/**
 * What each domain has spent in spans that slide: every span as long as a period, beginning at any multiple of a
 * step, counts what touches it (w-event privacy: Kellaris, Papadopoulos, Xiao, Papadias, VLDB 2014). Windows may
 * come in any order; all spans that a new one is part of are looked at.
 */
import { subtractRational, ZERO } from '../math/rational.js';
import type { PrivacyCost } from '../privacy/privacy-cost.js';
import type { Debit } from './budget-accounts.js';
import { addAmounts, amountIn, greatestOf, NOTHING, type Amount } from './budget-measure.js';
import type { BudgetMeasure } from '../wire/release.js';
import { SHARES, type Share } from './release-kind.js';
import { SpanRows, type Range, type SpanRow } from './span-rows.js';

export interface Spans {
  readonly domain: string;
  /** One share of the budget; `undefined`: all. */
  readonly share: Share | undefined;
  /** Length of every span, and the distance between the starts of two neighbours. */
  readonly seconds: number;
  readonly step: number;
  readonly measure: BudgetMeasure;
}

/** What enters and what leaves where the start of a span moves on to a moment. */
interface Change {
  added: Amount;
  removed: Amount;
}

interface Answer {
  readonly spans: Spans;
  readonly range: Range;
  readonly amount: Amount;
}

export class SpanAccounts {
  /** By domain and share. */
  readonly #rows = new Map<string, SpanRows>();
  /** Answers of `most` about the range that was debited last: a window has many cells. */
  #answers: Answer[] = [];

  constructor(rows: readonly SpanRow[] = []) {
    for (const row of rows) this.#rowsOf(row.domain, row.share).add(row);
  }

  debit({ domain, share, start, end, cost }: Debit): void {
    this.#rowsOf(domain, share).add({ domain, share, start, end, cost });
    // Every span that an answer for this range is about holds the range.
    this.#answers = this.#answers
      .filter(({ spans, range }) => spans.domain !== domain || (range.start === start && range.end === end))
      .map((answer) => (isOf(answer.spans, domain, share) ? withCost(answer, cost) : answer));
  }

  /** Whether a range is so old that what was spent around it may be forgotten. */
  isTooOld(spans: Spans, range: Range): boolean {
    return this.#select(spans).some((rows) => rows.isTooOld(range));
  }

  /** The most that was spent in any span which this range touches. */
  most(spans: Spans, { start, end }: Range): Amount {
    const range = { start, end };
    const known = this.#answers.find((answer) => isSame(answer, spans, range));
    if (known !== undefined) return known.amount;
    const amount = this.#mostOf(spans, range);
    this.#answers = [...this.#answers.filter(({ range: other }) => other.start === start), { spans, range, amount }];
    return amount;
  }

  #mostOf(spans: Spans, range: Range): Amount {
    const [first, last] = startsTouching(spans, range);
    const near = { start: first, end: last + spans.seconds };
    const changes = new Map<number, Change>();
    for (const row of this.#select(spans).flatMap((rows) => rows.touching(near))) {
      const amount = amountIn(spans.measure, row.cost);
      if (amount.value === undefined) return amount;
      const [from, to] = startsTouching(spans, row);
      const enters = changeAt(changes, Math.max(from, first));
      enters.added = addAmounts(enters.added, amount);
      const leaves = changeAt(changes, Math.min(to, last) + spans.step);
      leaves.removed = addAmounts(leaves.removed, amount);
    }
    return greatestSum(changes);
  }

  /**
   * When a range as long as this one could be debited if nothing else is until then; `undefined` if never. Only
   * times at which something leaves are looked at, by bisection: between ranges of the future it may name a later
   * one than the first.
   */
  refill(spans: Spans, range: Range, fits: (spent: Amount) => boolean): number | undefined {
    const length = range.end - range.start;
    const leaving = this.#select(spans)
      .flatMap((rows) => rows.touching({ start: range.start - spans.seconds, end: Infinity }))
      .map(({ end }) => end + spans.seconds - length)
      .filter((start) => start > range.start)
      .sort((a, b) => a - b);
    const fitsAt = (start: number): boolean => fits(this.#mostOf(spans, { start, end: start + length }));
    let [low, high] = [0, leaving.length - 1];
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      if (fitsAt(leaving[middle] ?? 0)) high = middle;
      else low = middle + 1;
    }
    const start = leaving[low];
    return start !== undefined && fitsAt(start) ? start : undefined;
  }

  rows(): SpanRow[] {
    return [...this.#rows.values()].flatMap((rows) => rows.all());
  }

  #rowsOf(domain: string, share: Share): SpanRows {
    const key = `${domain} ${share}`;
    const rows = this.#rows.get(key) ?? new SpanRows();
    this.#rows.set(key, rows);
    return rows;
  }

  #select({ domain, share }: Spans): SpanRows[] {
    const shares = share === undefined ? SHARES : [share];
    return shares.flatMap((each) => this.#rows.get(`${domain} ${each}`) ?? []);
  }
}

function isOf({ domain, share }: Spans, ofDomain: string, ofShare: Share): boolean {
  return domain === ofDomain && (share === undefined || share === ofShare);
}

function withCost(answer: Answer, cost: PrivacyCost): Answer {
  return { ...answer, amount: addAmounts(answer.amount, amountIn(answer.spans.measure, cost)) };
}

function isSame(answer: Answer, spans: Spans, range: Range): boolean {
  const { domain, share, seconds, step, measure } = answer.spans;
  const isSameQuestion = seconds === spans.seconds && step === spans.step && measure === spans.measure;
  const isSameAccount = domain === spans.domain && share === spans.share;
  return isSameQuestion && isSameAccount && answer.range.start === range.start && answer.range.end === range.end;
}

/** First and last start of a span [t, t + seconds) that shares a second with the range. */
function startsTouching({ seconds, step }: Spans, { start, end }: Range): [number, number] {
  return [Math.floor((start - seconds) / step) * step + step, (Math.ceil(end / step) - 1) * step];
}

function changeAt(changes: Map<number, Change>, start: number): Change {
  const change = changes.get(start) ?? { added: NOTHING, removed: NOTHING };
  changes.set(start, change);
  return change;
}

/** Of the sums after each change, in order of time. */
function greatestSum(changes: ReadonlyMap<number, Change>): Amount {
  let [sum, greatest] = [NOTHING, NOTHING];
  for (const [, { added, removed }] of [...changes].sort(([a], [b]) => a - b)) {
    sum = addAmounts(subtractAmounts(sum, removed), added);
    greatest = greatestOf(greatest, sum);
  }
  return greatest;
}

function subtractAmounts(a: Amount, b: Amount): Amount {
  return { value: subtractRational(a.value ?? ZERO, b.value ?? ZERO), delta: subtractRational(a.delta, b.delta) };
}
