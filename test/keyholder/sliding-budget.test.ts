/** Budgets of every span as long as a period, against a reference that looks at each span one by one. */
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { ReservedBody } from '../../src/keyholder/ledger-entry.js';
import { LedgerState } from '../../src/keyholder/ledger-state.js';
import { SpanAccounts } from '../../src/keyholder/span-accounts.js';
import { addRational, compareRational, parseRational, rational, ZERO, type Rational } from '../../src/math/rational.js';
import { pureCost } from '../../src/privacy/privacy-cost.js';
import { exportLedger, verifyLedgerExport } from '../../src/keyholder/ledger-export.js';
import { cellAt, ownPayment, reservedBody } from '../support/ledger.js';
import { planOf } from '../support/plans.js';
import { startService } from '../support/release-service.js';
import { aggregateOf, cellOf, FIRST_WINDOW } from '../support/releases.js';

const HOUR = 3600;

interface Ask {
  readonly start: number;
  readonly seconds: number;
  /** Tenths. */
  readonly cost: number;
}

/** Every hour-long span that begins at a multiple of the step holds at most 1: asked for one by one. */
class Reference {
  readonly #granted: Ask[] = [];
  readonly #step: number;

  constructor(step: number) {
    this.#step = step;
  }

  ask(asked: Ask): boolean {
    const fits = this.mostAround([...this.#granted, asked], asked) <= 10;
    if (fits) this.#granted.push(asked);
    return fits;
  }

  get worst(): number {
    return Math.max(0, ...this.#granted.map((each) => this.mostAround(this.#granted, each)));
  }

  mostAround(all: readonly Ask[], { start, seconds }: Ask): number {
    let most = 0;
    for (
      let from = (Math.floor(start / this.#step) - HOUR / this.#step) * this.#step;
      from < start + seconds;
      from += this.#step
    ) {
      const touched = all.filter((each) => each.start < from + HOUR && each.start + each.seconds > from);
      const holdsAsked = start < from + HOUR && start + seconds > from;
      if (holdsAsked)
        most = Math.max(
          most,
          touched.reduce((sum, { cost }) => sum + cost, 0),
        );
    }
    return most;
  }
}

function ask(state: LedgerState, asked: Ask, step: number, index: number): ReservedBody['decision'] {
  const cell = cellAt(0, { rangeStart: asked.start, rangeEnd: asked.start + asked.seconds, measurement: index });
  const limits = [{ period: 'hour', slidingStep: step, measure: 'epsilon', most: '1', delta: '0' }];
  const draft = reservedBody(cell, { payment: ownPayment(`${String(asked.cost)}/10`, limits) });
  const { decision } = state.decideRelease(draft);
  state.record({ ...draft, decision });
  return decision;
}

test('windows of any lengths, in any order, are decided as the reference decides', () => {
  const step = 300;
  const asks = fc.array(
    fc.record({
      start: fc.integer({ min: 30, max: 80 }).map((index) => index * step),
      seconds: fc.constantFrom(300, 600, 900, 1800),
      cost: fc.integer({ min: 1, max: 11 }),
    }),
    { maxLength: 60 },
  );
  fc.assert(
    fc.property(asks, (asked) => {
      const [state, reference] = [new LedgerState(), new Reference(step)];
      asked.forEach((each, index) => {
        expect(ask(state, each, step, index)).toBe(reference.ask(each) ? 'granted' : 'budget');
      });
      expect(reference.worst).toBeLessThanOrEqual(10);
    }),
  );
});

test('a full hour of windows fits exactly, and every later window as soon as one has left', () => {
  const state = new LedgerState();
  const decisions = Array.from({ length: 30 }, (_, index) =>
    ask(state, { start: 7200 + 300 * index, seconds: 300, cost: index === 0 ? 10 : 1 }, 300, index),
  );
  // The first one takes everything: 11 are refused, the 12th is the first span without it.
  expect(decisions.indexOf('granted', 1)).toBe(12);
  expect(decisions.slice(12, 22)).toEqual(new Array(10).fill('granted'));
  expect(decisions.slice(22, 24)).toEqual(['budget', 'budget']);
  expect(decisions.slice(24)).toEqual(new Array(6).fill('granted'));
});

test('a late window is decided over all spans it is part of', () => {
  const state = new LedgerState();
  const at = (index: number, cost: number): ReservedBody['decision'] =>
    ask(state, { start: 7200 + 300 * index, seconds: 300, cost }, 300, index);
  expect(at(0, 5)).toBe('granted');
  expect(at(14, 5)).toBe('granted');
  // Six windows from both: within an hour of either, but never of both together.
  expect(at(7, 6)).toBe('budget');
  expect(at(7, 5)).toBe('granted');
  expect(at(3, 1)).toBe('budget');
});

test('a refusal says when as much will be free', () => {
  const spans = new SpanAccounts();
  const of = { domain: 'shop', share: undefined, seconds: HOUR, step: 300, measure: 'epsilon' } as const;
  const debit = (start: number, epsilon: string): void => {
    const cost = pureCost(epsilon);
    spans.debit({ domain: 'shop', share: 'streams', unit: 'event', start, end: start + 300, cost });
  };
  debit(7200, '0.5');
  debit(7500, '0.4');
  debit(7800, '0.1');
  const window = { start: 8100, end: 8400 };
  const free = (asked: string): number | undefined => {
    const fits = (spent: Rational | undefined): boolean =>
      compareRational(addRational(spent ?? ZERO, parseRational(asked)), rational(1n, 1n)) <= 0;
    return spans.refill(of, window, ({ value }) => fits(value));
  };
  expect([free('0.5'), free('0.6'), free('0.9'), free('1'), free('1.1')]).toEqual([
    7200 + HOUR,
    7500 + HOUR,
    7500 + HOUR,
    7800 + HOUR,
    undefined,
  ]);
});

test('what is older than thirty days than the newest window is refused, because its neighbours are forgotten', () => {
  const state = new LedgerState();
  const DAY = 86_400;
  const at = (day: number, index: number): ReservedBody['decision'] =>
    ask(state, { start: day * DAY, seconds: 300, cost: 10 }, 300, index);
  expect([at(100, 0), at(71, 1), at(69, 2)]).toEqual(['granted', 'granted', 'budget']);
  expect([at(141, 3), at(112, 4), at(110, 5)]).toEqual(['granted', 'granted', 'budget']);
});

describe('a sliding plan', () => {
  const sliding = planOf(
    [{ name: 'ok', attribute: 'ok', kind: 'flag', epsilon: '0.125' }],
    {},
    {
      window: { seconds: 600, graceSeconds: 30, lagSeconds: 0 },
      privacy: { domain: 'shop', unit: 'event', period: 'hour', epsilon: '1', noise: 'both', sliding: true },
    },
  );

  test('has its budget in every hour, not twice around the full one', async () => {
    const running = startService({ plans: [sliding] });
    const outcomes: string[] = [];
    for (let window = 0; window < 12; window += 1) {
      // Three windows before the full hour and three after it are within one hour.
      const windowStart = FIRST_WINDOW + HOUR / 2 + 600 * window;
      const cells = [cellOf([aggregateOf([1n, 0n])], { labels: [] })];
      const request = { planHash: sliding.hash, report: 0, windowStart, windowEnd: windowStart + 600, cells };
      const [cell] = (await running.service.releaseWindow(request)).cells;
      outcomes.push(cell!.status);
    }
    expect(outcomes).toEqual(new Array(12).fill('released'));
    const entry = JSON.parse([...running.ledger.entries()][0]!.body) as ReservedBody;
    expect(entry.payment).toMatchObject({
      limits: [
        { period: 'hour', slidingStep: 600, most: '1' },
        { period: 'day', most: '1000' },
      ],
    });
    verifyLedgerExport(exportLedger(running.ledger.entries()));
  });

  test('that asks for too much in an hour is suppressed until enough has left, with the time in the log', async () => {
    const costly = planOf(
      [{ name: 'ok', attribute: 'ok', kind: 'flag', epsilon: '0.4' }],
      {},
      {
        window: { seconds: 600, graceSeconds: 30, lagSeconds: 0 },
        privacy: { domain: 'shop', unit: 'event', period: 'hour', epsilon: '1', noise: 'both', sliding: true },
      },
    );
    const running = startService({ plans: [costly] });
    const outcomes: string[] = [];
    for (let window = 0; window < 9; window += 1) {
      const windowStart = FIRST_WINDOW + HOUR / 2 + 600 * window;
      const cells = [cellOf([aggregateOf([1n, 0n])], { labels: [] })];
      const request = { planHash: costly.hash, report: 0, windowStart, windowEnd: windowStart + 600, cells };
      outcomes.push((await running.service.releaseWindow(request)).cells[0]!.status);
    }
    const [yes, no] = ['released', 'suppressed'];
    expect(outcomes).toEqual([yes, yes, no, no, no, no, yes, yes, no]);
    const refusal = running.log
      .map((line) => JSON.parse(line) as Record<string, unknown>)
      .find(({ event }) => event === 'budget_refused');
    expect(refusal).toMatchObject({
      asked: '2/5',
      spent: '4/5',
      left: '1/5',
      refillsAt: FIRST_WINDOW + HOUR / 2 + HOUR,
    });
    expect(refusal).not.toHaveProperty('periodStart');
    verifyLedgerExport(exportLedger(running.ledger.entries()));
  });
});
