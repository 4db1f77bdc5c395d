/** The key holder dies at every step of a release: what a receiver sees, asking again after the restart. */
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { openLedger } from '../../src/keyholder/ledger.js';
import { formatRational, parseRational } from '../../src/math/rational.js';
import type { CellOutcome } from '../../src/wire/release.js';
import { Crash, CRASH_POINTS, CrashingLedger, type CrashPoint } from '../support/crashing-ledger.js';
import { spentEpsilon } from '../support/ledger.js';
import { testPlan } from '../support/plans.js';
import { startService } from '../support/release-service.js';
import { aggregateOf, cellOf, FIRST_WINDOW, planWith, requestFor } from '../support/releases.js';
import { temporaryFolder } from '../support/temporary-folder.js';

const plan = testPlan();

describe.each(CRASH_POINTS)('a crash $moment $state', (point) => {
  /** Asks once, dies at the point, closes the ledger as the operating system would. */
  async function crashed(cells = [cellOf([aggregateOf([30n, 40n])])]) {
    const request = requestFor(plan, 0, cells);
    const { service, ledger, path } = startService({ between: (inner) => new CrashingLedger(inner, point) });
    await expect(service.releaseWindow(request)).rejects.toBeInstanceOf(Crash);
    ledger.close();
    return { path, request };
  }

  const debited = point.state !== 'RESERVED' || point.moment === 'after';
  const sealed = point.state === 'PUBLISHED' || (point.state === 'SEALED' && point.moment === 'after');

  test('leaves a ledger that verifies, debited exactly where the reservation is on disk', async () => {
    const { path } = await crashed();
    const ledger = openLedger(path);
    expect(spentEpsilon(ledger, 'shop', 'day', FIRST_WINDOW)).toBe(debited ? '1' : '0');
    ledger.close();
  });

  test('is followed by one answer for ever, under one debit', async () => {
    const { path, request } = await crashed();
    const { service, ledger } = startService({ path });
    const stored = [...ledger.entries()].find(({ body }) => body.includes('"SEALED"'))?.body;
    expect(stored !== undefined).toBe(sealed);
    const answer = await service.releaseWindow(request);
    const [cell] = answer.cells;
    expect(cell?.status).toBe('released');
    if (sealed && cell?.status === 'released') expect(stored).toContain(JSON.stringify(cell.values.map(String)));
    expect(await service.releaseWindow(request)).toEqual(answer);
    expect(answer.budget.consumed).toBe('1');
    expect(ledger.head.sequence).toBe(3);
  });

  test('does not let another aggregate in under the debit', async () => {
    const { path, request } = await crashed();
    const { service } = startService({ path });
    const other = requestFor(plan, 0, [cellOf([aggregateOf([31n, 40n])])]);
    const [cell] = (await service.releaseWindow(other)).cells;
    expect(cell).toMatchObject(debited ? { status: 'refused', reason: 'conflict' } : { status: 'released' });
    if (!debited) return;
    // And the conflicting aggregate was not opened in the place of the reserved one.
    const both = await service.releaseWindow({ ...request, cells: [...other.cells, ...request.cells] });
    expect(both.cells.map(({ status }) => status)).toEqual(['refused', 'released']);
    expect((await service.releaseWindow(request)).cells[0]).toEqual(both.cells[1]);
  });

  test('of a window with several cells, some beyond the budget, keeps every decision', async () => {
    const tight = planWith({ epsilon: '1', budget: '2' });
    const cells = [0, 1, 2].map((label) => cellOf([aggregateOf([1n, 1n])], { labels: [label] }));
    const request = requestFor(tight, 0, cells);
    const first = startService({ plans: [tight], between: (inner) => new CrashingLedger(inner, point) });
    await expect(first.service.releaseWindow(request)).rejects.toBeInstanceOf(Crash);
    first.ledger.close();
    const second = startService({ plans: [tight], path: first.path });
    const { cells: outcomes } = await second.service.releaseWindow(request);
    expect(outcomes.map(({ status }) => status)).toEqual(['released', 'released', 'suppressed']);
  });
});

test('without a crash the same request is answered at once', async () => {
  const { service } = startService();
  const { cells } = await service.releaseWindow(requestFor(plan, 0, [cellOf([aggregateOf([30n, 40n])])]));
  expect(cells[0]?.status).toBe('released');
});

/** One step of a random history. */
interface Step {
  readonly window: number;
  /** Which of two aggregates of that window is asked for. */
  readonly variant: 0 | 1;
  readonly crash: CrashPoint | undefined;
}

const step: fc.Arbitrary<Step> = fc.record({
  window: fc.nat({ max: 4 }),
  variant: fc.constantFrom(0 as const, 1 as const),
  crash: fc.option(fc.constantFrom(...CRASH_POINTS), { nil: undefined, freq: 2 }),
});

/** What must be true, in a few lines: one aggregate and one outcome per window, one debit, never over the limit. */
class Reference {
  readonly #claimed = new Map<number, { variant: number; granted: boolean; outcome: CellOutcome | undefined }>();

  get debits(): number {
    return [...this.#claimed.values()].filter(({ granted }) => granted).length;
  }

  asked({ window, variant, crash }: Step, outcome: CellOutcome | undefined): void {
    const claim = this.#claimed.get(window);
    if (claim !== undefined && claim.variant !== variant) {
      expect(outcome).toEqual({ status: 'refused', reason: 'conflict' });
      return;
    }
    const lost =
      claim === undefined && outcome === undefined && crash?.state === 'RESERVED' && crash.moment === 'before';
    if (lost) return;
    const granted = claim?.granted ?? this.debits < 3;
    if (outcome !== undefined) expect(outcome.status).toBe(granted ? 'released' : 'suppressed');
    if (claim?.outcome !== undefined && outcome !== undefined) expect(outcome).toEqual(claim.outcome);
    this.#claimed.set(window, { variant, granted, outcome: claim?.outcome ?? outcome });
  }
}

test('random histories of requests, conflicts, crashes and restarts obey the reference', async () => {
  const limited = planWith({ epsilon: '0.1', budget: '0.3' });
  const requests = [0, 1, 2, 3, 4].map((window) =>
    [7n, 8n].map((count) => requestFor(limited, window, [cellOf([aggregateOf([count, 1n])])])),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 12 }), async (steps) => {
      const path = join(temporaryFolder(), 'ledger.sqlite');
      const reference = new Reference();
      for (const each of steps) {
        const { crash } = each;
        const between = crash && {
          between: (inner: ReturnType<typeof openLedger>) => new CrashingLedger(inner, crash),
        };
        const { service, ledger } = startService({ plans: [limited], path, ...between });
        const answer = await service.releaseWindow(requests[each.window]![each.variant]!).catch((error: unknown) => {
          if (!(error instanceof Crash)) throw error;
        });
        reference.asked(each, answer?.cells[0]);
        await service.stop();
        ledger.close();
        const debits = parseRational(`0.${String(reference.debits)}`);
        const onDisk = openLedger(path);
        expect(spentEpsilon(onDisk, 'shop', 'day', FIRST_WINDOW)).toBe(formatRational(debits));
        onDisk.close();
      }
    }),
    { numRuns: 40 },
  );
});
