import { describe, expect, it } from 'vitest';
import { DeclaredTexts } from '../../processor/declared-texts.js';
import { SealedTexts } from '../../processor/sealed-texts.js';
import { planOf } from '../support/plans.js';

describe('declared texts', () => {
  const texts = new DeclaredTexts(['team-monthly', 'team-yearly', 'pro'], 6);

  it('are those of every category of the plan, where they are long enough to be searched for', () => {
    const category = { name: 'plan', attribute: 'plan', kind: 'category', epsilon: '1' } as const;
    const flag = { name: 'success', attribute: 'success', kind: 'flag', epsilon: '1' } as const;
    const plan = planOf([flag, { ...category, values: ['team-monthly', 'pro'] }]);
    const declared = DeclaredTexts.of(plan, 6);
    expect(declared.get('team-monthly')?.text).toBe('team-monthly');
    expect([declared.get('pro'), declared.get('other')]).toEqual([undefined, undefined]);
  });

  it('are all of a value only where a search for them alone is enough for it', () => {
    const some = new DeclaredTexts(['team-monthly', '12345678', 'pro'], 6);
    const values = [
      'team-monthly',
      'pro',
      true,
      '',
      'team-weekly',
      '12345678',
      12345678,
      1,
      ['team-monthly'],
      undefined,
    ];
    expect(values.filter((value) => some.areAllOf(value))).toEqual(['team-monthly', 'pro', true, '']);
    for (const value of values.filter((one) => some.areAllOf(one))) {
      const sealed = new SealedTexts(6, some);
      sealed.add(value);
      expect(sealed.areDeclared).toBe(true);
    }
  });

  it('may hide in a text that holds the beginning of one, in any case', () => {
    expect(texts.mayHideIn('on a TEAM-Monthly plan')).toBe(true);
    expect(texts.mayHideIn('cut at team-m')).toBe(true);
    expect(texts.mayHideIn('the team monthly')).toBe(false);
    expect(texts.mayHideIn('a pro user')).toBe(false);
  });

  it('may hide in a text with more than one reading, and in a long one', () => {
    expect(texts.mayHideIn('100% clean')).toBe(true);
    expect(texts.mayHideIn('C:\\clean')).toBe(true);
    expect(texts.mayHideIn('x'.repeat(100_000))).toBe(true);
    expect(texts.mayHideIn('x'.repeat(10_000))).toBe(false);
  });

  it('hide in nothing shorter than what is searched for', () => {
    expect(texts.mayHideIn('%74%65')).toBe(true);
    expect(texts.mayHideIn('%74%6')).toBe(false);
  });

  it('hide in no plain text where there are none', () => {
    expect(new DeclaredTexts([], 6).mayHideIn('anything at all')).toBe(false);
  });
});
