/**
 * What a receiver or an operator might try to spend a budget twice, to get two draws of one release, or to learn from a
 * refusal: each attempt once, from outside, against a real ledger.
 */
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { exportLedger, verifyLedgerExport } from '../../src/keyholder/ledger-export.js';
import type { EntryBody } from '../../src/keyholder/ledger-entry.js';
import type { PrivateKey } from '../../src/paillier/private-key.js';
import { compilePlan, type CompiledPlan } from '../../src/plan/compile.js';
import type { Measurement, PlanPrivacy } from '../../src/plan/plan.js';
import type { CellOutcome, WindowReleaseRequest } from '../../src/wire/release.js';
import { Crash, CrashingLedger } from '../support/crashing-ledger.js';
import { testPrivateKey } from '../support/keys.js';
import { testPlanDocument } from '../support/plans.js';
import { startService, type TestService } from '../support/release-service.js';
import { aggregateOf, cellOf, FIRST_WINDOW } from '../support/releases.js';
import { temporaryFolder } from '../support/temporary-folder.js';

const HOUR = 3600;
const flag: Measurement = { name: 'ok', attribute: 'ok', kind: 'flag', epsilon: '1' };
const other = testPrivateKey(1024);
const KIDS = [testPrivateKey(), other].map(({ publicKey }) => publicKey.kid);

interface Shape {
  readonly name?: string;
  readonly sequence?: number;
  readonly keys?: readonly string[];
  readonly seconds?: number;
  readonly privacy?: Partial<PlanPrivacy>;
  readonly measurements?: readonly Measurement[];
}

/** Epsilon 1 a window, 2 a day. Not through the plan check: the key holder must not rest on it. */
function planOf({ name = 'shop', sequence = 1, keys, seconds = 60, privacy, measurements = [flag] }: Shape = {}) {
  const base = testPlanDocument();
  return compilePlan({
    ...base,
    name,
    sequence,
    keys: keys ?? base.keys,
    window: { ...base.window, seconds },
    privacy: { ...base.privacy, epsilon: '2', ...privacy },
    labels: [],
    reports: [{ ...base.reports[0]!, labels: [], measurements }],
  });
}

function requestOf(
  plan: CompiledPlan,
  windowStart: number,
  counts: readonly bigint[] = [1n, 0n],
  keys: readonly PrivateKey[] = [testPrivateKey()],
): WindowReleaseRequest {
  const windowEnd = windowStart + plan.plan.window.seconds;
  const cells = plan.reports[0]!.measurements.map((_, measurement) =>
    cellOf(
      keys.map((key, index) => aggregateOf(index === 0 ? counts : [0n, 0n], key)),
      { labels: [], measurement },
    ),
  );
  return { planHash: plan.hash, report: 0, windowStart, windowEnd, cells };
}

async function outcomesOf({ service }: TestService, request: WindowReleaseRequest): Promise<readonly CellOutcome[]> {
  return (await service.releaseWindow(request)).cells;
}

async function ask(running: TestService, request: WindowReleaseRequest): Promise<string> {
  const [cell] = await outcomesOf(running, request);
  return cell?.status === 'released' ? 'released' : (cell?.reason ?? '');
}

function granted({ ledger }: TestService): number {
  const bodies = [...ledger.entries()].map(({ body }) => JSON.parse(body) as EntryBody);
  return bodies.filter((body) => body.state === 'RESERVED' && body.decision === 'granted').length;
}

function verify({ ledger }: TestService): void {
  verifyLedgerExport(exportLedger(ledger.entries()));
}

