/**
 * Precomputed randomness, held by the application's thread. SECRET and single-use: a record is handed out
 * once, in order, and belongs to the taker, who overwrites it. Everything is forgotten on close and when the
 * source fails.
 *
 * Refills ahead: below half of its depth the pool asks for chunks, one at a time, of the kind it is shortest
 * of, until it is full again. The depth starts small and doubles each time the pool runs dry between two
 * fillings, up to `recordLimit` records: about 0.7 kB each at 2048 bits, 1 kB at 3072.
 */
import { TelemetryKitError } from '../src/errors.js';
import type { PairKind } from '../src/proofs/pairs.js';
import type { PairDemand } from '../src/wire/envelope-shape.js';
import type { PairRecords } from '../src/wire/seal.js';
import { keepAliveUntil } from './keep-alive.js';
import { logError } from './log.js';
import type { PairSource } from './pair-source.js';
import { pause } from './pause.js';
import { RecordStore } from './record-store.js';

export interface PoolOptions {
  readonly source: PairSource;
  /** Bytes of one record. */
  readonly recordBytes: Readonly<Record<PairKind, number>>;
  /** The most that one take() asks for. */
  readonly largestDemand: PairDemand;
  /** Records, both kinds together, that the pool starts with; at least one demand is held in any case. */
  readonly initialRecords: number;
  /** Most records the pool ever holds; at least one demand. */
  readonly recordLimit: number;
  /** First and longest pause after the source failed. Default 100 and 30,000. */
  readonly retryMillis?: { readonly first: number; readonly longest: number };
  /** New records have arrived. */
  readonly onRefilled: () => void;
  /** The source failed several times in a row: whoever waits should not count on it. It is still retried. */
  readonly onUnavailable: () => void;
}

/** A chunk is some tens of milliseconds of a worker's time. */
const CHUNK_RECORDS = 32;
const FAILURES_UNTIL_UNAVAILABLE = 4;
const KINDS = ['obfuscator', 'mask'] as const;

export class RandomnessPool {
  readonly #options: PoolOptions;
  readonly #stores: Record<PairKind, RecordStore>;
  readonly #largest: Record<PairKind, number>;
  readonly #deepest: number;
  /** In largest demands. */
  #depth: number;
  #failures = 0;
  #refilling = false;
  #closed = false;
  /** Whether the pool has run dry since it was last full. */
  #ranDry = false;
  #filledOnce = false;
  #waiting: { readonly resolve: () => void; readonly reject: (error: Error) => void }[] = [];

  /** Starts to fill at once. */
  constructor(options: PoolOptions) {
    const { recordBytes, largestDemand } = options;
    const demandRecords = largestDemand.obfuscators + largestDemand.masks;
    this.#options = options;
    this.#stores = { obfuscator: new RecordStore(recordBytes.obfuscator), mask: new RecordStore(recordBytes.mask) };
    this.#largest = { obfuscator: largestDemand.obfuscators, mask: largestDemand.masks };
    this.#deepest = Math.max(1, Math.floor(options.recordLimit / demandRecords));
    this.#depth = Math.min(this.#deepest, Math.max(1, Math.floor(options.initialRecords / demandRecords)));
    void this.#refill();
  }

  /** Records held, both kinds together. */
  get size(): number {
    return this.#stores.obfuscator.size + this.#stores.mask.size;
  }

  /** False while the source keeps failing and after close. */
  get isAvailable(): boolean {
    return !this.#closed && this.#failures < FAILURES_UNTIL_UNAVAILABLE;
  }

  /** Exactly the records demanded, or `undefined` where there are too few: nothing is taken then. */
  take({ obfuscators, masks }: PairDemand): PairRecords | undefined {
    const { obfuscator, mask } = this.#stores;
    if (obfuscator.size < obfuscators || mask.size < masks) {
      this.#deepen();
      void this.#refill();
      return undefined;
    }
    const records = { obfuscators: obfuscator.take(obfuscators), masks: mask.take(masks) };
    if (KINDS.some((kind) => this.#stores[kind].size < this.#target(kind) / 2)) void this.#refill();
    return records;
  }

  /** Resolves once the pool has been full; rejects with `unavailable` where that cannot be expected. */
  ready(): Promise<void> {
    if (this.#filledOnce) return Promise.resolve();
    if (!this.isAvailable) return Promise.reject(unavailable());
    const filled = new Promise<void>((resolve, reject) => this.#waiting.push({ resolve, reject }));
    return keepAliveUntil(filled);
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#forget();
    this.#rejectWaiting();
    await this.#options.source.close();
  }

  #deepen(): void {
    if (this.#ranDry) return;
    this.#ranDry = true;
    this.#depth = Math.min(this.#deepest, 2 * this.#depth);
  }

  #target(kind: PairKind): number {
    return this.#depth * this.#largest[kind];
  }

  /** One loop at a time; ends when every kind is at its target. */
  async #refill(): Promise<void> {
    if (this.#refilling) return;
    this.#refilling = true;
    for (let kind = this.#shortest(); kind !== undefined; kind = this.#shortest()) {
      await this.#refillKind(kind);
    }
    this.#refilling = false;
  }

  /** The kind that is furthest below its target, or `undefined` where there is nothing to do. */
  #shortest(): PairKind | undefined {
    if (this.#closed) return undefined;
    const filled = (kind: PairKind): number => this.#stores[kind].size / this.#target(kind);
    const kind = filled('obfuscator') <= filled('mask') ? 'obfuscator' : 'mask';
    return filled(kind) < 1 ? kind : undefined;
  }

  async #refillKind(kind: PairKind): Promise<void> {
    const missing = this.#target(kind) - this.#stores[kind].size;
    try {
      this.#accept(kind, await this.#options.source.compute(kind, Math.min(CHUNK_RECORDS, missing)));
    } catch (error) {
      if (!this.#closed) await this.#recover(error);
    }
  }

  #accept(kind: PairKind, chunk: Uint8Array): void {
    if (this.#closed) {
      chunk.fill(0);
      return;
    }
    this.#stores[kind].add(chunk);
    this.#failures = 0;
    if (this.#shortest() === undefined) this.#noteFull();
    this.#options.onRefilled();
  }

  async #recover(error: unknown): Promise<void> {
    this.#failures += 1;
    this.#forget();
    if (this.#failures === 1) {
      logError(`randomness for sealing cannot be computed, trying again: ${messageOf(error)}`);
    }
    if (this.#failures === FAILURES_UNTIL_UNAVAILABLE) {
      this.#rejectWaiting();
      this.#options.onUnavailable();
    }
    const { first, longest } = this.#options.retryMillis ?? { first: 100, longest: 30_000 };
    await pause(Math.min(longest, first * 2 ** (this.#failures - 1)));
  }

  #forget(): void {
    for (const kind of KINDS) this.#stores[kind].clear();
  }

  #noteFull(): void {
    this.#ranDry = false;
    this.#filledOnce = true;
    for (const { resolve } of this.#waiting.splice(0)) resolve();
  }

  #rejectWaiting(): void {
    for (const { reject } of this.#waiting.splice(0)) reject(unavailable());
  }
}

function unavailable(): TelemetryKitError {
  return new TelemetryKitError('unavailable', 'no randomness can be computed for sealing', {
    fix: 'see the error logged through diag, and check that the process may start worker threads',
  });
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : 'unknown error';
}
