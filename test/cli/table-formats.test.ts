import { describe, expect, test } from 'vitest';
import { csvLines, markdownLines } from '../../src/cli/table-formats.js';

const COLUMNS = ['name', 'value'] as const;

describe('CSV', () => {
  test('quotes what needs it, and leaves out what is missing', () => {
    const rows = [{ name: 'a "b", c', value: 'line\nbreak' }, { name: 'plain' }];
    expect([...csvLines(COLUMNS, rows)]).toEqual(['name,value', '"a ""b"", c","line\nbreak"', 'plain,']);
  });

  test('has no cell that a spreadsheet would run', () => {
    const rows = ['=1+1', '@SUM(A1)', '+cmd', '-cmd', '-5', '5'].map((value) => ({ value }));
    expect([...csvLines(COLUMNS, rows)].slice(1)).toEqual([",'=1+1", ",'@SUM(A1)", ",'+cmd", ",'-cmd", ',-5', ',5']);
  });
});

test('Markdown keeps a cell in its cell', () => {
  const rows = [{ name: 'a|b', value: 'c\\\nd' }];
  expect([...markdownLines(COLUMNS, rows)]).toEqual(['| name | value |', '| --- | --- |', '| a\\|b | c\\\\ d |']);
});
