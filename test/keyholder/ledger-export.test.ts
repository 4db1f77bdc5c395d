import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { exportLedger, verifyLedgerExport } from '../../src/keyholder/ledger-export.js';
import { openLedger } from '../../src/keyholder/ledger.js';
import { cellAt, DAY, publishedBody, reservedBody, sealedBody } from '../support/ledger.js';
import { temporaryFolder } from '../support/temporary-folder.js';

/** Ten releases that spend a day's budget, one that no longer fits, one on the next day. */
function exported(): string[] {
  const ledger = openLedger(join(temporaryFolder(), 'ledger.sqlite'));
  const cells = Array.from({ length: 10 }, (_, window) => cellAt(window));
  ledger.append(cells.map((cell) => reservedBody(cell)));
  ledger.append([reservedBody(cellAt(10), { decision: 'budget' }), reservedBody(cellAt(DAY / 60))]);
  ledger.append(cells.map((cell) => sealedBody(cell)));
  ledger.append([publishedBody(cellAt(0))]);
  const lines = [...exportLedger(ledger.entries())];
  ledger.close();
  return lines;
}

describe('an export', () => {
  test('verifies without the database and shows what was spent', () => {
    const lines = exported();
    const last = JSON.parse(lines.at(-1)!) as { hash: string };
    expect(verifyLedgerExport(lines)).toEqual({
      head: { sequence: 23, hash: last.hash },
      releases: { reserved: 12, sealed: 10, published: 1 },
      periods: [
        { domain: 'shop', period: 'day', periodStart: 0, consumed: '1', granted: 10, suppressed: 1 },
        { domain: 'shop', period: 'day', periodStart: DAY, consumed: '1/10', granted: 1, suppressed: 0 },
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

  test('that ends early still verifies, with a head that the published positions contradict', () => {
    const lines = exported();
    expect(verifyLedgerExport(lines.slice(0, 20)).head.sequence).toBe(20);
  });
});
