import { describe, expect, test } from 'vitest';
import { GroupCommit } from '../../src/aggregation/group-commit.js';

function recording(maxItems: number) {
  const groups: number[][] = [];
  const commit = new GroupCommit<number, number>((items) => {
    groups.push([...items]);
    if (items.includes(13)) throw new Error('unlucky');
    return items.map((item) => item * 10);
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

  test('flush commits what waits at once', async () => {
    const { groups, commit } = recording(2);
    const submitted = [commit.submit([1, 2]), commit.submit([3])];
    commit.flush();
    expect(groups).toEqual([[1, 2], [3]]);
    expect(await Promise.all(submitted)).toEqual([[10, 20], [30]]);
    expect(groups).toHaveLength(2);
  });
});
