/** What a subject can do to the totals, through the real processor, the receiver's verification and decryption. */
import { join } from 'node:path';
import { inspect } from 'node:util';
import { diag, DiagLogLevel, metrics, SpanStatusCode } from '@opentelemetry/api';
import { SamplingDecision } from '@opentelemetry/sdk-trace-base';
import { describe, expect, it, onTestFinished } from 'vitest';
import { ContributionDatabase } from '../../processor/contribution-database.node.js';
import { createContributionFile } from '../../processor/contribution-file-opening.node.js';
import type { ContributionStore } from '../../processor/contribution-store.js';
import { ciphertextFromBytes } from '../../src/paillier/ciphertext.js';
import { decodeSlots } from '../../src/paillier/slots.js';
import type { CompiledPlan } from '../../src/plan/compile.js';
import { sensitivityOf } from '../../src/plan/sensitivity.js';
import { systemRandom } from '../../src/random.js';
import { decodeEnvelope, ENVELOPE_ATTRIBUTE } from '../../src/wire/envelope.js';
import { EnvelopeVerifier } from '../../src/wire/verify.js';
import { DatabaseStore } from '../support/contribution-stores.js';
import { testPrivateKey } from '../support/keys.js';
import { personalPlan, SUBJECT } from '../support/personal-plan.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { CollectedMetrics } from './collected-metrics.js';
import { createKit, envelopeOf, openEnvelope, publicKey, readyKit, type Kit, type KitOptions } from './harness.js';

const MORNING = 20_089 * 86_400;
/** Long enough to be looked for in other texts. */
const ALICE = 'alice-in-wonderland@example.com';

const [perSpan] = personalPlan().plan.reports;
const coalesced = { ...perSpan!, mode: 'coalesced', spanBounds: [1023] } as const;

/** Ends a successful checkout of somebody in some window of the day. */
function checkout(kit: Kit, subject: string | number | boolean | undefined, window = 0, region = 'eu'): void {
  const time = (MORNING + 60 * window) * 1000;
  const span = kit.provider.getTracer('shop').startSpan('checkout', { startTime: time });
  span.setAttributes({ 'checkout.success': true, 'customer.plan': 'team-monthly', region });
  if (subject !== undefined) span.setAttribute(SUBJECT, subject);
  span.end(time + 5);
}

/** Per measurement and slot, over all labels and windows, of every envelope that was handed on; each must verify. */
function decryptedTotals({ exporter }: Kit, plan: CompiledPlan): bigint[][] {
  const verifier = new EnvelopeVerifier([plan], [publicKey], { teeth: 4, tables: 2 });
  const [report] = plan.reports;
  const totals = report!.measurements.map(({ slots }) => slots.map(() => 0n));
  for (const { attributes } of exporter.getFinishedSpans()) {
    if (!(ENVELOPE_ATTRIBUTE in attributes)) continue;
    const result = verifier.verify(decodeEnvelope(String(attributes[ENVELOPE_ATTRIBUTE])) ?? new Uint8Array(0));
    if (!result.ok) throw new Error(result.reason);
    for (const { measurement, component, ciphertexts } of result.contribution.ciphertexts) {
      const opened = testPrivateKey().decrypt(ciphertextFromBytes(publicKey, ciphertexts[0]!)!, systemRandom);
      const slots = totals[measurement]!;
      const values = report!.report.mode === 'per-span' ? decodeSlots(publicKey, opened, slots.length) : [opened];
      values.forEach((value, slot) => (slots[component + slot]! += value));
    }
  }
  return totals;
}

function fileStore(): ContributionStore {
  const path = join(temporaryFolder(), 'contributions');
  createContributionFile(path);
  const database = new ContributionDatabase(path, MORNING * 1000, systemRandom);
  onTestFinished(() => database.close());
  return new DatabaseStore(database);
}

const STORES: [string, () => KitOptions][] = [
  ['in memory', () => ({})],
  ['in a file', () => ({ contributionStore: fileStore() })],
];

