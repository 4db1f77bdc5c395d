/**
 * What happens to a request's envelopes, the same for every transport: admit, read, judge the window, verify,
 * record, answer. Cheap checks come first and run here; proofs are checked in workers; the answer comes when
 * everything that was accepted is durable. One bad envelope never changes what happens to another.
 */
import { setImmediate } from 'node:timers/promises';
import type { Store } from '../aggregation/store.js';
import type { Clock } from '../clock.js';
import type { PartialSuccess } from '../otlp/encode.js';
import type { ExtractedEnvelopes } from '../otlp/trace-request.js';
import type { PublicKey } from '../paillier/public-key.js';
import type { CompiledPlan } from '../plan/compile.js';
import { decodeEnvelope, headerBytes } from '../wire/envelope.js';
import { REJECTION_REASONS, type RejectionReason } from '../wire/rejection.js';
import { EnvelopeVerifier, type VerifiedContribution, type VerifyResult } from '../wire/verify.js';
import { Admission } from './admission.js';
import { EnvelopeShapes } from './envelope-shapes.js';
import { noRejections, type IngestCounters, type RejectionCounts } from './ingest-counters.js';
import type { ReceiverLimits } from './limits.js';
import { SourceQuota } from './source-quota.js';
import { SourceTurns } from './source-turns.js';
import type { EnvelopeVerification } from './verify-pool.js';
import { FULL_TASK, SMALL_TASK, verifyTasks, type ReadableEnvelope } from './verify-tasks.js';
import { judgeWindow } from './window-rule.js';

export interface IngestOptions {
  readonly plans: readonly CompiledPlan[];
  readonly keys: readonly PublicKey[];
  readonly verification: EnvelopeVerification;
  readonly store: Store;
  readonly clock: Clock;
  readonly counters: IngestCounters;
  readonly limits: Pick<ReceiverLimits, 'maxQueuedEnvelopes' | 'maxQueuedBytes'>;
  /** Told how long things took, in seconds. */
  readonly onVerified?: (seconds: number) => void;
  readonly onRecorded?: (seconds: number) => void;
}

/** Envelopes read between two turns of the event loop: about a millisecond. */
const READ_CHUNK = 256;

/** Whole quadruples of text that cover the fixed part of a header. */
const HEADER_TEXT = 4 * Math.ceil(headerBytes(0) / 3);

export class IngestPipeline {
  readonly #options: IngestOptions;
  readonly #plans: ReadonlyMap<string, CompiledPlan>;
  /** Reads headers only; it never builds tables. */
  readonly #reader: EnvelopeVerifier;
  readonly #shapes: EnvelopeShapes;
  readonly #admission: Admission;
  readonly #quota = new SourceQuota();
  readonly #turns = new SourceTurns();

  constructor(options: IngestOptions) {
    const { plans, keys, limits } = options;
    this.#options = options;
    this.#plans = new Map(plans.map((plan) => [plan.hashText, plan]));
    this.#reader = new EnvelopeVerifier(plans, keys);
    this.#shapes = new EnvelopeShapes(plans, keys);
    this.#admission = new Admission(limits);
  }

  /** Envelopes that were admitted and are not yet answered. */
  get queued(): number {
    return this.#admission.envelopes;
  }

  /**
   * Resolves when everything acceptable is durable; with what to tell the sender where something was rejected.
   * Rejects with `unavailable` before any work where the queue is full, and where checking or storing failed:
   * then the sender must send everything again, and what was stored already is recognised. `source` names who
   * holds the connection; one of many bad envelopes waits longer, and has less room in the queue.
   */
  async ingest(
    { spans, envelopes, malformed }: ExtractedEnvelopes,
    source: string,
  ): Promise<PartialSuccess | undefined> {
    const leave = this.#admission.admit(envelopes, source, this.#quota.isSuspect(source, this.#now()));
    try {
      const rejected = noRejections();
      rejected.malformed = malformed;
      const readable = await this.#read(envelopes, rejected);
      const verified = await this.#verify(readable, source, rejected);
      const counted = await this.#record(verified, rejected);
      return this.#conclude(spans, envelopes.length + malformed, counted, rejected);
    } finally {
      leave();
    }
  }

