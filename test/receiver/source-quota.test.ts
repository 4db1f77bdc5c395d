import { expect, test } from 'vitest';
import { SourceQuota } from '../../src/receiver/source-quota.js';

const NOW = 1_800_000_000;

test('a source is suspect after many failures that are a large share', () => {
  const quota = new SourceQuota();
  quota.note('few', 8, 8, NOW);
  quota.note('busy', 10_000, 100, NOW);
  quota.note('bad', 100, 50, NOW);
  expect(['few', 'busy', 'bad', 'unknown'].map((source) => quota.isSuspect(source, NOW))).toEqual([
    false,
    false,
    true,
    false,
  ]);
});

test('it is forgotten with time', () => {
  const quota = new SourceQuota();
  quota.note('bad', 16, 16, NOW);
  expect(quota.isSuspect('bad', NOW + 59)).toBe(true);
  expect(quota.isSuspect('bad', NOW + 61)).toBe(false);
});

test('good envelopes restore a source, failures add up', () => {
  const quota = new SourceQuota();
  for (let request = 0; request < 3; request++) quota.note('a', 4, 4, NOW);
  expect(quota.isSuspect('a', NOW)).toBe(true);
  quota.note('a', 1000, 0, NOW);
  expect(quota.isSuspect('a', NOW)).toBe(false);
});

test('remembers a bounded number of sources: those heard of longest ago go first', () => {
  const quota = new SourceQuota();
  quota.note('first', 20, 20, NOW);
  quota.note('second', 20, 20, NOW);
  for (let source = 0; source < 1022; source++) quota.note(String(source), 1, 0, NOW);
  quota.note('first', 1, 0, NOW);
  quota.note('one more', 1, 0, NOW);
  expect([quota.isSuspect('first', NOW), quota.isSuspect('second', NOW)]).toEqual([true, false]);
});
