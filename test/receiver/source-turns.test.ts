import { expect, test } from 'vitest';
import { SourceTurns } from '../../src/receiver/source-turns.js';
import { gate } from './harness.js';

test('a source takes one turn after another, in order, and others need not wait', async () => {
  const turns = new SourceTurns();
  const events: string[] = [];
  const held = gate();
  const first = turns.take('a', async () => {
    events.push('first begins');
    await held.promise;
    events.push('first ends');
  });
  const second = turns.take('a', () => Promise.resolve(events.push('second')));
  await turns.take('b', () => Promise.resolve(events.push('other')));
  expect(events).toEqual(['first begins', 'other']);
  held.open();
  await Promise.all([first, second]);
  expect(events).toEqual(['first begins', 'other', 'first ends', 'second']);
});

test('a turn that fails is told to who took it, and the next one begins', async () => {
  const turns = new SourceTurns();
  const failing = turns.take('a', () => Promise.reject(new Error('no')));
  const next = turns.take('a', () => Promise.resolve('yes'));
  await expect(failing).rejects.toThrow('no');
  expect(await next).toBe('yes');
});
