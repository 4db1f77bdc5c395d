import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it, onTestFinished } from 'vitest';
import { ContributionDatabase } from '../../processor/contribution-database.node.js';
import { createContributionFile } from '../../processor/contribution-file-opening.node.js';
import { systemRandom } from '../../src/random.js';
import { TelemetryKitError } from '../../src/errors.js';
import { DatabaseStore } from '../support/contribution-stores.js';
import { counterOf, DAY, dayAt, itKeepsTheContract, keyOf, NEW_YEAR } from '../support/contribution-store-contract.js';
import { temporaryFolder } from '../support/temporary-folder.js';

/** In the middle of day 3. */
const NOW = (NEW_YEAR + 3.5 * DAY) * 1000;
const asked = [{ counter: counterOf(1), amount: 5, bound: 5 }];

function codeOf(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    return error instanceof TelemetryKitError ? error.code : String(error);
  }
  return 'none';
}

function openAt(path: string, now = NOW): ContributionDatabase {
  return new ContributionDatabase(path, now, systemRandom);
}

function newFile(): string {
  const path = join(temporaryFolder(), 'contributions');
  createContributionFile(path);
  return path;
}

describe('the database of a contribution file', () => {
  itKeepsTheContract(() => {
    const path = newFile();
    let before: ContributionDatabase | undefined;
    onTestFinished(() => before?.close());
    const open = (): Promise<DatabaseStore> => {
      before?.close();
      before = openAt(path);
      return Promise.resolve(new DatabaseStore(before));
    };
    return Promise.resolve({ open });
  });

  it('is for one at a time', () => {
    const path = newFile();
    const first = openAt(path);
    expect(codeOf(() => openAt(path))).toBe('already_running');
    expect(codeOf(() => createContributionFile(path))).toBe('already_running');
    first.close();
    const second = openAt(path);
    expect(second.condition).toBe('found');
    second.close();
  });

  it('is made once, and never over another file', () => {
    const path = newFile();
    expect(codeOf(() => createContributionFile(path))).toBe('invalid_argument');
  });

  it('keeps silent for the periods that had begun when it was found missing', async () => {
    const path = join(temporaryFolder(), 'contributions');
    const lost = openAt(path);
    expect(lost.condition).toBe('missing');
    const store = new DatabaseStore(lost);
    for (const day of [2, 3]) {
      expect(await keyOf(store, dayAt(day))).toBe('lost');
      expect(lost.reserve(dayAt(day), asked)).toEqual([0]);
    }
    expect(await keyOf(store, dayAt(4))).toMatch(/^[0-9a-f]{64}$/);
    lost.close();
    const again = openAt(path, NOW + DAY * 1000);
    expect(again.condition).toBe('found');
    expect(await keyOf(new DatabaseStore(again), dayAt(3))).toBe('lost');
    expect(again.reserve(dayAt(4), asked)).toEqual([5]);
    again.close();
  });

  it('holds nothing of a period that is over', () => {
    const path = newFile();
    const database = openAt(path);
    const first = database.openPeriod(dayAt(0));
    if (!('key' in first)) throw new Error('not open');
    database.reserve(dayAt(0), asked);
    const everything = (): Buffer =>
      Buffer.concat(readdirSync(join(path, '..')).map((name) => readFileSync(join(path, '..', name))));
    expect(everything().includes(counterOf(1))).toBe(true);
    expect(everything().includes(Buffer.from(first.key).toString('base64url'))).toBe(true);
    database.openPeriod(dayAt(1));
    database.openPeriod(dayAt(2));
    expect(everything().includes(counterOf(1))).toBe(false);
    expect(everything().includes(Buffer.from(first.key).toString('base64url'))).toBe(false);
    database.close();
  });

  it('cannot be where there is no folder, or in a folder that cannot be written', () => {
    expect(codeOf(() => openAt(join(temporaryFolder(), 'none', 'contributions')))).toBe('storage');
    const path = join(temporaryFolder(), 'contributions');
    mkdirSync(path);
    expect(codeOf(() => openAt(path))).toBe('storage');
  });

  describe('when it was damaged', () => {
    /** Files with a few subjects in two days, one of them used up, and what may still be granted of each. */
    const counted = (): string => {
      const path = newFile();
      const database = openAt(path);
      for (const day of [2, 3]) {
        database.openPeriod(dayAt(day));
        const requests = Array.from({ length: 60 }, (_, index) => ({ counter: counterOf(index), amount: 5, bound: 5 }));
        expect(database.reserve(dayAt(day), requests)).toEqual(requests.map(() => 5));
      }
      database.close();
      return path;
    };

    /** Everything was used up: whatever is wrong with the file, no visit of the two days may be granted any more. */
    const grantsNothing = (path: string): void => {
      const database = openAt(path);
      for (const day of [2, 3]) {
        const opened = database.openPeriod(dayAt(day));
        if (database.condition !== 'found') expect(opened).toEqual({ silent: 'lost' });
        expect(database.reserve(dayAt(day), asked)).toEqual([0]);
      }
      // The next period is free.
      expect('key' in database.openPeriod(dayAt(4))).toBe(true);
      expect(database.reserve(dayAt(4), asked)).toEqual([5]);
      database.close();
    };

    const damaged = (damage: (path: string) => void): string => {
      const original = counted();
      const path = join(temporaryFolder(), 'contributions');
      copyFileSync(original, path);
      damage(path);
      return path;
    };

    it('is found whole where nothing was changed', () => {
      const path = counted();
      const database = openAt(path);
      expect(database.condition).toBe('found');
      expect('key' in database.openPeriod(dayAt(3))).toBe(true);
      database.close();
      grantsNothing(path);
    });

    it('begins anew, with every subject silent, and is moved aside', () => {
      const path = damaged((at) => writeFileSync(at, Buffer.alloc(4096, 0x61)));
      const database = openAt(path);
      expect(database.condition).toBe('corrupt');
      expect(readFileSync(`${path}.corrupt`)).toEqual(Buffer.alloc(4096, 0x61));
      database.close();
      grantsNothing(path);
    });

    it('is not believed with a count changed, or a line missing', () => {
      for (const [found, changed] of [
        [`"${counterOf(1)}":5`, `"${counterOf(1)}":4`],
        [`"${counterOf(1)}":5,`, ''],
        ['"began":0', '"began":1'],
      ] as const) {
        const path = damaged((at) => {
          const text = readFileSync(at, 'latin1');
          expect(text).toContain(found);
          writeFileSync(at, text.replace(found, changed), 'latin1');
        });
        const opened = openAt(path);
        expect(opened.condition).toBe('corrupt');
        opened.close();
        grantsNothing(path);
      }
    });

    it('grants nothing that was granted, whatever byte is changed', () => {
      const path = counted();
      const size = readFileSync(path).length;
      fc.assert(
        fc.property(fc.nat(size - 1), fc.integer({ min: 1, max: 255 }), (position, flip) => {
          const copy = join(temporaryFolder(), 'contributions');
          const bytes = readFileSync(path);
          bytes[position]! ^= flip;
          writeFileSync(copy, bytes);
          grantsNothing(copy);
        }),
        { numRuns: 150 },
      );
    });

    it('grants nothing that was granted, wherever the file is cut', () => {
      const path = counted();
      const size = readFileSync(path).length;
      fc.assert(
        fc.property(fc.nat(size - 1), (length) => {
          const copy = join(temporaryFolder(), 'contributions');
          copyFileSync(path, copy);
          truncateSync(copy, length);
          grantsNothing(copy);
          expect(existsSync(`${copy}.corrupt`)).toBe(length > 0);
        }),
        { numRuns: 40 },
      );
    });
  });
});
