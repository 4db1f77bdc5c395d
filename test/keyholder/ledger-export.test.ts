import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { exportLedger, verifyLedgerExport } from '../../src/keyholder/ledger-export.js';
import { createEntry, type EntryBody, type LedgerEntry } from '../../src/keyholder/ledger-entry.js';
import { openLedger } from '../../src/keyholder/ledger.js';
import { append, cellAt, DAY, publishedBody, reservedBody, sealedBody } from '../support/ledger.js';
import { temporaryFolder } from '../support/temporary-folder.js';

/** Ten releases that spend a day's budget, one that no longer fits, one on the next day. */
function exported(): string[] {
  const ledger = openLedger(join(temporaryFolder(), 'ledger.sqlite'));
  const cells = Array.from({ length: 10 }, (_, window) => cellAt(window));
  append(
    ledger,
    cells.map((cell) => reservedBody(cell)),
  );
  append(ledger, [reservedBody(cellAt(10), { decision: 'budget' }), reservedBody(cellAt(DAY / 60))]);
  append(
    ledger,
    cells.map((cell) => sealedBody(cell)),
  );
  append(ledger, [publishedBody(cellAt(0))]);
  const lines = [...exportLedger(ledger.entries())];
  ledger.close();
  return lines;
}

describe('an export', () => {
  test('verifies without the database and shows what was spent', () => {
    const lines = exported();
    const last = JSON.parse(lines.at(-1)!) as { hash: string };
    const day = { domain: 'shop', period: 'day', unit: 'event' };
    expect(verifyLedgerExport(lines)).toMatchObject({
      head: { sequence: 23, hash: last.hash },
      releases: { reserved: 12, sealed: 10, published: 1 },
      periods: [
        { ...day, periodStart: 0, spent: { epsilon: '1', rho: '1/20', delta: '0' }, granted: 10, refused: 1 },
        { ...day, periodStart: DAY, spent: { epsilon: '1/10', rho: '1/200', delta: '0' }, granted: 1, refused: 0 },
      ],
    });
  });

  test('is one JSON object a line', () => {
    for (const line of exported()) expect(line).toMatch(/^\{.*\}$/);
  });

  test('of an empty ledger verifies', () => {
    expect(verifyLedgerExport([])).toMatchObject({ head: { sequence: 0 }, periods: [] });
  });

  test('with any line removed, swapped, repeated or changed does not', () => {
    const lines = exported();
    const fails = (changed: string[], sequence: number): void => {
      expect(() => verifyLedgerExport(changed)).toThrow(
        expect.objectContaining({
          code: 'ledger_corrupt',
          message: expect.stringMatching(new RegExp(`(entry|line) ${String(sequence)} `)) as string,
        }),
      );
    };
    lines.slice(0, -1).forEach((_line, index) => {
      fails(lines.toSpliced(index, 1), index + 1);
      fails(lines.with(index, lines[index + 1]!).with(index + 1, lines[index]!), index + 1);
      fails(lines.toSpliced(index, 0, lines[index]!), index + 2);
      fails(lines.with(index, lines[index]!.replace(/[0-9](?=[^0-9]*$)/, 'x')), index + 1);
    });
    fails(lines.with(4, 'not json'), 5);
    fails(lines.with(4, '{}'), 5);
  });

  test('with an outcome rewritten and hashed again fails at the entry after it', () => {
    const lines = exported();
    const entries = lines.map((line) => JSON.parse(line) as LedgerEntry);
    const last = entries.findLastIndex(({ body }) => body.includes('"SEALED"'));
    const index = last - 1;
    const body = JSON.parse(entries[index]!.body.replace('"12"', '"13"')) as EntryBody;
    const rewritten = createEntry(index + 1, entries[index]!.previousHash, body);
    const whole = [...lines.slice(0, index), JSON.stringify(rewritten)];
    expect(verifyLedgerExport(whole).head.sequence).toBe(index + 1);
    expect(() => verifyLedgerExport([...whole, ...lines.slice(index + 1)])).toThrow(
      expect.objectContaining({ message: expect.stringContaining(`entry ${String(index + 2)} `) as string }),
    );
  });

  test('that ends early still verifies, with a head that the published positions contradict', () => {
    const lines = exported();
    expect(verifyLedgerExport(lines.slice(0, 20)).head.sequence).toBe(20);
  });
});
