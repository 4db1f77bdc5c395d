/**
 * Seals contributions as they come, from precomputed randomness; where that has run dry, the span waits in a
 * bounded queue until more arrives. Every view it is given is handed on exactly once, with the reason where
 * its contribution was lost.
 */
import { spanBoundsOf } from '../src/plan/layout.js';
import { pairBytes } from '../src/proofs/pairs.js';
import { bufferedRandom, systemRandom } from '../src/random.js';
import type { PairDemand } from '../src/wire/envelope-shape.js';
import { EnvelopeSealer, type Contribution, type PairRecords } from '../src/wire/seal.js';
import { resolvesWithin } from './keep-alive.js';
import type { PairSource } from './pair-source.js';
import type { ProcessorSettings } from './processor-options.js';
import type { DropReason } from './processor-stats.js';
import { RandomnessPool } from './randomness-pool.js';
import { SealingQueue } from './sealing-queue.js';
import type { FlushSpan } from './flush-span.js';
import type { SpanView } from './span-view.js';

/** What an envelope travels on. */
export type Carrier = SpanView | FlushSpan;

export type SealResult = 'sealed' | DropReason;

/** Takes a carrier with its envelope, or without it and with the reason; must not throw. */
export type HandOn = (view: Carrier, result: SealResult, error?: unknown) => void;

/** SECRET: a contribution holds the classified values. */
interface WaitingSpan {
  readonly view: Carrier;
  readonly contribution: Contribution;
}

export class ContributionSealer {
  readonly #sealer: EnvelopeSealer;
  readonly #pool: RandomnessPool;
  readonly #queue: SealingQueue<WaitingSpan>;
  readonly #handOn: HandOn;
  readonly #random = bufferedRandom(systemRandom);

  /** Starts to compute randomness at once. */
  constructor(settings: ProcessorSettings, source: PairSource, handOn: HandOn) {
    const { plan, key } = settings;
    this.#sealer = new EnvelopeSealer(plan, key);
    this.#queue = new SealingQueue(settings.queueLimit);
    this.#handOn = handOn;
    this.#pool = new RandomnessPool({
      source,
      recordBytes: { obfuscator: pairBytes(key, 'obfuscator'), mask: pairBytes(key, 'mask') },
      largestDemand: largestOf(
        plan.reports.map((report) => this.#sealer.demand(report, Math.max(...spanBoundsOf(report)))),
      ),
      initialRecords: settings.poolInitialRecords,
      recordLimit: settings.poolRecordLimit,
      onRefilled: () => this.#sealWaiting(),
      onUnavailable: () => this.#giveUp(this.#queue.end, 'no_randomness'),
    });
  }

  get queueSize(): number {
    return this.#queue.size;
  }

  get poolSize(): number {
    return this.#pool.size;
  }

  ready(): Promise<void> {
    return this.#pool.ready();
  }

  /** Seals now if nobody waits and there is randomness; never blocks. */
  submit(view: Carrier, contribution: Contribution): void {
    const records = this.#queue.size === 0 ? this.#take(contribution) : undefined;
    if (records !== undefined) this.#seal({ view, contribution }, records);
    else if (!this.#pool.isAvailable) this.#handOn(view, 'no_randomness');
    else if (!this.#queue.push({ view, contribution })) this.#handOn(view, 'queue_full');
  }

  /** Resolves when everything that waits now has been handed on: sealed, or after `timeoutMillis` without. */
  async drain(timeoutMillis: number): Promise<void> {
    const end = this.#queue.end;
    if (!(await resolvesWithin(this.#queue.whenReached(end), timeoutMillis))) this.#giveUp(end, 'flush_timeout');
  }

  /** Forgets all randomness. */
  async close(): Promise<void> {
    await this.#pool.close();
  }

  #sealWaiting(): void {
    for (let first = this.#queue.first(); first !== undefined; first = this.#queue.first()) {
      const records = this.#take(first.contribution);
      if (records === undefined) break;
      this.#queue.shift();
      this.#seal(first, records);
    }
    this.#queue.notify();
  }

  #giveUp(end: number, reason: DropReason): void {
    for (const { view } of this.#queue.takeUntil(end)) this.#handOn(view, reason);
    this.#queue.notify();
  }

  #take({ report, spanBound }: Contribution): PairRecords | undefined {
    return this.#pool.take(this.#sealer.demand(report, spanBound));
  }

  #seal({ view, contribution }: WaitingSpan, records: PairRecords): void {
    try {
      view.attachEnvelope(this.#sealer.seal(contribution, records, this.#random));
    } catch (error) {
      this.#handOn(view, 'seal_failed', error);
      return;
    }
    this.#handOn(view, 'sealed');
  }
}

function largestOf(demands: readonly PairDemand[]): PairDemand {
  return {
    obfuscators: Math.max(...demands.map(({ obfuscators }) => obfuscators)),
    masks: Math.max(...demands.map(({ masks }) => masks)),
  };
}
