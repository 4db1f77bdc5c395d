/** A ledger that is copied back from yesterday, deleted, or run twice: seen by its anchor, and nothing is released twice. */
import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pino } from 'pino';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { EntryBody } from '../../src/keyholder/ledger-entry.js';
import { exportLedger, verifyLedgerExport } from '../../src/keyholder/ledger-export.js';
import { openLedger } from '../../src/keyholder/ledger.js';
import { ledgerPath, startKeyHolder, type KeyHolderOptions, type RunningKeyHolder } from '../../src/keyholder/start.js';
import type { CompiledPlan } from '../../src/plan/compile.js';
import type { CellOutcome, LedgerPosition } from '../../src/wire/release.js';
import { testPrivateKey } from '../support/keys.js';
import { planOf, testPlanDocument } from '../support/plans.js';
import { PrometheusApi } from '../support/prometheus-api.js';
import { aggregateOf, ALL_TIME_DAYS, cellOf, FIRST_WINDOW, requestFor } from '../support/releases.js';
import { temporaryFolder } from '../support/temporary-folder.js';

const DAY_WINDOWS = 1440;
const flag = { name: 'ok', attribute: 'ok', kind: 'flag', epsilon: '1' } as const;
const events = planOf([flag]);
const subjects = planOf(
  [flag],
  {},
  {
    privacy: {
      ...testPlanDocument().privacy,
      unit: 'user-period',
      epsilon: '1',
      bounds: { subject: 'user.id', visits: 2 },
    },
  },
);

/** Milliseconds at which the window with this number has just ended. */
const after = (window: number): number => 1000 * (FIRST_WINDOW + 60 * (window + 1));

interface Running {
  readonly keyHolder: RunningKeyHolder;
  readonly folder: string;
  readonly log: string[];
  readonly clock: { now: number };
}

async function start(
  plan: CompiledPlan,
  folder: string,
  now: number,
  options: Partial<KeyHolderOptions> = {},
): Promise<Running> {
  const log: string[] = [];
  const clock = { now };
  const keyHolder = await startKeyHolder({
    dataFolder: folder,
    privateKeys: [testPrivateKey()],
    plans: [plan],
    ceilings: { epsilonPerPeriod: '100', period: 'day', epsilonPerRelease: '2' },
    domains: ['shop'],
    maxWindowAgeDays: ALL_TIME_DAYS,
    listen: { socketPath: join(folder, 'key-holder.sock') },
    logger: pino({ level: 'debug' }, { write: (line: string) => void log.push(line) }),
    clock: () => clock.now,
    ...options,
  });
  onTestFinished(() => keyHolder.close());
  return { keyHolder, folder, log, clock };
}

/** Asks for a window; every call with a new ciphertext, as a receiver that forgot everything would. */
async function ask({ keyHolder }: Running, plan: CompiledPlan, window: number): Promise<CellOutcome> {
  const request = requestFor(plan, window, [cellOf([aggregateOf([5n, 1n])], { labels: [] })]);
  const { cells } = await keyHolder.service.releaseWindow(request);
  return cells[0]!;
}

async function outcomes(running: Running, plan: CompiledPlan, windows: readonly number[]): Promise<string[]> {
  const seen: string[] = [];
  for (const window of windows) {
    const cell = await ask(running, plan, window);
    seen.push(cell.status === 'released' ? 'released' : cell.reason);
  }
  return seen;
}

function eventsIn({ log }: Running): unknown[] {
  return log.map((line) => (JSON.parse(line) as { event?: unknown }).event);
}

function bodiesIn(folder: string): EntryBody[] {
  const ledger = openLedger(ledgerPath(folder));
  const entries = [...ledger.entries()];
  ledger.close();
  verifyLedgerExport(exportLedger(entries));
  return entries.map(({ body }) => JSON.parse(body) as EntryBody);
}

