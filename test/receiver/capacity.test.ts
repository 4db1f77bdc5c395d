import { expect, test } from 'vitest';
import { Capacity } from '../../src/receiver/capacity.js';

test('capacity is taken up to the limit and given back', () => {
  const capacity = new Capacity(10);
  expect([capacity.tryTake(6), capacity.tryTake(5), capacity.tryTake(4), capacity.tryTake(1)]).toEqual([
    true,
    false,
    true,
    false,
  ]);
  capacity.give(4);
  expect([capacity.used, capacity.tryTake(4)]).toEqual([6, true]);
});

test('what is larger than the limit is let in alone only', () => {
  const capacity = new Capacity(10);
  expect(capacity.tryTake(25)).toBe(true);
  expect(capacity.tryTake(1)).toBe(false);
  capacity.give(25);
  expect(capacity.tryTake(1)).toBe(true);
  expect(capacity.tryTake(25)).toBe(false);
});

test('who holds something needs room for the difference only', () => {
  const capacity = new Capacity(10);
  expect([capacity.tryTake(6), capacity.tryGrow(6, 10), capacity.used]).toEqual([true, true, 10]);
  expect([capacity.tryGrow(10, 12), capacity.used]).toEqual([true, 12]);
  capacity.give(12);
  expect([capacity.tryTake(5), capacity.tryTake(3), capacity.tryGrow(5, 8), capacity.used]).toEqual([
    true,
    true,
    false,
    8,
  ]);
});