describe('two draws of one release:', () => {
  const plan = planOf({ keys: KIDS });
  const options = { plans: [plan], privateKeys: [testPrivateKey(), other] };

  test('by asking under another key, under both, or under both in another order', async () => {
    const running = startService(options);
    const first = requestOf(plan, FIRST_WINDOW);
    const answer = await outcomesOf(running, first);
    for (const keys of [[other], [testPrivateKey(), other], [other, testPrivateKey()]]) {
      expect(await ask(running, requestOf(plan, FIRST_WINDOW, [1n, 0n], keys))).toBe('conflict');
    }
    expect(await outcomesOf(running, first)).toEqual(answer);
    expect(granted(running)).toBe(1);
    verify(running);
  });

  test('by the order of the aggregates, which is no other release', async () => {
    const running = startService(options);
    const request = requestOf(plan, FIRST_WINDOW, [1n, 0n], [testPrivateKey(), other]);
    const [cell] = request.cells;
    const turned = { ...request, cells: [{ ...cell!, aggregates: [...cell!.aggregates].reverse() }] };
    const [both, again] = await Promise.all([outcomesOf(running, request), outcomesOf(running, turned)]);
    expect(again).toEqual(both);
    expect(granted(running)).toBe(1);
  });

  test('by an encryption of 0 added, by another count told, or by a second question at the same time', async () => {
    const running = startService(options);
    const request = requestOf(plan, FIRST_WINDOW);
    const [cell] = request.cells;
    const lied = { ...request, cells: [{ ...cell!, count: 77, digest: new Uint8Array(32) }] };
    const [first, told, others] = await Promise.all([
      outcomesOf(running, request),
      outcomesOf(running, lied),
      outcomesOf(running, requestOf(plan, FIRST_WINDOW)),
    ]);
    expect(told).toEqual(first);
    expect(others).toEqual([{ status: 'refused', reason: 'conflict' }]);
    expect(granted(running)).toBe(1);
  });

  test.each(['before', 'after'] as const)(
    'by a crash %s SEALED, and another aggregate, key or key’s order after the restart',
    async (moment) => {
      const path = join(temporaryFolder(), 'ledger.sqlite');
      const request = requestOf(plan, FIRST_WINDOW);
      const dying = startService({
        ...options,
        path,
        between: (inner) => new CrashingLedger(inner, { moment, state: 'SEALED' }),
      });
      await expect(dying.service.releaseWindow(request)).rejects.toBeInstanceOf(Crash);
      dying.ledger.close();
      const running = startService({ ...options, path });
      for (const keys of [[testPrivateKey()], [other], [testPrivateKey(), other]]) {
        expect(await ask(running, requestOf(plan, FIRST_WINDOW, [50n, 0n], keys))).toBe('conflict');
      }
      expect(await ask(running, request)).toBe('released');
      expect(granted(running)).toBe(1);
      verify(running);
    },
  );
});

