/**
 * A fault campaign: real processes under load, parts of which are killed, cut off and starved at random; at the end
 * every acknowledged contribution must have been counted once and every window released once.
 */
import { setTimeout } from 'node:timers/promises';
import { Generator } from '../fuzz/generator.js';
import { TestSealer } from '../support/envelopes.js';
import { byWindow } from './by-window.js';
import { checkTotals, type Checked } from './check-totals.js';
import { addressOf, Cluster, type StoreKind } from './cluster.js';
import { faultsOf, type Fault } from './faults.js';
import { Load } from './load.js';

export interface CampaignOptions {
  readonly store: StoreKind;
  /** How long faults go on; every fault happens once, however long that takes. */
  readonly seconds: number;
  /** Of load and faults; when they meet what the processes do is not repeated. */
  readonly seed: number;
  readonly report: (line: string) => void;
}

export interface CampaignResult extends Checked {
  /** How often, by name. */
  readonly struck: ReadonlyMap<string, number>;
  readonly counts: Load['counts'];
  /** Answers of the key holder. */
  readonly answered: number;
  readonly released: number;
}

const SENDERS = 6;
/** From the beginning of one fault to the next. */
const MIN_PAUSE_MILLIS = 2000;
const MORE_PAUSE_MILLIS = 4000;

export async function runCampaign({ store, seconds, seed, report }: CampaignOptions): Promise<CampaignResult> {
  const cluster = await Cluster.create(store);
  try {
    const load = loadOn(cluster, new Generator(seed));
    await cluster.start();
    report(`${store}: ${String(cluster.receivers.length)} receivers and the key holder run; seed ${String(seed)}`);
    const sending = load.run();
    const struck = await strikeAtRandom(cluster, new Generator(seed + 1), seconds, report);
    load.stop();
    await sending;
    report('every contribution is acknowledged or late; waiting for the last windows');
    const acknowledged = new Set(
      load.sent.filter(({ outcome }) => outcome === 'acknowledged').map(({ windowStart }) => windowStart),
    );
    while (![...acknowledged].every((windowStart) => cluster.tap.released.has(windowStart))) await setTimeout(500);
    const faults = await checkStores(cluster, acknowledged);
    const checked = checkTotals(load.sent, (windowStart) => cluster.tap.totals(windowStart));
    return {
      ...checked,
      faults: [...load.faults, ...cluster.tap.faults, ...faults, ...checked.faults],
      struck,
      counts: load.counts,
      answered: cluster.tap.answered,
      released: cluster.tap.released.size,
    };
  } finally {
    await cluster.close();
  }
}

function loadOn({ plan, privateKey, receivers }: Cluster, random: Generator): Load {
  const sealer = new TestSealer(plan, privateKey.publicKey);
  const [report] = plan.reports;
  if (report === undefined) throw new Error('the plan has no report');
  return new Load({
    // Of a category the first member is the one of spans without a value.
    seal: (windowStart, label, bucket) =>
      sealer.seal({ report, windowStart, labels: [label], members: [[bucket + 1], [1]] }),
    random,
    urls: receivers.map(({ link }) => `http://${addressOf(link)}/v1/traces`),
    senders: SENDERS,
  });
}

/** Every fault once, in random order, then any; never two on one part. Resolves when all are over. */
async function strikeAtRandom(
  cluster: Cluster,
  random: Generator,
  seconds: number,
  report: (line: string) => void,
): Promise<Map<string, number>> {
  const faults = faultsOf(cluster, random);
  const struck = new Map(faults.map(({ name }) => [name, 0]));
  const busy = new Map<object, Promise<void>>();
  const began = Date.now();
  const elapsed = (): number => (Date.now() - began) / 1000;
  while (elapsed() < seconds || [...struck.values()].includes(0)) {
    const fault = chooseFault(faults, struck, busy, random);
    if (fault !== undefined) {
      report(`${elapsed().toFixed(0).padStart(5)} s  ${fault.name}`);
      struck.set(fault.name, (struck.get(fault.name) ?? 0) + 1);
      busy.set(
        fault.part,
        fault.strike().finally(() => busy.delete(fault.part)),
      );
    }
    await Promise.race([setTimeout(MIN_PAUSE_MILLIS + random.below(MORE_PAUSE_MILLIS)), failure(busy)]);
  }
  await Promise.all(busy.values());
  return struck;
}

function chooseFault(
  faults: readonly Fault[],
  struck: ReadonlyMap<string, number>,
  busy: ReadonlyMap<object, Promise<void>>,
  random: Generator,
): Fault | undefined {
  const free = faults.filter(({ part }) => !busy.has(part));
  const first = free.filter(({ name }) => struck.get(name) === 0);
  const choice = first.length > 0 ? first : free;
  return choice.length > 0 ? random.pick(choice) : undefined;
}

/** Rejects when a fault could not be made; never resolves. */
function failure(busy: ReadonlyMap<object, Promise<void>>): Promise<never> {
  return new Promise((_, reject) => {
    for (const fault of busy.values()) fault.catch(reject);
  });
}

/** Stops everything in order, and looks at what it left behind. */
async function checkStores(cluster: Cluster, acknowledged: ReadonlySet<number>): Promise<string[]> {
  // A window is published a tick after its answer is stored.
  await setTimeout(5000);
  for (const { service } of cluster.receivers) await service.end('SIGTERM');
  await cluster.keyHolder.end('SIGTERM');
  cluster.verifyLedger();
  const stored = byWindow(await cluster.storedWindows(), (row) => row.window_start);
  return [...acknowledged].flatMap((windowStart) => {
    const rows = stored.get(windowStart) ?? [];
    const [row] = rows;
    if (rows.length === 1 && row?.state === 'published' && row.skipped === 0) return [];
    return [`window ${String(windowStart)} is in the store ${String(rows.length)} times, ${row?.state ?? 'nowhere'}`];
  });
}
