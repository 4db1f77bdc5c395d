/**
 * Random histories of a key holder with four budgets: calendar periods, sliding spans, rho, and subjects' periods. The
 * process dies at any write, the same windows are asked for again from other aggregates, and the ledger's file is
 * copied back from an earlier day. A reference of a few lines says what may have been seen outside, whatever happened.
 */
import { copyFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { AnchorGuard } from '../../src/keyholder/anchor-guard.js';
import { FileAnchor } from '../../src/keyholder/file-anchor.js';
import type { EntryBody } from '../../src/keyholder/ledger-entry.js';
import { exportLedger, verifyLedgerExport } from '../../src/keyholder/ledger-export.js';
import { openLedger } from '../../src/keyholder/ledger.js';
import type { CompiledPlan } from '../../src/plan/compile.js';
import type { PlanPrivacy } from '../../src/plan/plan.js';
import { createLogger } from '../../src/service/logger.js';
import type { CellOutcome, WindowReleaseRequest } from '../../src/wire/release.js';
import { Crash, CRASH_POINTS, CrashingLedger, type CrashPoint } from '../support/crashing-ledger.js';
import { planOf } from '../support/plans.js';
import { startService } from '../support/release-service.js';
import { aggregateOf, cellOf, FIRST_WINDOW } from '../support/releases.js';
import { temporaryFolder } from '../support/temporary-folder.js';

/** Six windows an hour. */
const SECONDS = 600;
const PER_PERIOD = 6;
const WINDOWS = 24;

function planIn(domain: string, epsilon: string, privacy: Partial<PlanPrivacy>): CompiledPlan {
  const measurement = { name: 'ok', attribute: 'ok', kind: 'flag', epsilon } as const;
  return planOf(
    [measurement],
    {},
    {
      name: domain,
      window: { seconds: SECONDS, graceSeconds: 30, lagSeconds: 0 },
      privacy: { domain, unit: 'event', period: 'hour', epsilon: '1', noise: 'both', ...privacy },
    },
  );
}

const DOMAINS = ['calendar', 'sliding', 'concentrated', 'subjects'] as const;
type Domain = (typeof DOMAINS)[number];

const PLANS: Readonly<Record<Domain, CompiledPlan>> = {
  calendar: planIn('calendar', '0.3', {}),
  sliding: planIn('sliding', '0.4', { sliding: true }),
  concentrated: planIn('concentrated', '0.25', { mechanism: 'discrete-gaussian', delta: '0.000001' }),
  subjects: planIn('subjects', '1', { unit: 'user-period', bounds: { subject: 'user.id', visits: 2 } }),
};

/** Whether these windows of a domain, and one more, keep its budget: three an hour, two in any hour, four, all. */
function keepsBudget(domain: Domain, windows: readonly number[]): boolean {
  const most = { calendar: 3, sliding: 2, concentrated: 4, subjects: Infinity }[domain];
  const starts = Array.from({ length: WINDOWS + PER_PERIOD }, (_, index) => index - PER_PERIOD);
  const spans = domain === 'sliding' ? starts : starts.filter((start) => start % PER_PERIOD === 0);
  return spans.every((start) => windows.filter((each) => each >= start && each < start + PER_PERIOD).length <= most);
}

interface Step {
  readonly domain: Domain;
  /** Counted from the newest window that was asked for. */
  readonly offset: number;
  /** Which of two aggregates of that window is asked for. */
  readonly variant: 0 | 1;
  readonly crash: CrashPoint | undefined;
  /** The file is copied back first, from as many steps ago. */
  readonly rollBack: number | undefined;
}

type Asked = Pick<Step, 'domain' | 'variant' | 'crash'> & { readonly window: number };

class Reference {
  /** What was decided about a cell, as far as it is on disk; forgotten with a rollback. */
  readonly #claims = new Map<string, { variant: number; isGranted: boolean }>();
  /** What has left the process, ever. */
  readonly #seen = new Map<string, CellOutcome>();
  #isExact = true;

  rolledBack(): void {
    this.#isExact = false;
  }

  /** Windows of which values were seen outside. */
  released(domain: Domain): number[] {
    return [...this.#seen]
      .filter(([key, { status }]) => key.startsWith(domain) && status === 'released')
      .map(([key]) => Number(key.split(' ')[1]));
  }

  asked({ domain, window, variant, crash }: Asked, outcome: CellOutcome | undefined): void {
    const key = `${domain} ${String(window)}`;
    const before = this.#seen.get(key);
    if (outcome?.status === 'released') {
      // One noised value for ever, and only from the aggregate it was drawn for.
      if (before?.status === 'released') expect(outcome).toEqual(before);
      this.#seen.set(key, outcome);
      expect(keepsBudget(domain, this.released(domain))).toBe(true);
    }
    if (this.#isExact) this.#compare({ key, domain, window, variant, crash }, outcome);
  }

  #compare(
    { key, domain, window, variant, crash }: Asked & { readonly key: string },
    outcome: CellOutcome | undefined,
  ): void {
    const claim = this.#claims.get(key);
    if (claim !== undefined && claim.variant !== variant) {
      expect(outcome).toEqual({ status: 'refused', reason: 'conflict' });
      return;
    }
    const isLost =
      claim === undefined && outcome === undefined && crash?.state === 'RESERVED' && crash.moment === 'before';
    if (isLost) return;
    const others = [...this.#claims]
      .filter(([other, { isGranted }]) => other.startsWith(domain) && isGranted)
      .map(([other]) => Number(other.split(' ')[1]));
    const isGranted = claim?.isGranted ?? keepsBudget(domain, [...others, window]);
    if (outcome !== undefined) expect(outcome.status).toBe(isGranted ? 'released' : 'suppressed');
    this.#claims.set(key, { variant, isGranted });
  }
}

/** A key holder's life over one file, with an anchor elsewhere. */
class History {
  readonly #path = join(temporaryFolder(), 'ledger.sqlite');
  readonly #anchor = join(temporaryFolder(), 'anchor.json');
  readonly #copies: string[] = [];
  readonly #reference = new Reference();
  #newest = 0;

  async take(step: Step): Promise<void> {
    if (step.rollBack !== undefined) this.#rollBack(step.rollBack);
    const window = Math.min(Math.max(0, this.#newest + step.offset), WINDOWS - 1);
    this.#newest = Math.max(this.#newest, window);
    const asked = { ...step, window };
    this.#reference.asked(asked, await this.#ask(asked));
    this.#copies.push(`${this.#path}.${String(this.#copies.length)}`);
    copyFileSync(this.#path, this.#copies.at(-1)!);
  }

  verify(): void {
    const ledger = openLedger(this.#path);
    const entries = [...ledger.entries()];
    ledger.close();
    verifyLedgerExport(exportLedger(entries));
    // One reservation a period pays for subjects, whatever was lost: a second would let them contribute twice.
    const bodies = entries.map(({ body }) => JSON.parse(body) as EntryBody);
    const granted = bodies.filter((body) => body.state === 'RESERVED_PERIOD' && body.decision === 'granted');
    const starts = granted.map((body) => (body.state === 'RESERVED_PERIOD' ? body.periodStart : 0));
    expect(new Set(starts).size).toBe(starts.length);
  }

  #rollBack(steps: number): void {
    const copy = this.#copies.at(-1 - steps);
    if (copy === undefined) return;
    this.#reference.rolledBack();
    rmSync(this.#path);
    copyFileSync(copy, this.#path);
  }

  async #ask({ domain, window, variant, crash }: Asked): Promise<CellOutcome | undefined> {
    let guard: AnchorGuard | undefined = undefined as AnchorGuard | undefined;
    // The newest window has just ended.
    const clock = (): number => 1000 * (FIRST_WINDOW + SECONDS * (this.#newest + 1));
    const { service, ledger } = startService({
      plans: Object.values(PLANS),
      domains: DOMAINS,
      path: this.#path,
      clock,
      snapshotEvery: 7,
      onDurable: () => guard?.keep(),
      ...(crash && { between: (inner) => new CrashingLedger(inner, crash) }),
    });
    guard = new AnchorGuard({
      source: new FileAnchor(this.#anchor),
      ledger,
      clock,
      logger: createLogger('keyholder', 'silent'),
      exclusively: (action) => service.exclusively(action),
    });
    await guard.start();
    const answer = await service.releaseWindow(requestOf(domain, window, variant)).catch((error: unknown) => {
      if (!(error instanceof Crash)) throw error;
      return undefined;
    });
    await guard.stop();
    await service.stop();
    ledger.close();
    return answer?.cells[0];
  }
}

const requests = new Map<string, WindowReleaseRequest>();

/** The same bytes every time. */
function requestOf(domain: Domain, window: number, variant: number): WindowReleaseRequest {
  const key = [domain, window, variant].join(' ');
  const plan = PLANS[domain];
  const windowStart = FIRST_WINDOW + SECONDS * window;
  const request = requests.get(key) ?? {
    planHash: plan.hash,
    report: 0,
    windowStart,
    windowEnd: windowStart + SECONDS,
    cells: [cellOf([aggregateOf([BigInt(variant), 1n])], { labels: [] })],
  };
  requests.set(key, request);
  return request;
}

interface Shape {
  readonly domains: readonly Domain[];
  /** How far back windows are asked for. */
  readonly back: number;
  /** One in so many steps asks from the other aggregate, and begins with a rollback. */
  readonly variantFreq: number;
  readonly rollBackFreq: number | undefined;
}

function stepsOf({ domains, back, variantFreq, rollBackFreq }: Shape): fc.Arbitrary<Step[]> {
  const rollBack = fc.option(fc.nat({ max: 6 }), { nil: undefined, freq: rollBackFreq ?? 1 });
  const step = fc.record({
    domain: fc.constantFrom(...domains),
    offset: fc.oneof({ weight: 2, arbitrary: fc.constant(1) }, fc.integer({ min: -back, max: 0 })),
    variant: fc.oneof({ weight: variantFreq - 1, arbitrary: fc.constant(0 as const) }, fc.constant(1 as const)),
    crash: fc.option(fc.constantFrom(...CRASH_POINTS), { nil: undefined, freq: 3 }),
    rollBack: rollBackFreq === undefined ? fc.constant(undefined) : rollBack,
  });
  return fc.array(step, { minLength: 1, maxLength: 30, size: 'max' });
}

async function live(steps: readonly Step[]): Promise<void> {
  const history = new History();
  for (const step of steps) await history.take(step);
  history.verify();
}

test('requests, conflicts, crashes and restarts are decided as the reference decides', async () => {
  const steps = stepsOf({ domains: DOMAINS, back: 6, variantFreq: 2, rollBackFreq: undefined });
  await fc.assert(fc.asyncProperty(steps, live), { numRuns: 30 });
});

/** Few windows, so that many are asked for again after they were forgotten. */
test.each(DOMAINS)('with rollbacks nothing of %s is seen twice, nor more than its budget', async (domain) => {
  const steps = stepsOf({ domains: [domain], back: 2, variantFreq: 6, rollBackFreq: 4 });
  await fc.assert(fc.asyncProperty(steps, live), { numRuns: 40 });
});
