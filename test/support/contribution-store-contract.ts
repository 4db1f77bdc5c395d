/** What every contribution store owes, as tests that each of them runs. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { BudgetPeriod, ContributionStore, CounterRequest } from '../../processor/contribution-store.js';

export const DAY = 86_400;
/** 2025-01-01. */
export const NEW_YEAR = 20_089 * DAY;

export const dayAt = (day: number): BudgetPeriod => ({ kind: 'day', start: NEW_YEAR + day * DAY });
export const hourAt = (hour: number): BudgetPeriod => ({ kind: 'hour', start: NEW_YEAR + hour * 3600 });

/** Names as CounterNames makes them. */
export const counterOf = (index: number): string => `counter-${String(index).padStart(14, '0')}`;

export async function keyOf(store: ContributionStore, period: BudgetPeriod): Promise<string> {
  const opened = await store.openPeriod(period);
  return 'key' in opened ? Buffer.from(opened.key).toString('hex') : opened.silent;
}

/** A place that outlives the stores which use it. */
export interface ContributionPlace {
  /** The place as a process that starts now finds it; ends whoever had it before where only one may have it. */
  readonly open: () => Promise<ContributionStore>;
}

export function itKeepsTheContract(makePlace: () => Promise<ContributionPlace>): void {
  it('gives a period one random key, and every period its own', async () => {
    const place = await makePlace();
    const store = await place.open();
    const key = await keyOf(store, dayAt(0));
    expect(key).toMatch(/^[0-9a-f]{64}$/);
    expect(await keyOf(store, dayAt(0))).toBe(key);
    expect(await keyOf(store, dayAt(1))).not.toBe(key);
    expect(await keyOf(store, hourAt(0))).not.toBe(key);
    const again = await place.open();
    expect(await keyOf(again, dayAt(0))).toBe(key);
    expect(await keyOf(await (await makePlace()).open(), dayAt(0))).not.toBe(key);
  });

  it('grants what the bound leaves, also after a restart', async () => {
    const place = await makePlace();
    const store = await place.open();
    await store.openPeriod(dayAt(0));
    const ask = (counter: number, amount: number, bound: number): CounterRequest => ({
      counter: counterOf(counter),
      amount,
      bound,
    });
    expect(await store.reserve(dayAt(0), [ask(1, 3, 5), ask(2, 9, 5), ask(3, 1, 1)])).toEqual([3, 5, 1]);
    expect(await store.reserve(dayAt(0), [ask(3, 1, 1), ask(1, 3, 5)])).toEqual([0, 2]);
    const again = await place.open();
    expect(await again.reserve(dayAt(0), [ask(1, 1, 5), ask(4, 2, 5)])).toEqual([0, 2]);
    expect(await again.reserve(dayAt(0), [ask(4, 2, 1), ask(2, 4, 7)])).toEqual([0, 2]);
    expect(await again.reserve(dayAt(0), [])).toEqual([]);
  });

  it('counts every period and kind of period for itself, and grants nothing of one that is not open', async () => {
    const store = await (await makePlace()).open();
    const asked = [{ counter: counterOf(1), amount: 2, bound: 2 }];
    expect(await store.reserve(dayAt(0), asked)).toEqual([0]);
    await store.openPeriod(dayAt(0));
    await store.openPeriod(hourAt(0));
    expect(await store.reserve(dayAt(0), asked)).toEqual([2]);
    expect(await store.reserve(hourAt(0), asked)).toEqual([2]);
    expect(await store.reserve(dayAt(1), asked)).toEqual([0]);
    expect(await store.reserve(dayAt(0), asked)).toEqual([0]);
  });

  it('keeps the two newest periods of a kind, and never opens an older one again', async () => {
    const place = await makePlace();
    const store = await place.open();
    const asked = [{ counter: counterOf(1), amount: 1, bound: 1 }];
    const first = await keyOf(store, dayAt(0));
    expect(await store.reserve(dayAt(0), asked)).toEqual([1]);
    await store.openPeriod(dayAt(1));
    expect(await keyOf(store, dayAt(0))).toBe(first);
    await store.openPeriod(dayAt(2));
    for (const reopen of [() => Promise.resolve(store), place.open]) {
      const opened = await reopen();
      expect(await keyOf(opened, dayAt(0))).toBe('out_of_period');
      expect(await keyOf(opened, dayAt(-1))).toBe('out_of_period');
      expect(await opened.reserve(dayAt(0), asked)).toEqual([0]);
      expect(await keyOf(opened, hourAt(-100))).toMatch(/^[0-9a-f]{64}$/);
    }
  });

  it('never grants more than the bound, whatever is asked, in whatever order, over restarts', async () => {
    const request = fc.record({
      counter: fc.nat(3).map(counterOf),
      amount: fc.integer({ min: 1, max: 4 }),
      bound: fc.constant(6),
    });
    const step = fc.oneof(
      {
        weight: 6,
        arbitrary: fc.record({ day: fc.nat(3), asked: fc.uniqueArray(request, { selector: (r) => r.counter }) }),
      },
      { weight: 1, arbitrary: fc.constant('restart' as const) },
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
        const place = await makePlace();
        let store = await place.open();
        const granted = new Map<string, number>();
        for (const each of steps) {
          if (each === 'restart') {
            store = await place.open();
            continue;
          }
          const period = dayAt(each.day);
          const opened = await store.openPeriod(period);
          const answer = await store.reserve(period, each.asked);
          each.asked.forEach(({ counter, amount }, index) => {
            const name = `${String(each.day)} ${counter}`;
            const before = granted.get(name) ?? 0;
            expect(answer[index]).toBe('key' in opened ? Math.min(amount, 6 - before) : 0);
            granted.set(name, before + answer[index]!);
          });
        }
      }),
      { numRuns: 15 },
    );
  });
}
