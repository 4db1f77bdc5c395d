import { join } from 'node:path';
import { diag, DiagLogLevel } from '@opentelemetry/api';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ContributionDatabase } from '../../processor/contribution-database.node.js';
import { createContributionFile } from '../../processor/contribution-file-opening.node.js';
import type {
  BudgetPeriod,
  ContributionStore,
  CounterRequest,
  OpenedPeriod,
} from '../../processor/contribution-store.js';
import type { ClassifiedSpan } from '../../processor/contribution.js';
import { StoreGate } from '../../processor/store-gate.js';
import type { VisitOutcome } from '../../processor/visit.js';
import { classifyValue } from '../../src/plan/classify.js';
import { TelemetryKitError } from '../../src/errors.js';
import type { CompiledPlan } from '../../src/plan/compile.js';
import { systemRandom } from '../../src/random.js';
import { personalPlan } from '../support/personal-plan.js';
import { DatabaseStore } from '../support/contribution-stores.js';
import { DAY, NEW_YEAR } from '../support/contribution-store-contract.js';
import { temporaryFolder } from '../support/temporary-folder.js';

const NOON = NEW_YEAR + DAY / 2;
const WINDOW = 60;

/** A span of `plan` that was successful, which a span of nothing is not. */
function spanOf(plan: CompiledPlan, windowStart = NOON): ClassifiedSpan {
  const [report] = plan.reports;
  const values = report!.measurements.map((measurement, index) =>
    classifyValue(measurement, index === 0 ? [true] : ['team-monthly']),
  );
  return { report: report!, windowStart, labels: [0], values };
}

const hasValues = ({ values }: ClassifiedSpan): boolean => values.every(({ outcome }) => outcome === 'measured');
const hasNone = ({ values }: ClassifiedSpan): boolean =>
  values.every(({ outcome, increments }) => outcome === 'absent' && increments.every((each) => each === 0n));

interface Passed {
  readonly subject: unknown;
  readonly windowStart: number;
  readonly counts: boolean;
}

/** One process: a gate and what has gone through it. */
class Process {
  readonly passed: Passed[] = [];
  readonly outcomes: VisitOutcome[] = [];
  readonly #plan: CompiledPlan;
  readonly #gate: StoreGate;

  constructor(
    plan: CompiledPlan,
    store: ContributionStore,
    { queueLimit = 1000, answerMillis = 60_000, counterLimit = 1000 } = {},
  ) {
    this.#plan = plan;
    this.#gate = new StoreGate(
      {
        plan: plan.plan,
        bounds: plan.plan.privacy.bounds!,
        clock: () => NOON * 1000,
        store,
        queueLimit,
        counterLimit,
        paceMillis: 0,
        answerMillis,
      },
      (outcome) => this.outcomes.push(outcome),
    );
  }

  visit(subject: unknown, windowStart = NOON): void {
    this.#gate.submit(spanOf(this.#plan, windowStart), subject, (span) => {
      expect(hasValues(span)).not.toBe(hasNone(span));
      this.passed.push({ subject, windowStart, counts: hasValues(span) });
    });
  }

  drain(millis = 60_000): Promise<void> {
    return this.#gate.drain(millis);
  }

  get counted(): boolean[] {
    return this.passed.map(({ counts }) => counts);
  }
}

/** A file of its own, opened in this thread. */
class OneFile {
  readonly #path = join(temporaryFolder(), 'contributions');
  #database: ContributionDatabase;

