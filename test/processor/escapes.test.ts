import { describe, expect, it } from 'vitest';
import { ESCAPE_SYNTAXES, isEncoded, lengthBeforeCut } from '../../processor/escapes.js';

const [percent, json] = ESCAPE_SYNTAXES;

describe('an escape that is cut in two', () => {
  it.each([
    ['%', 0],
    ['ab%', 2],
    ['ab%4', 2],
    ['ab%41', 5],
    ['ab%c3', 2],
    ['ab%c3%', 2],
    ['ab%c3%b', 2],
    ['ab%c3%bc', 8],
    ['ab%e2%82', 2],
    ['ab%e2%82%a', 2],
    ['ab%f0%9f%98%8', 2],
    ['ab%f0%9f%98%80', 14],
    ['%c3%bc%c3', 6],
    ['ab', 2],
    ['', 0],
  ])('is found in %s', (text, length) => {
    expect(lengthBeforeCut(text, percent!)).toBe(length);
  });

  it.each([
    ['ab\\', 2],
    ['ab\\u', 2],
    ['ab\\u00', 2],
    ['ab\\u00f', 2],
    ['ab\\u00fc', 8],
    ['ab\\n', 4],
    ['ab', 2],
  ])('is found in %s', (text, length) => {
    expect(lengthBeforeCut(text, json!)).toBe(length);
  });

  it('is looked for where there are escapes', () => {
    expect(['Plain+Text', '100%', 'a\\b'].map(isEncoded)).toEqual([false, true, true]);
  });
});
