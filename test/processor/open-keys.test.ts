/** Keys of an open label in the processor: what stands in clear in an envelope, and whose count is sealed with it. */
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it, onTestFinished } from 'vitest';
import { ContributionBounds } from '../../processor/contribution-bounds.js';
import { ContributionDatabase } from '../../processor/contribution-database.node.js';
import { createContributionFile } from '../../processor/contribution-file-opening.node.js';
import { MemoryGate, type ContributionGate } from '../../processor/contribution-gate.js';
import { ContributionMemory } from '../../processor/contribution-memory.js';
import type {
  BudgetPeriod,
  ContributionStore,
  CounterRequest,
  OpenedPeriod,
} from '../../processor/contribution-store.js';
import { perSpanContribution, type ClassifiedSpan } from '../../processor/contribution.js';
import { StoreGate } from '../../processor/store-gate.js';
import { bytesToBigInt } from '../../src/bytes.js';
import { decodeSlots } from '../../src/paillier/slots.js';
import { classifyValue } from '../../src/plan/classify.js';
import type { CompiledPlan } from '../../src/plan/compile.js';
import { OTHER_KEY } from '../../src/plan/labels.js';
import { systemRandom } from '../../src/random.js';
import { DatabaseStore } from '../support/contribution-stores.js';
import { testPrivateKey } from '../support/keys.js';
import { openPlan } from '../support/open-plans.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { envelopeOf, openEnvelope, publicKey, readyKit, type Kit } from './harness.js';

const HOUR = 3600;
const NOON = 1_735_732_800;
const VISITS = 6;

function planOf(keysPerSubject: number, sequence = 1): CompiledPlan {
  return openPlan({ label: { keysPerSubject }, plan: { sequence } });
}

/** One span as it is sealed. */
interface Sealed {
  readonly subject: unknown;
  readonly key: unknown;
  readonly unit: number;
  readonly counts: boolean;
}

/** A process: spans in, what would be sealed of them out. */
class Process {
  readonly sealed: Sealed[] = [];
  readonly #plan: CompiledPlan;
  readonly #gate: ContributionGate;

  constructor(plan: CompiledPlan, store?: ContributionStore, memory = new ContributionMemory(), answerMillis = 60_000) {
    this.#plan = plan;
    const bounds = plan.plan.privacy.bounds!;
    const settings = { plan: plan.plan, bounds, clock: () => NOON * 1000, counterLimit: 1000 };
    this.#gate =
      store === undefined
        ? new MemoryGate(new ContributionBounds(settings, memory), () => undefined)
        : new StoreGate({ ...settings, store, queueLimit: 1000, paceMillis: 0, answerMillis }, () => undefined);
  }

  visit(subject: unknown, key: string, windowStart = NOON): void {
    const [report] = this.#plan.reports;
    const values = report!.measurements.map((measurement) => classifyValue(measurement, [true]));
    const span: ClassifiedSpan = { report: report!, windowStart, labels: [key], values };
    this.#gate.submit(span, subject, (gated) => {
      const { labels, members } = perSpanContribution(gated);
      expect(members).toHaveLength(2);
      this.sealed.push({ subject, key: labels[0], unit: members[1]![0]!, counts: members[0]![0]! !== 0 });
    });
  }

  drain(): Promise<void> {
    return this.#gate.drain(60_000);
  }

  get seen(): string[] {
    return this.sealed.map(({ key, unit, counts }) => `${String(key)} ${String(unit)}${counts ? '' : ' nothing'}`);
  }
}

class OneFile {
  readonly #path = join(temporaryFolder(), 'contributions');
  #database: ContributionDatabase;