/** A ledger of three windows with a copy that knows only the first; where its anchor is. */
async function rolledBack(plan: CompiledPlan, { forgets }: { forgets: 'the last two' | 'everything' }) {
  const [folder, elsewhere] = [temporaryFolder(), temporaryFolder()];
  const anchor = join(elsewhere, 'anchor.json');
  const first = await start(plan, folder, after(0), { anchor });
  expect(await outcomes(first, plan, [0])).toEqual(['released']);
  await first.keyHolder.close();
  const copy = join(elsewhere, 'yesterday.sqlite');
  copyFileSync(ledgerPath(folder), copy);
  const second = await start(plan, folder, after(2), { anchor });
  expect(await outcomes(second, plan, [1, 2])).toEqual(['released', 'released']);
  await second.keyHolder.close();
  rmSync(ledgerPath(folder));
  if (forgets === 'the last two') copyFileSync(copy, ledgerPath(folder));
  return { folder, anchor };
}

describe('a ledger copied back from yesterday', () => {
  test('releases no window again, and nothing else of the running day, whose budget is not known any more', async () => {
    const { folder, anchor } = await rolledBack(events, { forgets: 'the last two' });
    const back = await start(events, folder, after(3), { anchor });
    expect(eventsIn(back)).toContain('ledger_rolled_back');
    const again = await outcomes(back, events, [1, 2, 3]);
    expect(again).toEqual(['error', 'error', 'error']);
    back.clock.now = after(DAY_WINDOWS);
    expect(await outcomes(back, events, [4, DAY_WINDOWS - 1, DAY_WINDOWS])).toEqual(['budget', 'budget', 'released']);
    await back.keyHolder.close();
    const burned = bodiesIn(folder).filter(({ state }) => state === 'BURNED');
    expect(burned).toMatchObject([{ lastKnown: 3, anchor: { sequence: 9 }, until: after(3) / 1000 }]);
  });

  test('nor what is left of a subject’s day that it had reserved, which may have been reserved in other terms', async () => {
    const { folder, anchor } = await rolledBack(subjects, { forgets: 'the last two' });
    const back = await start(subjects, folder, after(5), { anchor });
    expect(await outcomes(back, subjects, [1, 2, 5])).toEqual(['error', 'error', 'error']);
    back.clock.now = after(DAY_WINDOWS);
    expect(await outcomes(back, subjects, [6, 7, DAY_WINDOWS])).toEqual(['budget', 'budget', 'released']);
    await back.keyHolder.close();
    bodiesIn(folder);
  });

  test('opens nothing that was reserved before, and answers nothing: it may have gone another way', async () => {
    const [folder, elsewhere] = [temporaryFolder(), temporaryFolder()];
    const anchor = join(elsewhere, 'anchor.json');
    const request = requestFor(events, 0, [cellOf([aggregateOf([5n, 1n])], { labels: [] })]);
    const first = await start(events, folder, after(0), { anchor });
    await first.keyHolder.service.releaseWindow(request);
    await first.keyHolder.close();
    copyFileSync(ledgerPath(folder), join(elsewhere, 'copy.sqlite'));
    const before = await start(events, folder, after(1), { anchor });
    await ask(before, events, 1);
    await before.keyHolder.close();
    copyFileSync(join(elsewhere, 'copy.sqlite'), ledgerPath(folder));
    const back = await start(events, folder, after(2), { anchor });
    expect((await back.keyHolder.service.releaseWindow(request)).cells).toEqual([
      { status: 'refused', reason: 'conflict' },
    ]);
  });

  test('or lost altogether, does not reserve the running day a second time', async () => {
    const { folder, anchor } = await rolledBack(subjects, { forgets: 'everything' });
    const back = await start(subjects, folder, after(5), { anchor });
    expect(eventsIn(back)).toContain('ledger_rolled_back');
    back.clock.now = after(DAY_WINDOWS);
    expect(await outcomes(back, subjects, [2, 6, DAY_WINDOWS])).toEqual(['error', 'budget', 'released']);
    await back.keyHolder.close();
    expect(bodiesIn(folder)[0]).toMatchObject({ state: 'BURNED', lastKnown: 0 });
  });

  test('is burned once; numbers of lost entries are not used again, so that the next rollback shows as well', async () => {
    const { folder, anchor } = await rolledBack(subjects, { forgets: 'the last two' });
    const copy = `${anchor}.copy`;
    copyFileSync(ledgerPath(folder), copy);
    const back = await start(subjects, folder, after(5), { anchor });
    back.clock.now = after(6);
    await ask(back, subjects, 6);
    await back.keyHolder.close();
    const again = await start(subjects, folder, after(6), { anchor });
    expect(eventsIn(again)).not.toContain('ledger_rolled_back');
    const { sequence } = JSON.parse(readFileSync(anchor, 'utf8')) as LedgerPosition;
    expect(sequence).toBeGreaterThan(10);
    await again.keyHolder.close();
    copyFileSync(copy, ledgerPath(folder));
    const thirdTime = await start(subjects, folder, after(7), { anchor });
    expect(eventsIn(thirdTime)).toContain('ledger_rolled_back');
    expect(await outcomes(thirdTime, subjects, [6])).toEqual(['error']);
    await thirdTime.keyHolder.close();
    expect(bodiesIn(folder).filter(({ state }) => state === 'BURNED')).toMatchObject([{ anchor: { sequence } }]);
  });

  test('together with the clock, as a whole machine is, burns up to the newest time that the anchor knows', async () => {
    const { folder, anchor } = await rolledBack(events, { forgets: 'the last two' });
    const back = await start(events, folder, after(0), { anchor });
    back.clock.now = after(3);
    expect(await outcomes(back, events, [1, 2, 3])).toEqual(['error', 'error', 'budget']);
    await back.keyHolder.close();
    const [burned] = bodiesIn(folder).filter(({ state }) => state === 'BURNED');
    expect(burned).toMatchObject({ at: after(0) / 1000, until: after(2) / 1000 });
  });

  test('burns up to the newest time of the ledger where the anchor knows none and the clock is behind', async () => {
    const { folder, anchor } = await rolledBack(events, { forgets: 'the last two' });
    const { sequence, hash } = JSON.parse(readFileSync(anchor, 'utf8')) as LedgerPosition;
    writeFileSync(anchor, JSON.stringify({ sequence, hash }));
    const back = await start(events, folder, after(0) - 3_600_000, { anchor });
    await back.keyHolder.close();
    const [burned] = bodiesIn(folder).filter(({ state }) => state === 'BURNED');
    expect(burned).toMatchObject({ at: after(0) / 1000 - 3600, until: after(0) / 1000 });
  });

  test('without an anchor is warned of at start, and not seen', async () => {
    const { folder } = await rolledBack(events, { forgets: 'the last two' });
    const back = await start(events, folder, after(3));
    expect(eventsIn(back)).toContain('no_anchor');
    expect(await outcomes(back, events, [1])).toEqual(['released']);
  });

  test('with the anchor in the published series is seen there', async () => {
    const api = await PrometheusApi.start();
    const { folder, anchor } = await rolledBack(events, { forgets: 'the last two' });
    const { sequence, hash } = JSON.parse(readFileSync(anchor, 'utf8')) as LedgerPosition;
    api.samples = [
      { plan: 'shop', sequence: 2, hash },
      { plan: 'shop', sequence, hash },
    ];
    const back = await start(events, folder, after(3), { anchor: api.url });
    expect(eventsIn(back)).toContain('ledger_rolled_back');
    expect(await outcomes(back, events, [1])).toEqual(['error']);
  });
});

