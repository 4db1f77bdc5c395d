import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { toBase64Url } from '../../src/bytes.js';
import {
  aggregateDigestOf,
  cellIdOf,
  releaseIdOf,
  sortByKid,
  type CellIdentity,
} from '../../src/keyholder/release-id.js';

/** The framing once more, with another hash implementation and another integer encoder. */
function framed(label: string, items: readonly (string | number | Buffer)[]): string {
  const hash = createHash('sha256');
  for (const item of [label, ...items]) {
    const bytes =
      typeof item === 'number' ? Buffer.from(item.toString(16).padStart(16, '0'), 'hex') : Buffer.from(item as string);
    hash.update(Buffer.from(bytes.length.toString(16).padStart(8, '0'), 'hex')).update(bytes);
  }
  return hash.digest('base64url');
}

const [low, high] = [Buffer.alloc(32, 0x01), Buffer.alloc(32, 0xff)];
const cell: CellIdentity = {
  kind: 'window',
  planHash: Buffer.alloc(32, 7).toString('base64url'),
  report: 2,
  measurement: 1,
  labels: [0, 300],
  rangeStart: 1_700_000_040,
  rangeEnd: 1_700_000_100,
  kids: [low.toString('base64url'), high.toString('base64url')],
};
const common = ['window', Buffer.alloc(32, 7), 2, 1, 2, 0, 300, 1_700_000_040, 1_700_000_100];

describe('names of releases', () => {
  test('follow the documented framing', () => {
    expect(releaseIdOf(cell)).toBe(framed('telemetry-kit/v1/release-id', [...common, 2, low, high]));
    expect(cellIdOf(cell)).toBe(framed('telemetry-kit/v1/cell-id', common));
    expect(releaseIdOf(cell)).toBe('-AarLt8bC-kVOFvGI3f8HOdwLSQkxIxHawWrAzwf44Q');
  });

  test('differ in every field', () => {
    const changes: Partial<CellIdentity>[] = [
      { kind: 'total' },
      { planHash: Buffer.alloc(32, 8).toString('base64url') },
      { report: 3 },
      { measurement: 2 },
      { labels: [300, 0] },
      { labels: [0] },
      { labels: [0, 300, 0] },
      { rangeStart: 1_700_000_041 },
      { rangeEnd: 1_700_000_101 },
      { kids: [low.toString('base64url')] },
    ];
    const ids = [cell, ...changes.map((change) => ({ ...cell, ...change }))].map(releaseIdOf);
    expect(new Set(ids).size).toBe(ids.length);
  });

  test('a cell has one id whatever its keys', () => {
    expect(cellIdOf({ ...cell, kids: [] })).toBe(cellIdOf(cell));
  });
});

describe('the aggregate digest', () => {
  const aggregate = fc.record({
    kid: fc.uint8Array({ minLength: 32, maxLength: 32 }).map(toBase64Url),
    ciphertext: fc.uint8Array({ minLength: 1, maxLength: 8 }),
  });
  const aggregates = fc.uniqueArray(aggregate, { selector: ({ kid }) => kid, minLength: 1, maxLength: 4 });

  test('does not depend on the order of the keys', () => {
    fc.assert(
      fc.property(aggregates, (list) => {
        expect(aggregateDigestOf(list.toReversed())).toBe(aggregateDigestOf(list));
      }),
    );
  });

  test('depends on every ciphertext', () => {
    fc.assert(
      fc.property(aggregates, fc.nat(), (list, pick) => {
        const index = pick % list.length;
        const changed = { ...list[index]!, ciphertext: new Uint8Array([...list[index]!.ciphertext, 1]) };
        expect(aggregateDigestOf(list.with(index, changed))).not.toBe(aggregateDigestOf(list));
      }),
    );
  });

  test('keys are ordered by their bytes, not by their text', () => {
    const kids = [0xff, 0x00, 0x69, 0x68].map((fill) => ({ kid: Buffer.alloc(32, fill).toString('base64url') }));
    const sorted = sortByKid(kids).map(({ kid }) => Buffer.from(kid, 'base64url')[0]);
    expect(sorted).toEqual([0x00, 0x68, 0x69, 0xff]);
  });
});