  constructor() {
    createContributionFile(this.#path);
    this.#database = new ContributionDatabase(this.#path, NOON * 1000, systemRandom);
    onTestFinished(() => {
      this.#database.close();
    });
  }

  get store(): ContributionStore {
    return new DatabaseStore(this.#database);
  }

  /** What a process that starts now finds. */
  reopen(): void {
    this.#database.close();
    this.#database = new ContributionDatabase(this.#path, NOON * 1000, systemRandom);
  }
}

/** Fails, or answers never, from some call on. */
class FailingStore implements ContributionStore {
  readonly #store: ContributionStore;
  #calls: number;

  constructor(store: ContributionStore, calls: number) {
    this.#store = store;
    this.#calls = calls;
  }

  openPeriod(period: BudgetPeriod): Promise<OpenedPeriod> {
    return this.#store.openPeriod(period);
  }

  async reserve(period: BudgetPeriod, requests: readonly CounterRequest[]): Promise<readonly number[]> {
    if ((this.#calls -= 1) < 0) throw new Error('crashed');
    return this.#store.reserve(period, requests);
  }
}

describe.each<[string, () => ContributionStore | undefined]>([
  ['in memory', () => undefined],
  ['in a file', () => new OneFile().store],
])('a subject counted %s', (_name, storeOf) => {
  it('counts once under a key, and only under so many; the rest of its visits count as other', async () => {
    const process = new Process(planOf(2), storeOf());
    for (const key of ['a', 'a', 'b', 'c', 'a', 'b']) process.visit('alice', key);
    process.visit('bob', 'c');
    await process.drain();
    expect(process.seen).toEqual(['a 1', 'a 0', 'b 1', `${OTHER_KEY} 0`, 'a 0', 'b 0', 'c 1']);
  });

  it('has no key beyond its visits: what it was is not to be heard of', async () => {
    const process = new Process(planOf(6), storeOf());
    for (let visit = 0; visit < VISITS + 2; visit += 1) process.visit('alice', `key-${String(visit)}`);
    await process.drain();
    expect(process.seen.slice(VISITS)).toEqual([`${OTHER_KEY} 0 nothing`, `${OTHER_KEY} 0 nothing`]);
    expect(process.seen.slice(0, VISITS)).toEqual(Array.from({ length: VISITS }, (_, key) => `key-${String(key)} 1`));
  });

  it('has no key where nobody knows who it is', async () => {
    const process = new Process(planOf(1), storeOf());
    process.visit(undefined, 'a');
    process.visit('', 'b');
    await process.drain();
    expect(process.seen).toEqual([`${OTHER_KEY} 0 nothing`, `${OTHER_KEY} 0 nothing`]);
  });

  it('counts anew in the next period, and not for what has no key', async () => {
    const process = new Process(planOf(1), storeOf());
    process.visit('alice', OTHER_KEY);
    process.visit('alice', 'a');
    process.visit('alice', 'b', NOON + HOUR);
    await process.drain();
    expect(process.seen).toEqual([`${OTHER_KEY} 0`, 'a 1', 'b 1']);
  });

  it('counts under so many keys over all versions of a plan, each of which selects its own', async () => {
    const store = storeOf();
    const memory = new ContributionMemory();
    const [old, next] = [1, 2].map((sequence) => new Process(planOf(2, sequence), store, memory));
    old!.visit('alice', 'a');
    await old!.drain();
    for (const key of ['a', 'b']) next!.visit('alice', key);
    await next!.drain();
    old!.visit('alice', 'a');
    await old!.drain();
    expect(old!.seen).toEqual(['a 1', 'a 0']);
    // The same text is another key there: it takes the second of two.
    expect(next!.seen).toEqual(['a 1', `${OTHER_KEY} 0`]);
  });
});

describe('a subject counted in a store', () => {
  it('goes on with its keys after a restart, and counts under none of them twice', async () => {
    const file = new OneFile();
    const first = new Process(planOf(1), file.store);
    first.visit('alice', 'a');
    await first.drain();
    file.reopen();
    const second = new Process(planOf(1), file.store);
    for (const key of ['b', 'a', 'b']) second.visit('alice', key);
    await second.drain();
    expect([first.seen, second.seen]).toEqual([['a 1'], [`${OTHER_KEY} 0`, 'a 0', `${OTHER_KEY} 0`]]);
  });

  it('is counted by one of several processes that meet it at the same moment', async () => {
    const { store } = new OneFile();
    const processes = Array.from({ length: 5 }, () => new Process(planOf(6), store));
    for (const process of processes) process.visit('alice', 'a');
    await Promise.all(processes.map((process) => process.drain()));
    const units = processes.flatMap(({ sealed }) => sealed.map(({ unit }) => unit));
    expect(units.reduce((sum, unit) => sum + unit, 0)).toBe(1);
    expect(new Set(processes.flatMap(({ sealed }) => sealed.map(({ key }) => key)))).toEqual(new Set(['a']));
  });

  it('counts as other while the store does not say, and is never counted twice for it', async () => {
    const { store } = new OneFile();
    for (let calls = 1; calls < 5; calls += 1) {
      const failing = new Process(planOf(1), new FailingStore(store, calls));
      failing.visit(`subject-${String(calls)}`, 'a');
      await failing.drain();
      const next = new Process(planOf(1), store);
      next.visit(`subject-${String(calls)}`, 'a');
      await next.drain();
      const [before] = failing.sealed;
      const [after] = next.sealed;
      expect(before!.unit + after!.unit).toBeLessThanOrEqual(1);
      if (before!.key === OTHER_KEY) expect(before!.unit).toBe(0);
    }
  });

  it('keeps to its bounds whatever processes, restarts, crashes and orders', async () => {
    const step = fc.record({
      process: fc.nat(2),
      subject: fc.constantFrom('alice', 'bob'),
      key: fc.constantFrom('a', 'b', 'c', 'd'),
      /** Whether the process restarts first, or crashes after so many calls of the store. */
      event: fc.oneof(fc.constant('none'), fc.constant('restart'), fc.nat(4)),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 30 }), fc.integer({ min: 1, max: 3 }), async (steps, most) => {
        const plan = planOf(most);
        const { store } = new OneFile();
        const all: Process[] = [];
        const running: (Process | undefined)[] = [];
        for (const { process, subject, key, event } of steps) {
          if (event !== 'none' || running[process] === undefined) {
            const own = typeof event === 'number' ? new FailingStore(store, event) : store;
            const started = new Process(plan, own);
            all.push(started);
            running[process] = started;
          }
          running[process].visit(subject, key);
          await running[process].drain();
        }
        const sealed = all.flatMap((each) => each.sealed);
        for (const subject of ['alice', 'bob']) {
          const own = sealed.filter((each) => each.subject === subject);
          const keys = new Set(own.map(({ key }) => key).filter((key) => key !== OTHER_KEY));
          expect(keys.size).toBeLessThanOrEqual(most);
          for (const key of keys) {
            const units = own.filter((each) => each.key === key).reduce((sum, { unit }) => sum + unit, 0);
            expect(units).toBeLessThanOrEqual(1);
          }
          expect(own.filter(({ unit, key }) => unit === 1 && key === OTHER_KEY)).toEqual([]);
        }
        expect(sealed).toHaveLength(steps.length);
      }),
      { numRuns: 60 },
    );
  });
});

describe('an envelope', () => {
  const plan = openPlan({
    label: { longest: 20 },
    plan: { redact: ['customer.email'], name: 'processor_open_keys' },
    privacy: { bounds: { subject: 'user.id', visits: 3 } },
  });

  /** A finished checkout; its label, unit count and whether its flag counts. */
  async function sealedOf(kit: Kit, attributes: Record<string, unknown>): Promise<string> {
    kit.exporter.reset();
    kit.span('checkout', (span) => {
      span.setAttribute('checkout.success', true);
      for (const [name, value] of Object.entries(attributes)) span.setAttribute(name, value as string);
    });
    await kit.processor.forceFlush();
    const [span] = kit.exporter.getFinishedSpans();
    const { contribution, counted } = openEnvelope(envelopeOf(span!), plan);
    const unit = contribution.ciphertexts.find(({ measurement }) => measurement === 1)!;
    const opened = testPrivateKey().decrypt(bytesToBigInt(unit.ciphertexts[0]!), systemRandom);
    const [count] = decodeSlots(publicKey, opened, 1);
    return `${String(contribution.header.labels[0])} ${String(count)} ${counted[0]!.join()}`;
  }

  it('carries the key in clear, and its subject in the sealed count the first time', async () => {
    const kit = await readyKit({ plan });
    const attributes = { 'user.id': 'first-subject', feature: 'search' };
    expect(await sealedOf(kit, attributes)).toBe('search 1 true');
    expect(await sealedOf(kit, attributes)).toBe('search 0 true');
    expect(await sealedOf(kit, { ...attributes, feature: 'browse' })).toBe(`${OTHER_KEY} 0 true`);
    expect(await sealedOf(kit, attributes)).toBe(`${OTHER_KEY} 0 `);
  });

  it.each<[string, Record<string, unknown>]>([
    ['there is none', {}],
    ['it is too long', { feature: 'x'.repeat(21) }],
    ['it is a list', { feature: ['a', 'b'] }],
    ['it has a control character', { feature: 'a\nb' }],
    ['it holds a redacted text', { feature: 'for zoe@example.com', 'customer.email': 'zoe@example.com' }],
    ['it is a redacted text in another form', { feature: 'ZOE%40example.com', 'customer.email': 'zoe@example.com' }],
    ['it holds the subject', { feature: 'of subject-123456', 'user.id': 'subject-123456' }],
    ['it is a redacted text in capitals', { feature: 'STRASSE 12', 'customer.email': 'Stra\u00dfe 12' }],
    ['it is the beginning of a redacted text', { feature: 'zoe@ex', 'customer.email': 'zoe@example.com' }],
    ['it is cut inside an escape', { feature: 'zoe.an%C3%', 'customer.email': 'zoe.an\u00eb@example.com' }],
    ['it is escaped as in JSON', { feature: 'a\\u0062cdef', 'customer.email': 'abcdef' }],
    ['it is the number of a redacted text', { feature: 12345678, 'customer.email': '1.2345678e7' }],
    ['it holds one that composes only with it', { feature: 'zoe\u0308-anna-1', 'customer.email': 'zoe\u0308-anna-1' }],
  ])('has no key where %s', async (name, attributes) => {
    const kit = await readyKit({ plan });
    expect(await sealedOf(kit, { 'user.id': `subject of ${name}`, ...attributes })).toBe(`${OTHER_KEY} 0 true`);
  });

  it('has a key in one spelling, of numbers too', async () => {
    const kit = await readyKit({ plan });
    expect(await sealedOf(kit, { 'user.id': 'nfd', feature: 'Zoe\u0308' })).toBe('Zo\u00eb 1 true');
    expect(await sealedOf(kit, { 'user.id': 'nfd', feature: 'Zo\u00eb' })).toBe('Zo\u00eb 0 true');
    expect(await sealedOf(kit, { 'user.id': 'number', feature: 42 })).toBe('42 1 true');
  });
});