test('a running key holder sees that another one runs on a copy of its ledger, and stops releasing what may be out', async () => {
  const [folder, twin] = [temporaryFolder(), temporaryFolder()];
  const anchor = join(temporaryFolder(), 'anchor.json');
  const first = await start(events, folder, after(0), { anchor, anchorIntervalMillis: 5 });
  await ask(first, events, 0);
  await first.keyHolder.close();
  mkdirSync(twin, { recursive: true });
  copyFileSync(ledgerPath(folder), ledgerPath(twin));
  const running = await start(events, folder, after(1), { anchor, anchorIntervalMillis: 5 });
  const other = await start(events, twin, after(1), { anchor });
  await ask(other, events, 1);
  while (!eventsIn(running).includes('ledger_rolled_back')) await new Promise((resolve) => setTimeout(resolve, 5));
  expect(await outcomes(running, events, [1])).toEqual(['error']);
});

test('two copies that grew apart by as many entries are told apart by their hashes', async () => {
  const [folder, elsewhere] = [temporaryFolder(), temporaryFolder()];
  const anchor = join(elsewhere, 'anchor.json');
  const first = await start(events, folder, after(0), { anchor });
  await ask(first, events, 0);
  await first.keyHolder.close();
  const ours = join(elsewhere, 'ours.sqlite');
  copyFileSync(ledgerPath(folder), ours);
  const unseen = await start(events, folder, after(1));
  await ask(unseen, events, 1);
  await unseen.keyHolder.close();
  copyFileSync(ledgerPath(folder), join(elsewhere, 'fork.sqlite'));
  copyFileSync(ours, ledgerPath(folder));
  const second = await start(events, folder, after(1), { anchor });
  await ask(second, events, 1);
  await second.keyHolder.close();
  copyFileSync(join(elsewhere, 'fork.sqlite'), ledgerPath(folder));
  const forked = await start(events, folder, after(1), { anchor });
  expect(eventsIn(forked)).toContain('ledger_rolled_back');
  expect(await outcomes(forked, events, [1])).toEqual(['conflict']);
});

