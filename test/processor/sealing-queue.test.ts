import { describe, expect, it } from 'vitest';
import { SealingQueue } from '../../processor/sealing-queue.js';

describe('the sealing queue', () => {
  it('is first in, first out, and refuses the newest when full', () => {
    const queue = new SealingQueue<string>(2);
    expect([queue.push('a'), queue.push('b'), queue.push('c')]).toEqual([true, true, false]);
    expect(queue.first()).toBe('a');
    expect([queue.shift(), queue.shift(), queue.shift()]).toEqual(['a', 'b', undefined]);
    expect(queue.push('d')).toBe(true);
  });

  it('wakes those who wait once everything before their position has left', async () => {
    const queue = new SealingQueue<string>(9);
    queue.push('a');
    queue.push('b');
    const woken: string[] = [];
    const waiting = queue.whenReached(queue.end).then(() => woken.push('both'));
    queue.push('c');
    queue.shift();
    queue.notify();
    await queue.whenReached(1);
    expect(woken).toEqual([]);
    queue.shift();
    queue.notify();
    await waiting;
    expect(woken).toEqual(['both']);
    expect(queue.size).toBe(1);
  });

  it('takes exactly what stands before a position', () => {
    const queue = new SealingQueue<string>(9);
    for (const entry of ['a', 'b', 'c']) queue.push(entry);
    queue.shift();
    expect(queue.takeUntil(2)).toEqual(['b']);
    expect(queue.takeUntil(2)).toEqual([]);
    expect(queue.takeUntil(queue.end)).toEqual(['c']);
    expect(queue.size).toBe(0);
  });
});
