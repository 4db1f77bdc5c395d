/** A plan that was replaced does not come back after a restart. */
import { join } from 'node:path';
import { pino } from 'pino';
import { describe, expect, test } from 'vitest';
import { openLedger } from '../../src/keyholder/ledger.js';
import { ledgerPath, startKeyHolder } from '../../src/keyholder/start.js';
import type { CompiledPlan } from '../../src/plan/compile.js';
import { testPrivateKey } from '../support/keys.js';
import { testPlan } from '../support/plans.js';
import { temporaryFolder } from '../support/temporary-folder.js';

async function runOnce(dataFolder: string, plans: readonly CompiledPlan[]): Promise<void> {
  const running = await startKeyHolder({
    dataFolder,
    plans,
    privateKeys: [testPrivateKey()],
    ceilings: { epsilonPerPeriod: '20', period: 'day', epsilonPerRelease: '1' },
    domains: ['shop'],
    listen: { socketPath: join(dataFolder, 'key-holder.sock') },
    logger: pino({ level: 'silent' }),
  });
  await running.close();
}

const [first, second, third] = [1, 2, 3].map((sequence) => testPlan({ sequence })) as [
  CompiledPlan,
  CompiledPlan,
  CompiledPlan,
];
const older = { code: 'untrusted_plan', message: expect.stringMatching(/plan shop is sequence 1, .* 2 /) as string };

describe('at start', () => {
  test('an older plan alone is refused, in the next run and in every later one', async () => {
    const folder = temporaryFolder();
    await runOnce(folder, [second]);
    await expect(runOnce(folder, [first])).rejects.toMatchObject(older);
    await expect(runOnce(folder, [first])).rejects.toMatchObject(older);
    await runOnce(folder, [second]);
  });

  test('it may stand beside its successor, in any order', async () => {
    const folder = temporaryFolder();
    await runOnce(folder, [second]);
    await runOnce(folder, [first, second]);
    await runOnce(folder, [third, first]);
    await expect(runOnce(folder, [second, first])).rejects.toMatchObject({ code: 'untrusted_plan' });
  });

  test('plans of another name have sequences of their own', async () => {
    const folder = temporaryFolder();
    await runOnce(folder, [third]);
    const other = testPlan({ name: 'depot' });
    await runOnce(folder, [third, other]);
    await runOnce(folder, [other]);
    await expect(runOnce(folder, [first, other])).rejects.toMatchObject({ code: 'untrusted_plan' });
  });

  test('what is remembered is not part of the audited chain', async () => {
    const folder = temporaryFolder();
    await runOnce(folder, [second]);
    const ledger = openLedger(ledgerPath(folder));
    expect(ledger.head.sequence).toBe(0);
    expect(() => {
      ledger.admitSequences(new Map([['shop', 1]]));
    }).toThrow(expect.objectContaining({ code: 'untrusted_plan' }));
    ledger.close();
  });
});
