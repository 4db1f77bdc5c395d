import { describe, expect, test } from 'vitest';
import { GroupCommit } from '../../src/aggregation/group-commit.js';

function recording(maxItems: number) {
  const groups: number[][] = [];
  const commit = new GroupCommit<number, number>((items) => {
    groups.push([...items]);
    if (items.includes(13)) return Promise.reject(new Error('unlucky'));
    return Promise.resolve(items.map((item) => item * 10));
  }, maxItems);
  return { groups, commit };
}

describe('group commit', () => {
  test('what is submitted together is committed together, and everyone gets their own outcomes', async () => {
    const { groups, commit } = recording(100);
    expect(await Promise.all([commit.submit([1, 2]), commit.submit([]), commit.submit([3])])).toEqual([
      [10, 20],
      [],
      [30],
    ]);
    expect(groups).toEqual([[1, 2, 3]]);
  });

  test('a transaction holds whole submissions up to the bound, and at least one', async () => {
    const { groups, commit } = recording(3);
    await Promise.all([commit.submit([1, 2]), commit.submit([3, 4]), commit.submit([5, 6, 7, 8]), commit.submit([9])]);
    expect(groups).toEqual([[1, 2], [3, 4], [5, 6, 7, 8], [9]]);
  });

  test('a failed transaction fails its own submissions only', async () => {
    const { commit } = recording(2);
    const outcomes = await Promise.allSettled([commit.submit([12, 13]), commit.submit([14, 15])]);
    expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'fulfilled']);
    expect(await commit.submit([1])).toEqual([10]);
  });

  test('flush resolves when everything that waited is committed, also where some of it failed', async () => {
    const { groups, commit } = recording(2);
    const submitted = [commit.submit([1, 2]), commit.submit([13]), commit.submit([3])];
    const settled = Promise.allSettled(submitted);
    await commit.flush();
    expect(groups).toEqual([
      [1, 2],
      [13, 3],
    ]);
    expect((await settled).map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'rejected']);
    await commit.flush();
    expect(groups).toHaveLength(2);
  });

  test('what arrives while a transaction runs waits for the next one', async () => {
    const groups: number[][] = [];
    let goOn: () => void = () => undefined;
    const held = new Promise<void>((resolve) => (goOn = resolve));
    const commit = new GroupCommit<number, number>(async (items) => {
      groups.push([...items]);
      await held;
      return [...items];
    }, 100);
    const first = commit.submit([1]);
    await expect.poll(() => groups.length).toBe(1);
    const others = [commit.submit([2]), commit.submit([3])];
    await new Promise((resolve) => setImmediate(resolve));
    expect(groups).toEqual([[1]]);
    goOn();
    expect(await Promise.all([first, ...others])).toEqual([[1], [2], [3]]);
    expect(groups).toEqual([[1], [2, 3]]);
  });
});
