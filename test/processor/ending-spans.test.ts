import { describe, expect, it } from 'vitest';
import type { CapturedSpan } from '../../processor/captured-span.js';
import { EndingSpans } from '../../processor/ending-spans.js';

describe('ending spans', () => {
  const captured = (name: string): CapturedSpan => ({ name }) as unknown as CapturedSpan;

  it('are told apart where several end within each other, and are given out once', () => {
    const spans = new EndingSpans();
    const contexts = ['a', 'b', 'c'].map((name) => ({ context: { name }, captured: captured(name) }));
    for (const entry of contexts) spans.add(entry.context, entry.captured);
    expect(spans.take({})).toBeUndefined();
    for (const entry of [contexts[1]!, contexts[0]!, contexts[2]!]) {
      expect(spans.take(entry.context)).toBe(entry.captured);
      expect(spans.take(entry.context)).toBeUndefined();
    }
  });
});
