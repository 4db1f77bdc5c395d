/**
 * Open labels from the application to the published series: the real processor seals, the receiver selects and
 * releases, the key holder decides, both add noise. One subject uses a text of its own; nobody hears of it.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pino } from 'pino';
import { expect, onTestFinished, test } from 'vitest';
import { SqliteStore } from '../../src/aggregation/sqlite-store.js';
import { exportLedger, verifyLedgerExport } from '../../src/keyholder/ledger-export.js';
import { OTHER_KEY } from '../../src/plan/labels.js';
import { systemRandom } from '../../src/random.js';
import { ClosingFactors } from '../../src/receiver/closing-factors.js';
import { describePublished } from '../../src/receiver/publication.js';
import { PublishedMetrics } from '../../src/receiver/published-metrics.js';
import { ReleaseScheduler } from '../../src/receiver/release-scheduler.js';
import { Releaser } from '../../src/receiver/releaser.js';
import { WindowCloser } from '../../src/receiver/window-closer.js';
import { decodeEnvelope } from '../../src/wire/envelope.js';
import { EnvelopeVerifier, type VerifiedContribution } from '../../src/wire/verify.js';
import { keyThreshold } from '../../src/wire/selection-noise.js';
import { envelopeOf, readyKit } from '../processor/harness.js';
import { testPrivateKey } from '../support/keys.js';
import { openPlan } from '../support/open-plans.js';
import { startService } from '../support/release-service.js';
import { temporaryFolder } from '../support/temporary-folder.js';

const HOUR = 3600;
/** 2025-01-01: over by the clock of any processor. */
const WINDOW = 20_089 * 86_400;
const CANARY = 'canary-982451653';
const publicKey = testPrivateKey().publicKey;

/** Noise of scale 1/5 and 2/5, twice: beyond +-8 with probability below 1e-8. */
const plan = openPlan({
  report: {
    selectionEpsilon: '5',
    measurements: [{ name: 'success', attribute: 'checkout.success', kind: 'flag', epsilon: '5' }],
  },
  privacy: { epsilon: '10', bounds: { subject: 'user.id', visits: 2 } },
  plan: { name: 'open_labels_through_all', window: { seconds: HOUR, graceSeconds: 30, lagSeconds: 5 } },
});

/** Checkouts of 40 subjects with the feature `search`, of one that nobody else has, and of one without any. */
async function sealedCheckouts(): Promise<VerifiedContribution[]> {
  const kit = await readyKit({ plan, poolInitialRecords: 512 });
  const checkout = (subject: string, feature: string | undefined, success: boolean): void => {
    const time = (WINDOW + 5) * 1000;
    const span = kit.provider.getTracer('shop').startSpan('checkout', { startTime: time });
    span.setAttributes({ 'user.id': subject, 'checkout.success': success });
    if (feature !== undefined) span.setAttribute('feature', feature);
    span.end(time + 5);
  };
  for (let subject = 0; subject < 40; subject += 1) {
    checkout(`subject-${String(subject)}`, 'search', true);
    // A second visit counts, and the subject does not count again; a third one is nothing.
    checkout(`subject-${String(subject)}`, 'search', false);
    checkout(`subject-${String(subject)}`, 'search', false);
  }
  checkout('loner-1', CANARY, true);
  checkout('nobody-1', undefined, true);
  // Under a second text a subject of one key counts as other: the text is not even sealed under.
  checkout('loner-1', `${CANARY}-too`, true);
  await kit.processor.forceFlush();
  const verifier = new EnvelopeVerifier([plan], [publicKey], { teeth: 4, tables: 2 });
  return kit.exporter.getFinishedSpans().map((span) => {
    const result = verifier.verify(decodeEnvelope(envelopeOf(span))!);
    if (!result.ok) throw new Error(result.reason);
    return result.contribution;
  });
}

