/** The campaign's shortest form: three receivers on PostgreSQL, every fault once, exact totals. */
import { expect, test } from 'vitest';
import { postgresPrograms } from '../support/postgres.js';
import { runCampaign } from './campaign.js';

const canRun = postgresPrograms() !== undefined || process.env['CI'] !== undefined;
if (!canRun) console.warn('PostgreSQL is not installed: receivers that share it are not tested');

test.skipIf(!canRun)(
  'three receivers, their key holder and their database are killed under load: every total is exact',
  async () => {
    const lines: string[] = [];
    const result = await runCampaign({ store: 'postgresql', seconds: 0, seed: 1, report: (line) => lines.push(line) });
    expect(result.faults, lines.join('\n')).toEqual([]);
    expect([...result.struck.values()].every((times) => times > 0)).toBe(true);
    expect(result.counted).toBeGreaterThanOrEqual(result.acknowledged);
    expect(result.acknowledged).toBeGreaterThan(0);
  },
  1_200_000,
);
