/** Options of the EncryptingSpanProcessor, and their checked form. */
import { assertArgument, TelemetryKitError } from '../src/errors.js';
import type { PublicKey } from '../src/paillier/public-key.js';
import type { CompiledPlan } from '../src/plan/compile.js';
import { openSignedPlan, type PlanTrust } from '../src/plan/document.js';
import type { ContributionStore } from './contribution-store.js';
import type { PairSource } from './pair-source.js';

/** A signed plan document with what the application trusts. */
export interface PinnedPlan {
  /** The parsed JSON of a signed plan document. */
  readonly document: unknown;
  readonly trust: PlanTrust;
}

export interface EncryptingSpanProcessorOptions {
  readonly plan: CompiledPlan | PinnedPlan;
  /** At least one that the plan names; the first in the plan's order is sealed under. */
  readonly publicKeys: readonly PublicKey[];
  /**
   * Most spans that wait for randomness, 1 or more. Default 2048. Beyond it a span goes on at once without its
   * contribution, counted as `queue_full`.
   */
  readonly queueLimit?: number;
  /** Precomputed records to start with, 1 or more. Default 1024: about 0.7 MB at 2048 bits, 1 MB at 3072. */
  readonly poolInitialRecords?: number;
  /** Most precomputed records ever held. Default 8192: about 5.5 MB at 2048 bits, 8 MB at 3072. */
  readonly poolRecordLimit?: number;
  /**
   * Sealed texts of this many characters or more are also taken out of names, messages and other attributes.
   * Default 6: shorter ones would be found in unrelated words.
   */
  readonly scrubMinimumLength?: number;
  /**
   * Longest time that coalesced totals wait in memory before they are sealed, in milliseconds; what a crash can
   * lose. Default 10,000; keep it well below the plan's grace.
   */
  readonly flushMillis?: number;
  /** How long forceFlush and shutdown wait for randomness, in milliseconds. Default 30,000. */
  readonly drainTimeoutMillis?: number;
  /**
   * Where contributions are counted, of plans with `bounds`. Default: in the memory of this process, so that every
   * start of the application counts as one of the plan's `processes`. The application closes what it passes here.
   */
  readonly contributionStore?: ContributionStore;
  /**
   * Most counters of contributions held in memory for one budget period, 1 or more: one for every subject of a
   * report, and one for each of its windows where `visitsPerWindow` is declared. Default 200,000: about 16 MB. Beyond
   * it new subjects count as absent until the next period.
   */
  readonly contributionCounterLimit?: number;
  /** Computes randomness. Default: a worker thread. */
  readonly pairSource?: (key: PublicKey) => PairSource;
}

/** Everything but the pair source, checked and with its defaults. */
export interface ProcessorSettings {
  readonly plan: CompiledPlan;
  readonly key: PublicKey;
  readonly queueLimit: number;
  readonly poolInitialRecords: number;
  readonly poolRecordLimit: number;
  readonly scrubMinimumLength: number;
  readonly drainTimeoutMillis: number;
  readonly flushMillis: number;
  readonly contributionStore: ContributionStore | undefined;
  readonly contributionCounterLimit: number;
}

/**
 * Throws `invalid_argument` for a number out of range, `invalid_key` where no key fits the plan, and what
 * `openSignedPlan` throws.
 */
export function resolveOptions(options: EncryptingSpanProcessorOptions): ProcessorSettings {
  const plan = openPlan(options.plan);
  const settings: ProcessorSettings = {
    plan,
    key: selectKey(plan, options.publicKeys),
    queueLimit: options.queueLimit ?? 2048,
    poolInitialRecords: options.poolInitialRecords ?? 1024,
    poolRecordLimit: options.poolRecordLimit ?? 8192,
    scrubMinimumLength: options.scrubMinimumLength ?? 6,
    drainTimeoutMillis: options.drainTimeoutMillis ?? 30_000,
    flushMillis: options.flushMillis ?? 10_000,
    contributionStore: options.contributionStore,
    contributionCounterLimit: options.contributionCounterLimit ?? 200_000,
  };
  for (const name of [
    'queueLimit',
    'poolInitialRecords',
    'poolRecordLimit',
    'scrubMinimumLength',
    'flushMillis',
    'contributionCounterLimit',
  ] as const) {
    assertWhole(name, settings[name], 1);
  }
  assertWhole('drainTimeoutMillis', settings.drainTimeoutMillis, 0);
  return settings;
}

export function openPlan(plan: CompiledPlan | PinnedPlan): CompiledPlan {
  return 'document' in plan ? openSignedPlan(plan.document, plan.trust) : plan;
}

/** The first key id of the plan that there is a public key for. */
export function selectKey({ plan }: CompiledPlan, publicKeys: readonly PublicKey[]): PublicKey {
  const [key] = plan.keys.flatMap((kid) => publicKeys.filter((candidate) => candidate.kid === kid));
  if (key !== undefined) return key;
  throw new TelemetryKitError('invalid_key', 'none of the public keys is named by the plan', {
    fix: 'pass the public key whose id stands in the plan under `keys`',
  });
}

function assertWhole(name: string, value: number, least: number): void {
  assertArgument(
    Number.isSafeInteger(value) && value >= least,
    `${name} is not a whole number of at least ${String(least)}`,
    `pass an integer for ${name}, or leave it out`,
  );
}
