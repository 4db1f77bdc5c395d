/** `telemetry-kit audit` as built, on a ledger with everything in it. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openLedger } from '../../src/keyholder/ledger.js';
import { append, cellAt, DAY, periodBody, publishedBody, reservedBody, sealedBody } from '../support/ledger.js';
import { testPlanDocument } from '../support/plans.js';
import { run, temporaryFolder } from './command.js';

/** A key holder's folder: of its configuration only where the ledger is matters. */
function keyHolderFolder(): string {
  const folder = temporaryFolder();
  const config = {
    plans: ['plan.json'],
    ownerKey: 'owner',
    dataFolder: '.',
    admin: '127.0.0.1:0',
    privateKeys: ['private-key.json'],
    ceilings: { epsilonPerPeriod: '20', period: 'day', epsilonPerRelease: '1', deltaPerPeriod: '0.000001' },
    domains: ['shop'],
    anchor: 'http://127.0.0.1:9090',
    listen: { socketPath: 'run.sock' },
  };
  writeFileSync(join(folder, 'config.json'), JSON.stringify(config));
  const ledger = openLedger(join(folder, 'ledger.sqlite'));
  const reservation = periodBody({ domain: 'staff' });
  append(ledger, [reservation, reservedBody(cellAt(0)), sealedBody(cellAt(0)), publishedBody(cellAt(0))]);
  ledger.refuse([
    { at: 90, peer: 'receiver', reason: 'range', planHash: 'p', report: 0, windowStart: 0, windowEnd: 60 },
  ]);
  ledger.burn({ sequence: 9, hash: reservation.terms }, DAY, DAY);
  ledger.close();
  return folder;
}

describe('telemetry-kit audit', () => {
  it('exports JSON lines that verify anywhere, with every epsilon for its unit', async () => {
    const folder = keyHolderFolder();
    const { code, stdout, stderr } = await run(['audit', 'export', '--data', folder]);
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout.trim().split('\n')).toHaveLength(6);
    const file = join(folder, 'export.jsonl');
    writeFileSync(file, stdout);
    const verified = await run(['audit', 'verify', file, '--delta', '0.00001']);
    expect(verified).toMatchObject({ code: 0, stderr: '' });
    expect(await run(['audit', 'verify', '--data', folder, '--delta', '0.00001'])).toEqual(verified);
    for (const said of [
      /spent per budget period, epsilon at delta 0\.00001/,
      /shop +day of 1970-01-01T00:00:00\.000Z +for one event +epsilon 0\.1 +of epsilon 1 a day +by rho [\d.]+ +exactly 0\.0999\d+ +1 granted +0 refused/,
      /staff +day of 1970-01-01T00:00:00\.000Z +for one user-period +epsilon 1 /,
      /staff +shop +day of 1970-01-01T00:00:00\.000Z +epsilon 0 of 1 +after 0 windows/,
      /LOST: entries 5 to 9; windows until 1970-01-02T00:00:00\.000Z are burned/,
      /refusals +1 without a charge/,
      /compared with the given plans: 0 releases/,
      /NOT COMPARED with any plan: 2 releases and reservations, of shop, AQEB/,
    ]) {
      expect(verified.stdout).toMatch(said);
    }
    const json = JSON.parse((await run(['audit', 'verify', file, '--json'])).stdout) as { head: { sequence: number } };
    expect(json.head.sequence).toBe(10);
  });

  it.each([
    ['csv', /^sequence,time,what,/, /^2,1970-01-01T00:01:00\.000Z,window,shop,event,streams,/m],
    ['markdown', /^\| sequence \| time \| what \|/, /^\| 2 \| 1970-01-01T00:01:00\.000Z \| window \| shop \|/m],
  ])('exports a %s table for people', async (format, head, row) => {
    const { code, stdout } = await run(['audit', 'export', '--data', keyHolderFolder(), '--format', format]);
    expect(code).toBe(0);
    expect(stdout).toMatch(head);
    expect(stdout).toMatch(row);
    expect(stdout).toMatch(/refused 1 times/);
  });

  it('compares with plans that are given, and refuses those that their owner did not sign', async () => {
    const folder = keyHolderFolder();
    const plan = join(folder, 'plan.json');
    writeFileSync(plan, JSON.stringify(testPlanDocument()));
    const { code, stdout } = await run(['audit', 'verify', '--data', folder, '--json', '--plan', plan]);
    expect(code).toBe(0);
    const { periods, plans } = JSON.parse(stdout) as { periods: { limits: unknown[] }[]; plans: object };
    expect(plans).toMatchObject({ checked: 0, unchecked: 2 });
    expect(periods[0]?.limits).toEqual([{ period: 'day', measure: 'epsilon', most: '1', delta: '0' }]);
    const unsigned = await run(['audit', 'verify', '--data', folder, '--plan', plan, '--owner-key', 'A'.repeat(43)]);
    expect(unsigned.code).toBe(1);
    expect(unsigned.stderr).toMatch(/error \[(untrusted_plan|invalid_plan)\]/);
  });

  it.each(['0', '1', '-1', 'small'])('refuses the delta %s', async (delta) => {
    const { code, stderr } = await run(['audit', 'verify', '--data', keyHolderFolder(), `--delta=${delta}`]);
    expect(code).toBe(1);
    expect(stderr).toMatch(/error \[invalid_argument\]/);
  });

  it('refuses a format that it does not know', async () => {
    const { code, stderr } = await run(['audit', 'export', '--data', keyHolderFolder(), '--format', 'xml']);
    expect(code).not.toBe(0);
    expect(stderr).toContain('jsonl, csv, markdown');
  });
});