test(
  'what enough subjects share is published under its name, everything else together',
  { timeout: 60_000 },
  async () => {
    const contributions = await sealedCheckouts();
    const keys = new Set(contributions.map(({ header }) => header.labels[0]));
    expect(keys).toEqual(new Set(['search', CANARY, OTHER_KEY]));

    let now = WINDOW + 10;
    const folder = temporaryFolder();
    const path = join(folder, 'receiver.sqlite');
    const log: string[] = [];
    const logger = pino({ level: 'debug' }, { write: (line: string) => void log.push(line) });
    const keyHolder = startService({ plans: [plan], clock: () => now * 1000 });

    const start = async (): Promise<{ store: SqliteStore; scheduler: ReleaseScheduler }> => {
      const store = SqliteStore.open(path, [publicKey]);
      const factors = new ClosingFactors([publicKey], systemRandom);
      const closer = await WindowCloser.open({ plans: [plan], store, factors, logger, startedAt: now });
      const releaser = new Releaser({ plans: [plan], store, decryptor: keyHolder.service, factors, logger });
      const clock = (): number => now * 1000;
      const common = { store, closer, releaser, clock, logger, retentionSeconds: 1_000_000 };
      return { store, scheduler: new ReleaseScheduler({ ...common, onPublished: () => undefined }) };
    };
    let receiver = await start();
    onTestFinished(async () => {
      await receiver.scheduler.close();
      await receiver.store.close();
    });
    const tickAt = async (time: number): Promise<void> => {
      now = time;
      await receiver.scheduler.tick();
      await receiver.scheduler.settled();
    };

    expect(await receiver.store.record(contributions, now)).toEqual(contributions.map(() => 'counted'));
    // The receiver stops after it has asked, before it has stored what it was told: it asks again and is told the same.
    const asked: string[] = [];
    const selectKeys = keyHolder.service.selectKeys.bind(keyHolder.service);
    keyHolder.service.selectKeys = async (request) => {
      const answer = await selectKeys(request);
      asked.push(JSON.stringify(answer));
      if (asked.length === 1) throw new Error('the receiver stops here');
      return answer;
    };
    await tickAt(WINDOW + HOUR + 30);
    await receiver.scheduler.close();
    await receiver.store.close();
    receiver = await start();
    await tickAt(WINDOW + HOUR + 31);
    await tickAt(WINDOW + HOUR + 35);
    await tickAt(WINDOW + HOUR + 36);
    expect(asked).toHaveLength(2);
    expect(asked[1]).toBe(asked[0]);

    const [window] = await describePublished(receiver.store, [plan]);
    const amounts = window!.cells.map(({ labels, values }) => [labels['feature'], values.map(({ amount }) => amount)]);
    const truths: Record<string, number[]> = { search: [40, 40], [OTHER_KEY]: [3, 0] };
    expect(amounts.map(([label]) => label)).toEqual(['search', OTHER_KEY]);
    for (const [label, noised] of amounts as [string, number[]][]) {
      noised.forEach((amount, slot) => expect(Math.abs(amount - truths[label]![slot]!)).toBeLessThanOrEqual(8));
    }
    expect(window!.budget).toMatchObject({ domain: 'shop', consumed: '10', remaining: '0' });
    expect(keyThreshold(plan, plan.reports[0]!)).toBeLessThan(10n);

    const collected = JSON.stringify(await new PublishedMetrics(receiver.store, [plan]).collect());
    const exported = [...exportLedger(keyHolder.ledger.entries())];
    expect(verifyLedgerExport(exported).releases).toEqual({ reserved: 3, sealed: 3, published: 3 });
    keyHolder.ledger.close();
    const files = [folder, join(keyHolder.path, '..')].flatMap((each) =>
      readdirSync(each).map((name) => readFileSync(join(each, name), 'latin1')),
    );
    const sinks = [collected, JSON.stringify(window), ...exported, ...files, ...log, ...keyHolder.log];
    expect(sinks.some((text) => text.includes('search'))).toBe(true);
    for (const text of sinks) expect(text).not.toContain(CANARY);
  },
);
