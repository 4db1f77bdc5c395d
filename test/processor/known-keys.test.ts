import { describe, expect, it } from 'vitest';
import { DeclaredTexts } from '../../processor/declared-texts.js';
import { KnownKeys } from '../../processor/known-keys.js';
import { PlainText } from '../../processor/plain-text.js';

const declared = new DeclaredTexts(['team-monthly'], 6);

describe('known keys', () => {
  it('tell selected ones at any position, however many and however long', () => {
    const selected = Array.from({ length: 2000 }, (_, index) => `${'k'.repeat(300)}${String(index)}`);
    const keys = new KnownKeys(selected, declared);
    for (let index = 0; index < 3000; index += 1) keys.remember(keys.of(`other.${String(index)}`, index));
    for (const [position, key] of selected.entries()) {
      expect([0, position].map((at) => keys.of(key, at).isSelected)).toEqual([true, true]);
      expect([0, position].map((at) => keys.isSelected(key, at))).toEqual([true, true]);
    }
    for (let index = 0; index < 3000; index += 1) {
      expect(keys.of(`other.${String(index)}`, index).isSelected).toBe(false);
      expect(keys.isSelected(`other.${String(index)}`, index)).toBe(false);
    }
  });

  it('are not confused by another order', () => {
    const keys = new KnownKeys(['b'], declared);
    for (const order of [
      ['a', 'b', 'c'],
      ['b', 'a'],
      ['c', 'a', 'b'],
      ['a', 'b', 'c'],
    ]) {
      for (const [position, key] of order.entries()) {
        const known = keys.of(key, position);
        expect([known.key, known.isSelected]).toEqual([key, key === 'b']);
        expect([keys.isSelected(key, position), keys.isSelected(key, position)]).toEqual([key === 'b', key === 'b']);
        keys.remember(known);
      }
    }
  });

  it('remember a key or a text only when told', () => {
    const keys = new KnownKeys([], declared);
    const known = keys.of('note', 0);
    const text = keys.plainText('some text');
    expect(keys.of('note', 0)).not.toBe(known);
    expect(keys.of('note', 0).recent).toBeUndefined();
    keys.remember(known, text);
    expect(keys.of('note', 0)).toBe(known);
    expect(known.recent).toBe(text);
  });

  it('remember no long text and no long key, and a limited number', () => {
    const keys = new KnownKeys([], declared);
    const note = keys.of('note', 0);
    keys.remember(note, new PlainText('x'.repeat(257)));
    expect(note.recent).toBeUndefined();
    const long = keys.of('k'.repeat(257), 0);
    keys.remember(long);
    expect(keys.of('k'.repeat(257), 0)).not.toBe(long);
    const many = Array.from({ length: 5000 }, (_, index) => keys.of(`key.${String(index)}`, 0));
    for (const known of many) keys.remember(known);
    expect(many.filter(({ isRemembered }) => isRemembered).length).toBeLessThan(1025);
  });

  it('say where a declared text may hide, in a key and under it', () => {
    const keys = new KnownKeys([], declared);
    expect(keys.of('tag.team-monthly', 0).plain).toBeUndefined();
    expect(keys.of('tag.team', 0).plain?.folded).toBe('tag.team');
    expect(keys.plainText('on Team-Monthly')).toBeUndefined();
  });
});