  constructor() {
    createContributionFile(this.#path);
    this.#database = new ContributionDatabase(this.#path, NOON * 1000, systemRandom);
  }

  get store(): ContributionStore {
    return new DatabaseStore(this.#database);
  }

  /** What a process that starts now finds. */
  reopen(): void {
    this.close();
    this.#database = new ContributionDatabase(this.#path, NOON * 1000, systemRandom);
  }

  close(): void {
    this.#database.close();
  }
}

/** In front of a real store: under the test's control when and whether it answers. */
class ControlledStore implements ContributionStore {
  readonly #store: ContributionStore;
  failure: Error | undefined;
  calls = 0;
  requests: CounterRequest[] = [];
  #gate: Promise<void> = Promise.resolve();
  #open: () => void = () => undefined;

  constructor(store: ContributionStore) {
    this.#store = store;
  }

  hold(): void {
    this.#gate = new Promise((resolve) => (this.#open = resolve));
  }

  release(): void {
    this.#open();
  }

  async openPeriod(period: BudgetPeriod): Promise<OpenedPeriod> {
    await this.#answer();
    return this.#store.openPeriod(period);
  }

  async reserve(period: BudgetPeriod, requests: readonly CounterRequest[]): Promise<readonly number[]> {
    await this.#answer();
    this.requests.push(...requests);
    return this.#store.reserve(period, requests);
  }

  async #answer(): Promise<void> {
    this.calls += 1;
    await this.#gate;
    if (this.failure !== undefined) throw this.failure;
  }
}

let file: OneFile;
let store: ControlledStore;
let warnings: string[];

beforeEach(() => {
  file = new OneFile();
  store = new ControlledStore(file.store);
  warnings = [];
  const noop = (): void => undefined;
  const logger = { error: noop, info: noop, debug: noop, verbose: noop, warn: (text: string) => warnings.push(text) };
  diag.setLogger(logger, { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true });
});

afterEach(() => {
  diag.disable();
  file.close();
});

describe('counting in a store', () => {
  it('lets spans go on in their order, each once, with what their subjects may contribute', async () => {
    const process = new Process(personalPlan({ visits: 2 }), store);
    for (const subject of ['alice', 'bob', 'alice', undefined, 'alice', 'bob', 'alice']) process.visit(subject);
    expect(process.passed).toEqual([]);
    await process.drain();
    expect(process.passed.map(({ subject }) => subject)).toEqual([
      'alice',
      'bob',
      'alice',
      undefined,
      'alice',
      'bob',
      'alice',
    ]);
    expect(process.counted).toEqual([true, true, true, false, false, true, false]);
    expect(process.outcomes).toEqual([
      'admitted',
      'admitted',
      'admitted',
      'no_subject',
      'exceeded',
      'admitted',
      'exceeded',
    ]);
  });

  it('lets a span that needs nothing from the store wait like the others', async () => {
    store.hold();
    const process = new Process(personalPlan({ visits: 1 }), store);
    process.visit('alice');
    process.visit(undefined);
    await new Promise((resolve) => setTimeout(resolve, 5));
    expect(process.passed).toEqual([]);
    store.release();
    await process.drain();
    expect(process.counted).toEqual([true, false]);
  });

  it('goes on counting after a restart, and does not ask for who is used up', async () => {
    const plan = personalPlan({ visits: 2 });
    const first = new Process(plan, store);
    first.visit('alice');
    await first.drain();
    file.reopen();
    store = new ControlledStore(file.store);
    const second = new Process(plan, store);
    for (let index = 0; index < 20; index += 1) {
      second.visit('alice');
      await second.drain();
    }
    expect(second.counted.filter(Boolean)).toHaveLength(1);
    // The period, one that was granted, one that was not.
    expect(store.calls).toBe(3);
  });

  it('asks for many visits of a subject in blocks of an eighth of its bound', async () => {
    const process = new Process(personalPlan({ visits: 80 }), store);
    for (let index = 0; index < 100; index += 1) {
      process.visit('alice');
      await process.drain();
    }
    expect(process.counted.filter(Boolean)).toHaveLength(80);
    expect(store.requests.map(({ amount }) => amount)).toEqual(new Array(9).fill(10));
    expect(store.requests.every(({ counter }) => /^[\w-]{22}$/.test(counter))).toBe(true);
  });

  it('takes a late answer for the visits that come after it', async () => {
    const process = new Process(personalPlan({ visits: 1 }), store, { answerMillis: 5 });
    const outcomeOf = async (subject: string): Promise<VisitOutcome | undefined> => {
      process.visit(subject);
      await process.drain();
      return process.outcomes.at(-1);
    };
    while ((await outcomeOf('bob')) !== 'exceeded');
    const calls = store.calls;
    store.hold();
    expect(await outcomeOf('alice')).toBe('not_reserved');
    expect(await outcomeOf('alice')).toBe('not_reserved');
    expect(store.calls).toBe(calls + 1);
    store.release();
    let outcome = await outcomeOf('alice');
    while (outcome === 'not_reserved') outcome = await outcomeOf('alice');
    expect(outcome).toBe('admitted');
    expect(await outcomeOf('alice')).toBe('exceeded');
    expect(store.requests.filter(({ amount }) => amount !== 1)).toEqual([]);
  });

  it('counts as absent what cannot be reserved, says so once, and recovers', async () => {
    const process = new Process(personalPlan({ visits: 2 }), store);
    store.failure = new TelemetryKitError('storage', 'cannot write it (SQLITE_FULL)', { fix: 'make room' });
    for (let index = 0; index < 3; index += 1) {
      process.visit('alice');
      await process.drain();
    }
    expect(process.outcomes).toEqual(['not_reserved', 'not_reserved', 'not_reserved']);
    expect(warnings).toEqual([expect.stringContaining('cannot write it (SQLITE_FULL); make room')]);
    store.failure = undefined;
    process.visit('alice');
    await process.drain();
    expect(process.outcomes.at(-1)).toBe('admitted');
    store.failure = new Error('alice');
    process.visit('bob');
    await process.drain();
    expect(warnings).toHaveLength(2);
    expect(warnings[1]).toContain('[Error]');
    expect(warnings[1]).not.toContain('alice');
  });

  it('warns where counts may be lost, and counts nobody in that period', async () => {
    const lost: ContributionStore = {
      openPeriod: () => Promise.resolve({ silent: 'lost' }),
      reserve: () => Promise.reject(new Error('not open')),
    };
    const process = new Process(personalPlan(), lost);
    for (let index = 0; index < 3; index += 1) {
      process.visit('alice');
      await process.drain();
    }
    expect(process.outcomes).toEqual(['not_reserved', 'not_reserved', 'not_reserved']);
    expect(warnings).toEqual([expect.stringContaining('absent until 2025-01-02T00:00:00.000Z')]);
  });

  it.each([
    ['more than was asked', (amount: number) => amount + 100],
    ['less than nothing', () => -5],
    ['no number', () => NaN],
    ['half a visit', () => 0.5],
  ])('believes no store that grants %s', async (_, answer) => {
    const process = new Process(personalPlan({ visits: 2 }), {
      openPeriod: () => Promise.resolve({ key: new Uint8Array(32) }),
      reserve: (_period, requests) => Promise.resolve(requests.map(({ amount }) => answer(amount))),
    });
    for (let index = 0; index < 2; index += 1) process.visit('alice');
    await process.drain();
    expect(process.counted).toEqual(answer(1) > 1 ? [true, true] : [false, false]);
  });

  it('lets the oldest go on without values where more spans wait than may', async () => {
    store.hold();
    const process = new Process(personalPlan({ visits: 9 }), store, { queueLimit: 3 });
    for (let index = 0; index < 5; index += 1) process.visit(`subject ${String(index)}`);
    expect(process.passed.map(({ subject, counts }) => [subject, counts])).toEqual([
      ['subject 0', false],
      ['subject 1', false],
    ]);
    store.release();
    await process.drain();
    expect(process.passed.map(({ subject }) => subject)).toEqual(
      [0, 1, 2, 3, 4].map((index) => `subject ${String(index)}`),
    );
  });

  it('waits in a drain no longer than it may', async () => {
    store.hold();
    const process = new Process(personalPlan(), store);
    process.visit('alice');
    await process.drain(1);
    expect(process.outcomes).toEqual(['not_reserved']);
    store.release();
  });

  it('keeps no more counters than it may', async () => {
    const process = new Process(personalPlan({ visits: 1 }), store, { counterLimit: 2 });
    for (const subject of ['alice', 'bob', 'carol', 'alice', 'dave']) process.visit(subject);
    await process.drain();
    expect(process.outcomes).toEqual(['admitted', 'admitted', 'too_many_subjects', 'exceeded', 'too_many_subjects']);
    process.visit('erin');
    process.visit('alice');
    await process.drain();
    expect(process.outcomes.slice(5)).toEqual(['too_many_subjects', 'exceeded']);
  });

  it('never counts more than the bounds, over every history of spans, restarts, failures and processes', async () => {
    const subject = fc.constantFrom('alice', 'alice', 'bob');
    const windowStart = fc
      .integer({ min: -1, max: 1 })
      .chain((day) => fc.integer({ min: 0, max: 2 }).map((window) => NEW_YEAR + day * DAY + (window + 1439) * WINDOW));
    const step = fc.oneof(
      {
        weight: 12,
        arbitrary: fc.record({
          do: fc.constant('visit' as const),
          process: fc.nat(1),
          subject,
          windowStart,
          times: fc.integer({ min: 1, max: 6 }),
        }),
      },
      { weight: 4, arbitrary: fc.record({ do: fc.constant('drain' as const), process: fc.nat(1) }) },
      {
        weight: 2,
        arbitrary: fc.record({ do: fc.constant('fail' as const), process: fc.nat(1), fails: fc.boolean() }),
      },
      { weight: 1, arbitrary: fc.record({ do: fc.constant('restart' as const), process: fc.nat(1) }) },
      { weight: 1, arbitrary: fc.record({ do: fc.constant('reopen' as const) }) },
    );
    const bounds = fc
      .record({ visits: fc.integer({ min: 1, max: 20 }), visitsPerWindow: fc.integer({ min: 1, max: 12 }) })
      .map(({ visits, visitsPerWindow }) => ({ visits, visitsPerWindow: Math.min(visits, visitsPerWindow) }));
    await fc.assert(
      fc.asyncProperty(bounds, fc.array(step, { maxLength: 60, size: 'max' }), async (declared, steps) => {
        const plan = personalPlan(declared);
        const own = new OneFile();
        const stores: ControlledStore[] = [];
        const everyone: Process[] = [];
        const start = (): Process => {
          const controlled = new ControlledStore(own.store);
          const started = new Process(plan, controlled);
          stores.push(controlled);
          everyone.push(started);
          return started;
        };
        const running = [start(), start()];
        let isUndisturbed = true;
        for (const each of steps) {
          if (each.do === 'visit') {
            for (let time = 0; time < each.times; time += 1) {
              running[each.process]!.visit(each.subject, each.windowStart);
            }
          } else if (each.do === 'drain') await running[each.process]!.drain();
          else isUndisturbed = false;
          if (each.do === 'restart') running[each.process] = start();
          if (each.do === 'fail') {
            stores[everyone.indexOf(running[each.process]!)]!.failure = each.fails ? new Error('full') : undefined;
          }
          if (each.do === 'reopen') {
            // Whoever ran until then is gone, with what it had not answered for.
            own.reopen();
            running.splice(0, 2, start(), start());
          }
        }
        for (const each of everyone) await each.drain();
        own.close();
        const visits = new Map<string, number>();
        for (const { subject: name, windowStart: at, counts } of everyone.flatMap(({ passed }) => passed)) {
          const day = Math.floor(at / DAY);
          for (const key of [`${String(name)} ${String(day)}`, `${String(name)} at ${String(at)}`]) {
            visits.set(key, (visits.get(key) ?? 0) + (counts ? 1 : 0));
          }
        }
        for (const [key, count] of visits) {
          expect(count).toBeLessThanOrEqual(key.includes(' at ') ? declared.visitsPerWindow : declared.visits);
        }
        // Of a third day nothing waits any more for the first.
        const days = new Set(
          everyone.flatMap(({ passed }) => passed.map((each) => Math.floor(each.windowStart / DAY))),
        );
        if (isUndisturbed && days.size < 3)
          expect(everyone.every(({ outcomes }) => !outcomes.includes('not_reserved'))).toBe(true);
      }),
      { numRuns: 60 },
    );
  });
});