describe.each(STORES)('counted %s, a subject', (_, options) => {
  const ready = (plan: CompiledPlan): Promise<Kit> => readyKit({ plan, poolInitialRecords: 2048, ...options() });

  it.each([
    ['coalesced', coalesced, 10_000],
    ['per span', perSpan!, 200],
  ])(
    'moves the totals by what the plan says and no more, however many spans it has: %s',
    async (_mode, report, spans) => {
      const visits = 3;
      const plan = personalPlan({ visits }, { reports: [report] });
      const kit = await ready(plan);
      for (const other of ['bob', 'carol']) checkout(kit, other);
      for (let index = 0; index < spans; index += 1) {
        checkout(kit, ALICE, index % 2, index % 3 === 0 ? 'eu' : 'us');
        if (index % 2000 === 1999) await kit.processor.forceFlush();
      }
      await kit.processor.forceFlush();
      const { l1 } = sensitivityOf(plan.plan.privacy, 1n);
      expect(l1).toBe(BigInt(visits));
      expect(decryptedTotals(kit, plan)).toEqual([
        [2n + l1, 0n],
        [0n, 2n + l1, 0n, 0n],
      ]);
      expect(kit.processor.stats().visits).toMatchObject({ admitted: 2 + visits, exceeded: spans - visits });
      await kit.processor.shutdown();
    },
  );

  it('moves the totals of one window by no more than the plan says', async () => {
    const bounds = { visits: 5, visitsPerWindow: 2 };
    const plan = personalPlan(bounds);
    const kit = await ready(plan);
    for (const window of [0, 1, 0, 0, 1, 1, 2, 2, 3]) checkout(kit, ALICE, window);
    await kit.processor.forceFlush();
    const counted = new Map<number, number>();
    for (const span of kit.exporter.getFinishedSpans()) {
      const { contribution, counted: slots } = openEnvelope(envelopeOf(span), plan);
      const { windowStart } = contribution.header;
      counted.set(windowStart, (counted.get(windowStart) ?? 0) + slots[0]!.length);
    }
    expect([...counted.values()]).toEqual([2, 2, 1, 0]);
    await kit.processor.shutdown();
  });

  it('moves nothing where it is not named: no attribute, or nothing that names somebody', async () => {
    const plan = personalPlan();
    const kit = await ready(plan);
    for (const nobody of [undefined, '', true, NaN]) checkout(kit, nobody);
    checkout(kit, 7);
    await kit.processor.forceFlush();
    expect(decryptedTotals(kit, plan)[0]).toEqual([1n, 0n]);
    expect(kit.processor.stats()).toMatchObject({
      visits: { admitted: 1, no_subject: 4 },
      values: { measured: 2, absent: 8 },
      spans: { sealed: 5 },
    });
    await kit.processor.shutdown();
  });

  it.each([perSpan!, coalesced])('shows nowhere whether it was counted: $mode', async (report) => {
    const collected = new CollectedMetrics();
    metrics.setGlobalMeterProvider(collected.provider);
    const seen: unknown[] = [];
    // One who is counted once, four who are counted, nobody.
    for (const subjects of [
      new Array<string>(4).fill(ALICE),
      ['a', 'b', 'c', 'd'],
      new Array<undefined>(4).fill(undefined),
    ]) {
      const plan = personalPlan({ visits: 1 }, { reports: [report] });
      const kit = await ready(plan);
      for (const subject of subjects) checkout(kit, subject);
      await kit.processor.forceFlush();
      const spans = kit.exporter.getFinishedSpans().map(({ name, attributes, startTime, endTime }) => {
        const { [ENVELOPE_ATTRIBUTE]: envelope, ...others } = attributes;
        return { name, others, startTime, endTime, length: typeof envelope === 'string' ? envelope.length : 0 };
      });
      seen.push({ spans, metrics: await collected.collectNewest() });
      await kit.provider.shutdown();
    }
    metrics.disable();
    expect(seen[0]).toHaveProperty(['metrics', 'telemetry_kit.processor.spans', 'dropped:queue_full'], 0);
    expect(seen[1]).toEqual(seen[0]);
    expect(seen[2]).toEqual(seen[0]);
  });

  it('stands in nothing that is handed on, of whatever span', async () => {
    const plan = personalPlan({}, { redact: [] });
    const kit = await ready(plan);
    kit.span('checkout', (span) => {
      span.setAttributes({ [SUBJECT]: ALICE, 'url.path': `/users/${encodeURIComponent(ALICE)}/cart` });
      span.addEvent(`hello ${ALICE}`, { [SUBJECT]: ALICE });
    });
    kit.span('of no report', (span) =>
      span.setAttribute(SUBJECT, ALICE).setStatus({ code: SpanStatusCode.ERROR, message: ALICE }),
    );
    await kit.processor.forceFlush();
    const handedOn = kit.exporter.getFinishedSpans();
    expect(handedOn).toHaveLength(2);
    expect(inspect(handedOn, { depth: 12 })).not.toMatch(/alice|wonderland/i);
    expect(handedOn.some(({ attributes }) => SUBJECT in attributes)).toBe(false);
    expect(inspect(kit.processor, { depth: 12, showHidden: true })).not.toMatch(/alice|wonderland/i);
    await kit.processor.shutdown();
  });

  it('is not counted in spans that are not sampled', async () => {
    const sampler = { shouldSample: () => ({ decision: SamplingDecision.RECORD }), toString: () => 'record only' };
    const plan = personalPlan({ visits: 1 });
    const kit = await readyKit({ plan, ...options(), tracing: { sampler } });
    checkout(kit, ALICE);
    await kit.processor.forceFlush();
    expect(kit.processor.stats()).toMatchObject({ visits: { admitted: 0 }, spans: { stripped: 1 } });
    expect(kit.exporter.getFinishedSpans().some(({ attributes }) => SUBJECT in attributes)).toBe(false);
    await kit.processor.shutdown();
  });

  it('is counted by the processor that meets it first', async () => {
    const plan = personalPlan();
    const second = createKit({ plan, ...options() });
    const kit = await readyKit({ plan, ...options(), after: [second.processor] });
    await second.processor.ready();
    checkout(kit, ALICE);
    await kit.provider.forceFlush();
    expect(kit.processor.stats().visits).toMatchObject({ admitted: 1 });
    expect(second.processor.stats()).toMatchObject({
      visits: { admitted: 0 },
      spans: { dropped: { already_sealed: 1 } },
    });
    await kit.provider.shutdown();
  });
});

