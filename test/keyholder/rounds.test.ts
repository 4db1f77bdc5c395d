import { describe, expect, test } from 'vitest';
import { Rounds } from '../../src/keyholder/rounds.js';
import type { EntryBody } from '../../src/keyholder/ledger-entry.js';
import { testPlan } from '../support/plans.js';
import { startService } from '../support/release-service.js';
import { aggregateOf, cellOf, requestFor } from '../support/releases.js';

/** Doubles numbers, in rounds that are recorded. */
function doubling(options: { maxWeight?: number; fails?: (round: readonly number[]) => boolean } = {}) {
  const rounds: number[][] = [];
  const events: string[] = [];
  const doubled = new Rounds<number, number>({
    handle: async (requests) => {
      rounds.push([...requests]);
      events.push('begins');
      await Promise.resolve();
      events.push('ends');
      if (options.fails?.(requests) === true) throw new Error('the disk is full');
      return requests.map((request) => 2 * request);
    },
    weightOf: (request) => request,
    maxWeight: options.maxWeight ?? 10,
    between: () => {
      events.push('between');
      return Promise.resolve();
    },
  });
  return { rounds, events, doubled };
}

describe('rounds', () => {
  test('take together what waits, up to a weight, in order, and more only of one', async () => {
    const { rounds, doubled } = doubling();
    const answers = await Promise.all([3, 4, 3, 1, 25, 2].map((request) => doubled.submit(request)));
    expect(answers).toEqual([6, 8, 6, 2, 50, 4]);
    expect(rounds).toEqual([[3, 4, 3], [1], [25], [2]]);
  });

  test('follow each other, with what runs between them', async () => {
    const { events, doubled } = doubling({ maxWeight: 1 });
    await Promise.all([doubled.submit(1), doubled.submit(1)]);
    await doubled.idle();
    expect(events).toEqual(['begins', 'ends', 'between', 'begins', 'ends', 'between']);
  });

  test('that fail reject their requests, and no others', async () => {
    const { doubled } = doubling({ maxWeight: 1, fails: ([request]) => request === 2 });
    const [first, second, third] = await Promise.allSettled([1, 2, 3].map((request) => doubled.submit(request)));
    expect(first).toMatchObject({ value: 2 });
    expect(second).toMatchObject({ status: 'rejected' });
    expect(third).toMatchObject({ value: 6 });
  });

  test('are idle at once where nothing waits', async () => {
    await doubling().doubled.idle();
  });

  test('do something else only between them, before what waits', async () => {
    const events: string[] = [];
    let finish: () => void = () => undefined;
    const slow = new Rounds<string, string>({
      handle: async (requests) => {
        events.push(`${requests.join()} begins`);
        await new Promise<void>((resolve) => {
          finish = resolve;
        });
        events.push(`${requests.join()} ends`);
        return requests;
      },
      weightOf: () => 1,
      maxWeight: 1,
      between: () => Promise.resolve(),
    });
    const first = slow.submit('first');
    await new Promise((resolve) => setImmediate(resolve));
    const alone = slow.exclusively(() => events.push('alone'));
    const second = slow.submit('second');
    await new Promise((resolve) => setImmediate(resolve));
    expect(events).toEqual(['first begins']);
    finish();
    await Promise.all([first, alone]);
    await new Promise((resolve) => setImmediate(resolve));
    finish();
    await second;
    expect(events).toEqual(['first begins', 'first ends', 'alone', 'second begins', 'second ends']);
  });

  test('go on where that fails, and where nothing waits it is done at once', async () => {
    const { doubled } = doubling();
    const failing = (): never => {
      throw new Error('not possible');
    };
    await expect(doubled.exclusively(failing)).rejects.toThrow('not possible');
    expect(await doubled.submit(4)).toBe(8);
  });
});

test('requests that wait together share three commits, and each has its own answer', async () => {
  let commits = 0;
  const running = startService({
    between: (ledger) => ({
      get head() {
        return ledger.head;
      },
      get usable() {
        return ledger.usable;
      },
      get state() {
        return ledger.state;
      },
      find: (cell) => ledger.find(cell),
      append: (entries) => ledger.append(entries),
      refuse: (refusals) => {
        ledger.refuse(refusals);
      },
      commit: () => {
        commits += 1;
        ledger.commit();
      },
    }),
  });
  const plan = testPlan();
  const requests = Array.from({ length: 20 }, (_, window) =>
    requestFor(plan, window, [cellOf([aggregateOf([1n, 2n])])]),
  );
  const answers = await Promise.all(requests.map((request) => running.service.releaseWindow(request)));
  expect(new Set(answers.map(({ cells }) => cells[0]?.status))).toEqual(new Set(['released']));
  expect(commits).toBe(3);
  const states = [...running.ledger.entries()].map(({ body }) => (JSON.parse(body) as EntryBody).state);
  expect(states).toEqual(['RESERVED', 'SEALED', 'PUBLISHED'].flatMap((state) => new Array<string>(20).fill(state)));
});