test('after a rollback a sliding budget begins when no span reaches back any more', async () => {
  const sliding = planOf(
    [flag],
    {},
    {
      privacy: { ...testPlanDocument().privacy, period: 'hour', epsilon: '100', sliding: true },
    },
  );
  const { folder, anchor } = await rolledBack(sliding, { forgets: 'the last two' });
  const ceilings = { epsilonPerPeriod: '100', period: 'hour', epsilonPerRelease: '2' } as const;
  const back = await start(sliding, folder, after(2), { anchor, ceilings });
  back.clock.now = after(1440);
  // Burned until the third window has ended; an hour of windows later nothing is left of that.
  expect(await outcomes(back, sliding, [3, 61, 62, 63])).toEqual(['budget', 'budget', 'budget', 'released']);
});

describe('the anchor', () => {
  test('in a file is written before an answer leaves, and is not needed to begin with', async () => {
    const folder = temporaryFolder();
    const anchor = join(temporaryFolder(), 'anchor.json');
    const running = await start(events, folder, after(2), { anchor });
    expect(eventsIn(running)).toContain('anchor_empty');
    expect(existsSync(anchor)).toBe(false);
    for (const window of [0, 1]) {
      const cell = await ask(running, events, window);
      const kept = JSON.parse(readFileSync(anchor, 'utf8')) as LedgerPosition;
      expect(cell.status === 'released' && kept.sequence > cell.ledger.sequence).toBe(true);
    }
  });

  test.each([
    ['cannot be reached', 'http://127.0.0.1:1'],
    ['is no position', undefined],
  ])('that %s stops the start', async (_name, url) => {
    const anchor = url ?? join(temporaryFolder(), 'anchor.json');
    if (url === undefined) writeFileSync(anchor, '{"sequence":"many"}');
    await expect(start(events, temporaryFolder(), after(0), { anchor })).rejects.toMatchObject({ code: 'unavailable' });
  });

  test('that fails later is logged, again and again, and releases go on', async () => {
    const api = await PrometheusApi.start();
    const running = await start(events, temporaryFolder(), after(0), { anchor: api.url, anchorIntervalMillis: 5 });
    api.stop();
    while (!eventsIn(running).includes('anchor_failed')) await new Promise((resolve) => setTimeout(resolve, 5));
    expect(await outcomes(running, events, [0])).toEqual(['released']);
  });

  test('that cannot be written is logged, and the answer is given', async () => {
    const folder = temporaryFolder();
    const running = await start(events, folder, after(0), { anchor: join(folder, 'missing', 'anchor.json') });
    expect(await outcomes(running, events, [0])).toEqual(['released']);
    expect(eventsIn(running)).toContain('anchor_failed');
  });
});