describe('a plan for events', () => {
  it('counts nobody, and leaves alone what is no subject of it', async () => {
    const kit = await readyKit({ contributionStore: fileStore() });
    for (let index = 0; index < 5; index += 1) checkout(kit, ALICE);
    expect(kit.processor.stats()).toMatchObject({ spans: { sealed: 5 }, visits: { admitted: 0, exceeded: 0 } });
    expect(kit.exporter.getFinishedSpans()[0]!.attributes[SUBJECT]).toBe(ALICE);
    await kit.processor.shutdown();
  });
});

describe('a processor that counts in memory', () => {
  it('says that a restart is another process', async () => {
    const warnings: string[] = [];
    const noop = (): void => undefined;
    const logger = { error: noop, info: noop, debug: noop, verbose: noop, warn: (text: string) => warnings.push(text) };
    diag.setLogger(logger, { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true });
    const kits = [{ plan: personalPlan() }, { plan: personalPlan(), contributionStore: fileStore() }, {}].map(
      createKit,
    );
    diag.disable();
    expect(warnings).toEqual([expect.stringContaining('counted in memory')]);
    for (const { processor } of kits) await processor.shutdown();
  });

  it('goes on where another one of the same process and plan has stopped', async () => {
    const plan = personalPlan({ visits: 2 });
    for (const expected of [2, 0]) {
      const kit = await readyKit({ plan, poolInitialRecords: 512 });
      for (let index = 0; index < 3; index += 1) checkout(kit, ALICE);
      expect(kit.processor.stats().visits.admitted).toBe(expected);
      await kit.processor.shutdown();
    }
  });

  it('refuses a limit of counters that is none', () => {
    expect(() => createKit({ plan: personalPlan(), contributionCounterLimit: 0 })).toThrow('contributionCounterLimit');
  });
});