  /** Decodes, reads headers, judges windows; what is left is worth an exponentiation. */
  async #read(envelopes: readonly string[], rejected: RejectionCounts): Promise<ReadableEnvelope[]> {
    const readable: ReadableEnvelope[] = [];
    for (const [index, text] of envelopes.entries()) {
      if (index > 0 && index % READ_CHUNK === 0) await setImmediate();
      const result = this.#readOne(text);
      if (typeof result === 'string') rejected[result] += 1;
      else readable.push(result);
    }
    return readable;
  }

  #readOne(text: string): ReadableEnvelope | RejectionReason {
    // The start of an overlong text still says which version, plan or key it claims; its length is wrong anyway.
    const bytes = decodeEnvelope(text.length > this.#shapes.longestText ? text.slice(0, HEADER_TEXT) : text);
    if (bytes === undefined) return 'malformed';
    const read = this.#reader.readHeader(bytes);
    if (!read.ok) return read.reason;
    const plan = this.#plans.get(read.header.planHash);
    if (plan === undefined) return 'unknown_plan';
    const fault = judgeWindow(plan.plan, read.header.windowStart, this.#now());
    return fault ?? { bytes, branches: this.#shapes.branches(read.header) };
  }

  async #verify(
    envelopes: readonly ReadableEnvelope[],
    source: string,
    rejected: RejectionCounts,
  ): Promise<VerifiedContribution[]> {
    if (envelopes.length === 0) return [];
    const started = this.#options.clock();
    const results = await this.#check(envelopes, source);
    this.#options.onVerified?.((this.#options.clock() - started) / 1000);
    const verified = results.flatMap((result) => {
      if (result.ok) return [result.contribution];
      rejected[result.reason] += 1;
      return [];
    });
    this.#quota.note(source, results.length, results.length - verified.length, this.#now());
    return verified;
  }

  /** Tasks of one request only hold its own envelopes: who sends bad ones spoils no other's batch. */
  async #check(envelopes: readonly ReadableEnvelope[], source: string): Promise<VerifyResult[]> {
    if (this.#quota.isSuspect(source, this.#now())) {
      return this.#turns.take(source, () => this.#checkSlowly(envelopes));
    }
    const { verification } = this.#options;
    const tasks = verifyTasks(envelopes, FULL_TASK).map((task) => verification.verify(task));
    return (await allDone(tasks)).flat();
  }

  /** Never more than one small task with the workers. */
  async #checkSlowly(envelopes: readonly ReadableEnvelope[]): Promise<VerifyResult[]> {
    const results: VerifyResult[] = [];
    for (const task of verifyTasks(envelopes, SMALL_TASK)) {
      results.push(...(await this.#options.verification.verify(task)));
    }
    return results;
  }

  async #record(
    contributions: readonly VerifiedContribution[],
    rejected: RejectionCounts,
  ): Promise<{ accepted: number; duplicate: number }> {
    const counted = { accepted: 0, duplicate: 0 };
    if (contributions.length === 0) return counted;
    const started = this.#options.clock();
    const outcomes = await this.#options.store.record(contributions, this.#now());
    this.#options.onRecorded?.((this.#options.clock() - started) / 1000);
    for (const outcome of outcomes) {
      if (outcome === 'counted') counted.accepted += 1;
      else if (outcome === 'duplicate') counted.duplicate += 1;
      else rejected[outcome] += 1;
    }
    return counted;
  }

  /** Counters move only for answered requests, so that one sent again is not counted twice. */
  #conclude(
    spans: number,
    envelopes: number,
    { accepted, duplicate }: { accepted: number; duplicate: number },
    rejected: RejectionCounts,
  ): PartialSuccess | undefined {
    const { counters } = this.#options;
    counters.spans += spans;
    counters.accepted += accepted;
    counters.duplicate += duplicate;
    counters.addRejected(rejected);
    const reasons = REJECTION_REASONS.filter((reason) => rejected[reason] > 0);
    if (reasons.length === 0) return undefined;
    const rejectedSpans = reasons.reduce((sum, reason) => sum + rejected[reason], 0);
    const list = reasons.map((reason) => `${reason} ${String(rejected[reason])}`).join(', ');
    return {
      rejectedSpans,
      errorMessage: `${String(rejectedSpans)} of ${String(envelopes)} envelopes not counted: ${list}`,
    };
  }

  /** Unix seconds. */
  #now(): number {
    return this.#options.clock() / 1000;
  }
}

/** As Promise.all, but a failure is told only when no task runs any more: until then the room is taken. */
async function allDone<Result>(tasks: readonly Promise<Result>[]): Promise<Result[]> {
  await Promise.allSettled(tasks);
  return Promise.all(tasks);
}
