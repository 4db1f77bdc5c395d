/** What a key holder is asked that it should not be: in this process, and over a real socket. */
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startKeyHolder, type RunningKeyHolder } from '../../src/keyholder/start.js';
import { createKeyHolderClient, type KeyHolderClient } from '../../src/receiver/keyholder-client.js';
import { createLogger } from '../../src/service/logger.js';
import type { CellOutcome } from '../../src/wire/release.js';
import { startService } from '../support/release-service.js';
import { aggregateOf, ALL_TIME_DAYS, cellOf, planWith, requestFor } from '../support/releases.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { secret } from './plans.js';
import { NOISE, precise, RELEASE_ROWS, type CellExpectation } from './release-rows.js';

function expectOutcome(outcome: CellOutcome | undefined, expected: CellExpectation): void {
  if ('refused' in expected) {
    expect(outcome).toEqual({ status: 'refused', reason: expected.refused });
    return;
  }
  if (outcome?.status !== 'released') throw new Error(`not released: ${JSON.stringify(outcome)}`);
  expect(outcome.values).toHaveLength(expected.length);
  outcome.values.forEach((value, slot) => {
    expect(value - expected[slot]!).toBeGreaterThanOrEqual(-NOISE);
    expect(value - expected[slot]!).toBeLessThanOrEqual(NOISE);
  });
}

const ROWS = RELEASE_ROWS.map((row, index) => [row.name, row, index] as const);

describe('a release service', () => {
  it.each(ROWS)('%s', async (_name, { cells, expected }) => {
    const { service } = startService({ plans: [precise] });
    const response = await service.releaseWindow(requestFor(precise, 0, cells()));
    expected.forEach((cell, index) => expectOutcome(response.cells[index], cell));
  });
});

describe('a key holder over its socket', () => {
  let folder: string;
  let running: RunningKeyHolder;
  let client: KeyHolderClient;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'tk-release-'));
    const socketPath = join(folder, 'k.sock');
    running = await startKeyHolder({
      dataFolder: join(folder, 'data'),
      privateKeys: [secret],
      plans: [precise],
      ceilings: { epsilonPerPeriod: '20000', period: 'day', epsilonPerRelease: '10' },
      domains: ['shop'],
      maxWindowAgeDays: ALL_TIME_DAYS,
      listen: { socketPath },
      logger: createLogger('keyholder', 'silent'),
    });
    client = createKeyHolderClient({ target: `unix:${socketPath}` });
  });
  afterAll(async () => {
    client.close();
    await running.close();
    rmSync(folder, { recursive: true });
  });

  // Each row in a window of its own.
  it.each(ROWS)('%s', async (_name, { cells, expected }, window) => {
    const response = await client.releaseWindow(requestFor(precise, window, cells()));
    expected.forEach((cell, index) => expectOutcome(response.cells[index], cell));
  });
});

/** Documented, not prevented: SECURITY.md, "A rolled-back ledger". */
it('an old copy of the ledger answers a cell a second time, and its head contradicts the first', async () => {
  // Two draws at epsilon 0.001 agree in every slot with probability below 10^-6; three cells make that 10^-18.
  const noisy = planWith({ epsilon: '0.001' });
  const path = join(temporaryFolder(), 'ledger.sqlite');
  const before = startService({ plans: [noisy], path });
  before.ledger.close();
  const copy = `${path}.copy`;
  copyFileSync(path, copy);

  const cells = [0, 1, 2].map((label) => cellOf([aggregateOf([5n, 5n])], { labels: [label] }));
  const request = requestFor(noisy, 0, cells);
  const first = startService({ plans: [noisy], path });
  const answered = await first.service.releaseWindow(request);
  const published = first.ledger.head;
  first.ledger.close();

  copyFileSync(copy, path);
  const second = startService({ plans: [noisy], path });
  const again = await second.service.releaseWindow(request);
  expect(again.cells.map(({ status }) => status)).toEqual(['released', 'released', 'released']);
  expect(again.cells).not.toEqual(answered.cells);
  expect(second.ledger.head.sequence).toBe(published.sequence);
  expect(second.ledger.head.hash).not.toEqual(published.hash);
});
