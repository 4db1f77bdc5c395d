/**
 * Senders that deliver at least once, as exporters do: what is not acknowledged is sent again, to any receiver, until
 * it is acknowledged or its window is over; some is held back first, and some is sent once more to somebody else.
 */
import { setTimeout } from 'node:timers/promises';
import { requestWith } from '../receiver/harness.js';
import type { Generator } from '../fuzz/generator.js';
import { BUCKETS, LABELS, WINDOW_SECONDS } from './plan.js';

/** Makes the envelope of one contribution. */
type Seal = (windowStart: number, label: number, bucket: number) => string;

/** One for each bucket of a window. */
export interface Sent {
  readonly windowStart: number;
  readonly label: number;
  readonly bucket: number;
  /** `late`: refused for good; then it may have been counted where an earlier answer was lost. */
  outcome: 'pending' | 'acknowledged' | 'late';
  /** Whether an answer was lost. */
  uncertain: boolean;
}

interface LoadOptions {
  readonly seal: Seal;
  readonly random: Generator;
  /** Of the receivers. */
  readonly urls: readonly string[];
  readonly senders: number;
}

type Answer = 'acknowledged' | 'late' | 'mixed' | 'lost';

/** An exporter's own timeout is as long. */
const TIMEOUT_MILLIS = 10_000;
const MAX_BATCH = 3;

export class Load {
  readonly sent: Sent[] = [];
  readonly faults: string[] = [];
  readonly counts = { requests: 0, lost: 0, refusedForNow: 0, duplicates: 0 };
  readonly #options: LoadOptions;
  readonly #duplicates = new Set<Promise<unknown>>();
  #stopped = false;
  #places: { readonly label: number; readonly bucket: number }[] = [];
  #window = 0;

  constructor(options: LoadOptions) {
    this.#options = options;
  }

  /** Resolves after `stop`, when everything is acknowledged or late. */
  async run(): Promise<void> {
    await Promise.all(Array.from({ length: this.#options.senders }, () => this.#send()));
    await Promise.all(this.#duplicates);
  }

  /** Nothing new is begun. */
  stop(): void {
    this.#stopped = true;
  }

  async #send(): Promise<void> {
    const { random } = this.#options;
    while (!this.#stopped) {
      const batch = this.#nextBatch();
      if (batch.length === 0) {
        await setTimeout(200);
        continue;
      }
      const envelopes = batch.map(({ windowStart, label, bucket }) => this.#options.seal(windowStart, label, bucket));
      this.sent.push(...batch);
      if (random.oneIn(5)) await setTimeout(random.below(8000));
      await this.#deliver(batch, envelopes);
      if (random.oneIn(3)) this.#sendOnceMore(envelopes);
    }
  }

  async #deliver(batch: readonly Sent[], envelopes: readonly string[]): Promise<void> {
    for (;;) {
      const answer = await this.#post(envelopes);
      if (answer === 'mixed') {
        for (const [index, each] of batch.entries()) await this.#deliver([each], envelopes.slice(index, index + 1));
        return;
      }
      if (answer === 'acknowledged' || answer === 'late') {
        for (const each of batch) each.outcome = answer;
        return;
      }
      for (const each of batch) each.uncertain = true;
      await setTimeout(200 + this.#options.random.below(1000));
    }
  }

  #sendOnceMore(envelopes: readonly string[]): void {
    const delay = this.#options.random.below(6000);
    this.counts.duplicates += 1;
    const sending = setTimeout(delay).then(() => this.#post(envelopes));
    this.#duplicates.add(sending);
    void sending.finally(() => this.#duplicates.delete(sending));
  }

  async #post(envelopes: readonly string[]): Promise<Answer> {
    this.counts.requests += 1;
    try {
      const response = await fetch(this.#options.random.pick(this.#options.urls), {
        method: 'POST',
        headers: { 'content-type': 'application/json', connection: 'close' },
        body: JSON.stringify(requestWith(...envelopes)),
        signal: AbortSignal.timeout(TIMEOUT_MILLIS),
      });
      const body = await response.text();
      if (response.status === 200) return this.#understand(body, envelopes.length);
      if (response.status !== 503) this.faults.push(`answered with ${String(response.status)}: ${body}`);
      this.counts.refusedForNow += 1;
      // What failed in the middle of a commit may be counted nevertheless.
      return 'lost';
    } catch {
      this.counts.lost += 1;
      return 'lost';
    }
  }

  #understand(body: string, envelopes: number): Answer {
    const { partialSuccess } = JSON.parse(body) as {
      partialSuccess?: { rejectedSpans: string | number; errorMessage: string };
    };
    const rejected = Number(partialSuccess?.rejectedSpans ?? 0);
    if (partialSuccess === undefined || rejected === 0) return 'acknowledged';
    const { errorMessage } = partialSuccess;
    if (!errorMessage.includes('late')) this.faults.push(`a contribution was rejected: ${errorMessage}`);
    return rejected === envelopes ? 'late' : 'mixed';
  }

  /** Of the window that runs, until all its buckets are used. */
  #nextBatch(): Sent[] {
    const windowStart = Math.floor(Date.now() / 1000 / WINDOW_SECONDS) * WINDOW_SECONDS;
    if (windowStart !== this.#window) {
      this.#window = windowStart;
      this.#places = Array.from({ length: LABELS * BUCKETS }, (_, index) => ({
        label: index % LABELS,
        bucket: Math.floor(index / LABELS),
      }));
    }
    const places = this.#places.splice(0, 1 + this.#options.random.below(MAX_BATCH));
    return places.map((place) => ({ windowStart, ...place, outcome: 'pending', uncertain: false }));
  }
}
