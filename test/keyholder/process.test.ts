/** Key holders as processes that are killed without warning; from the built package. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join, resolve } from 'node:path';
import { pino } from 'pino';
import { describe, expect, onTestFinished, test } from 'vitest';
import { exportLedger, verifyLedgerExport } from '../../src/keyholder/ledger-export.js';
import { openLedger } from '../../src/keyholder/ledger.js';
import { ledgerPath, startKeyHolder } from '../../src/keyholder/start.js';
import { createKeyHolderClient, type KeyHolderClient } from '../../src/receiver/keyholder-client.js';
import type { CellOutcome, WindowReleaseRequest } from '../../src/wire/release.js';
import { CRASH_POINTS, type CrashPoint } from '../support/crashing-ledger.js';
import { testPrivateKey } from '../support/keys.js';
import { testPlan } from '../support/plans.js';
import { aggregateOf, cellOf, requestFor } from '../support/releases.js';
import { temporaryFolder } from '../support/temporary-folder.js';

const PROGRAM = resolve(import.meta.dirname, 'fixtures/key-holder-process.mjs');
const plan = testPlan();

interface Place {
  readonly dataFolder: string;
  readonly socketPath: string;
}

function place(): Place {
  const dataFolder = temporaryFolder();
  return { dataFolder, socketPath: join(dataFolder, 'key-holder.sock') };
}

/** Resolves once the process serves. */
async function spawnKeyHolder(where: Place, crash?: CrashPoint): Promise<ChildProcess> {
  const { p, q } = testPrivateKey().exportPrimes();
  const config = { ...where, plan: plan.plan, p: String(p), q: String(q), crash };
  const child = spawn(process.execPath, [PROGRAM, JSON.stringify(config)], { stdio: ['ignore', 'pipe', 'inherit'] });
  onTestFinished(() => {
    child.kill('SIGKILL');
  });
  const exit = once(child, 'exit').then(([code]) => {
    throw new Error(`the key holder exited with ${String(code)} before it was ready`);
  });
  await Promise.race([once(child.stdout, 'data'), exit]);
  exit.catch(() => undefined);
  return child;
}

async function kill(child: ChildProcess): Promise<void> {
  const gone = once(child, 'exit');
  child.kill('SIGKILL');
  await gone;
}

function connect({ socketPath }: Place): KeyHolderClient {
  const client = createKeyHolderClient({ target: `unix:${socketPath}` });
  onTestFinished(() => {
    client.close();
  });
  return client;
}

/** As a receiver does, through a restart. */
async function askUntilAnswered(client: KeyHolderClient, request: WindowReleaseRequest): Promise<CellOutcome[]> {
  for (;;) {
    const answer = await client.releaseWindow(request).catch(() => undefined);
    if (answer !== undefined) return [...answer.cells];
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

describe.each(CRASH_POINTS)('killed $moment $state', (point) => {
  test('the receiver sees it as unavailable, and after a restart gets one answer under one debit', async () => {
    const where = place();
    const request = requestFor(plan, 0, [cellOf([aggregateOf([5n, 6n])])]);
    const child = await spawnKeyHolder(where, point);
    const exit = once(child, 'exit');
    const client = connect(where);
    await expect(client.releaseWindow(request)).rejects.toMatchObject({ code: 'unavailable' });
    expect(await exit).toEqual([null, 'SIGKILL']);

    // On what the dead process left, socket file included.
    const restarted = await spawnKeyHolder(where);
    const cells = await askUntilAnswered(client, request);
    expect(cells[0]?.status).toBe('released');
    expect(await askUntilAnswered(client, request)).toEqual(cells);
    await kill(restarted);
    const ledger = openLedger(ledgerPath(where.dataFolder));
    const { periods, releases } = verifyLedgerExport(exportLedger(ledger.entries()));
    ledger.close();
    expect(periods).toMatchObject([{ spent: { epsilon: '1' }, granted: 1 }]);
    expect(releases).toEqual({ reserved: 1, sealed: 1, published: 1 });
  });
});

test('killed in the middle of whatever it does, five times: no answer ever changes, no debit is lost or doubled', async () => {
  const where = place();
  const client = connect(where);
  const requests = Array.from({ length: 15 }, (_, window) =>
    requestFor(
      plan,
      window,
      [0, 1, 2].map((label) => cellOf([aggregateOf([5n, 6n])], { labels: [label] })),
    ),
  );
  const answered = new Map<number, CellOutcome[]>();
  for (let round = 0; round < 5; round += 1) {
    const child = await spawnKeyHolder(where);
    for (const window of [3 * round, 3 * round + 1]) {
      answered.set(window, await askUntilAnswered(client, requests[window]!));
    }
    const interrupted = client.releaseWindow(requests[3 * round + 2]!).catch(() => undefined);
    if (round % 2 === 1) await Promise.race([interrupted, new Promise((resolve) => setTimeout(resolve, 3 * round))]);
    await kill(child);
    const answer = await interrupted;
    if (answer !== undefined) answered.set(3 * round + 2, [...answer.cells]);
  }

  const last = await spawnKeyHolder(where);
  for (const [window, request] of requests.entries()) {
    const cells = await askUntilAnswered(client, request);
    if (answered.has(window)) expect(cells).toEqual(answered.get(window));
  }
  await kill(last);
  const ledger = openLedger(ledgerPath(where.dataFolder));
  const { periods, releases } = verifyLedgerExport(exportLedger(ledger.entries()));
  ledger.close();
  // Budget 20 a day, 45 cells at epsilon 1.
  expect(periods).toMatchObject([{ spent: { epsilon: '20' }, granted: 20, refused: 25 }]);
  expect(releases).toEqual({ reserved: 45, sealed: 45, published: 45 });
});

test('one data folder has one process; killed, it is free for the next', async () => {
  const where = place();
  const child = await spawnKeyHolder(where);
  const here = {
    dataFolder: where.dataFolder,
    privateKeys: [testPrivateKey()],
    plans: [plan],
    ceilings: { epsilonPerPeriod: '20', period: 'day' as const, epsilonPerRelease: '1' },
    domains: ['shop'],
    listen: { socketPath: where.socketPath },
    logger: pino({ level: 'silent' }),
  };
  await expect(startKeyHolder(here)).rejects.toMatchObject({ code: 'already_running' });
  expect(() => openLedger(ledgerPath(where.dataFolder))).toThrow(expect.objectContaining({ code: 'already_running' }));
  await kill(child);
  const running = await startKeyHolder(here);
  await running.close();
});