describe('a budget spent twice:', () => {
  test('by renaming the plan, or by the next version of it', async () => {
    const plans = [planOf(), planOf({ sequence: 2, keys: KIDS }), planOf({ name: 'renamed' })];
    const running = startService({ plans, privateKeys: [testPrivateKey(), other] });
    const seen: string[] = [];
    for (const plan of plans) seen.push(await ask(running, requestOf(plan, FIRST_WINDOW)));
    expect(seen).toEqual(['released', 'released', 'budget']);
    verify(running);
  });

  test('by renaming a plan whose subjects’ day is reserved', async () => {
    const privacy = { unit: 'user-period', epsilon: '1', bounds: { subject: 'user.id', visits: 3 } } as const;
    const [plan, renamed] = [planOf({ privacy }), planOf({ name: 'renamed', privacy })];
    const running = startService({ plans: [plan, renamed] });
    expect(await ask(running, requestOf(plan, FIRST_WINDOW))).toBe('released');
    expect(await ask(running, requestOf(renamed, FIRST_WINDOW))).toBe('budget');
    expect(await ask(running, requestOf(plan, FIRST_WINDOW + 60))).toBe('released');
    verify(running);
  });

  test('by events and subjects in one domain: side by side they are refused, one after the other they add up', async () => {
    const subjects = planOf({
      name: 'subjects',
      privacy: { unit: 'user-period', epsilon: '2', bounds: { subject: 'user.id', visits: 1 } },
    });
    expect(() => startService({ plans: [planOf(), subjects] })).toThrow(/differ in privacy.unit/);
    const path = join(temporaryFolder(), 'ledger.sqlite');
    const before = startService({ plans: [planOf()], path });
    for (const window of [0, 1]) {
      expect(await ask(before, requestOf(planOf(), FIRST_WINDOW + 60 * window))).toBe('released');
    }
    before.ledger.close();
    const after = startService({ plans: [subjects], path });
    expect(await ask(after, requestOf(subjects, FIRST_WINDOW + 120))).toBe('budget');
    expect(await ask(after, requestOf(subjects, FIRST_WINDOW + 86_400))).toBe('released');
    verify(after);
  });

  test('by a running total beside the windows of the same events: both are paid for, or neither is had', async () => {
    const gaussian = { mechanism: 'discrete-gaussian', delta: '0.000001', epsilon: '1' } as const;
    const total = { ...flag, release: 'total' } as const;
    const windows = planOf({ name: 'windows', privacy: gaussian });
    const totals = planOf({ name: 'totals', privacy: gaussian, measurements: [total] });
    for (const [first, second] of [
      [windows, totals],
      [totals, windows],
    ] as const) {
      const running = startService({ plans: [windows, totals] });
      expect(await ask(running, requestOf(first, FIRST_WINDOW))).toBe('released');
      expect(await ask(running, requestOf(second, FIRST_WINDOW))).toBe('budget');
      verify(running);
    }
  });

  test('by a cell that was refused, asked again after a restart with more budget, or by another aggregate of it', async () => {
    const path = join(temporaryFolder(), 'ledger.sqlite');
    const plan = planOf();
    const poor = startService({ plans: [plan], path, epsilonPerPeriod: '1' });
    expect(await ask(poor, requestOf(plan, FIRST_WINDOW))).toBe('released');
    const refused = requestOf(plan, FIRST_WINDOW + 60);
    expect(await ask(poor, refused)).toBe('budget');
    poor.ledger.close();
    const rich = startService({ plans: [plan], path, epsilonPerPeriod: '2' });
    expect(await ask(rich, refused)).toBe('budget');
    expect(await ask(rich, requestOf(plan, FIRST_WINDOW + 60))).toBe('conflict');
    expect(granted(rich)).toBe(1);
    verify(rich);
  });

  test('at the border of an hour, a day and a week, by windows of two lengths', async () => {
    const limits: PlanPrivacy['period'][] = ['hour', 'day', 'week'];
    for (const period of limits) {
      const short = planOf({ name: 'short', seconds: 60, privacy: { period, epsilon: '1' } });
      const long = planOf({ name: 'long', seconds: 1800, privacy: { period, epsilon: '1' } });
      const running = startService({ plans: [short, long] });
      // Monday 2023-11-20, 00:00 UTC, which begins an hour, a day and a week.
      const border = 1_700_438_400;
      expect(await ask(running, requestOf(long, border - 1800))).toBe('released');
      expect(await ask(running, requestOf(short, border - 60))).toBe('budget');
      expect(await ask(running, requestOf(short, border))).toBe('released');
      expect(await ask(running, requestOf(long, border))).toBe('budget');
      verify(running);
    }
  });

  test('by a clock that is set forward and back around the border of an hour', async () => {
    const plan = planOf({ privacy: { period: 'hour', epsilon: '1' } });
    const path = join(temporaryFolder(), 'ledger.sqlite');
    let now = FIRST_WINDOW + 60;
    const running = startService({ plans: [plan], path, clock: () => 1000 * now });
    expect(await ask(running, requestOf(plan, FIRST_WINDOW))).toBe('released');
    // A window that is not over cannot be had early and again on time.
    expect(await ask(running, requestOf(plan, FIRST_WINDOW + HOUR))).toBe('range');
    now = FIRST_WINDOW + 2 * HOUR;
    const ahead = requestOf(plan, FIRST_WINDOW + HOUR);
    expect(await ask(running, ahead)).toBe('released');
    now = FIRST_WINDOW + 120;
    expect(await ask(running, requestOf(plan, FIRST_WINDOW + 60))).toBe('range');
    now = FIRST_WINDOW + 2 * HOUR;
    expect(await ask(running, requestOf(plan, FIRST_WINDOW + 60))).toBe('budget');
    expect(await ask(running, requestOf(plan, FIRST_WINDOW + HOUR))).toBe('conflict');
    expect(await ask(running, ahead)).toBe('released');
    expect(granted(running)).toBe(2);
    verify(running);
  });

  test('by windows that overlap: shifted, twice as long, or of no length', async () => {
    const plan = planOf();
    const running = startService({ plans: [plan] });
    const request = requestOf(plan, FIRST_WINDOW);
    for (const [start, end] of [
      [30, 90],
      [0, 120],
      [0, 0],
      [60, 0],
    ] as const) {
      const moved = { ...request, windowStart: FIRST_WINDOW + start, windowEnd: FIRST_WINDOW + end };
      expect(await ask(running, moved)).toBe('range');
    }
    expect(granted(running)).toBe(0);
    // What is no time at all is turned away at once, and does not stop the ledger.
    for (const change of [{ windowStart: 0.5 }, { windowEnd: Number.NaN }, { windowStart: -60 }, { report: 0.5 }]) {
      await expect(running.service.releaseWindow({ ...request, ...change })).rejects.toMatchObject({
        code: 'invalid_argument',
      });
    }
    expect(await ask(running, request)).toBe('released');
  });
});

describe('a decision that depends on data:', () => {
  test('whatever is encrypted, the same cells are released, suppressed and refused, with the same budget', async () => {
    const plan = planOf({ measurements: [flag, { ...flag, name: 'second', attribute: 'second' }] });
    const run = async (counts: readonly bigint[]): Promise<unknown> => {
      const running = startService({ plans: [plan] });
      const seen: unknown[] = [];
      for (const window of [0, 1]) {
        const { cells, budget } = await running.service.releaseWindow(
          requestOf(plan, FIRST_WINDOW + 60 * window, counts),
        );
        seen.push(
          cells.map(({ status }) => status),
          budget,
        );
      }
      seen.push(running.log.map((line) => Object.keys(JSON.parse(line) as object).join()));
      return seen;
    };
    const zero = await run([0n, 0n]);
    for (const counts of [
      [1n, 0n],
      [-5n, 3n],
      [1n << 45n, -(1n << 45n)],
    ]) {
      expect(await run(counts)).toEqual(zero);
    }
  });
});
