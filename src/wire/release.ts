/**
 * The contract between receiver and key holder: what is asked, what comes back. The receiver depends on
 * `AggregateDecryptor` only, so nothing on its side can reach the private key. The key holder derives the
 * release id itself; a receiver never sends one.
 */

import type { LabelValue } from '../plan/plan.js';

/** A ciphertext under one key: the receiver's product of all contributions and of its own noise. */
export interface KeyedAggregate {
  /** Key id, base64url. */
  readonly kid: string;
  /** Standard Paillier ciphertext, big-endian, exactly twice the modulus' bytes. */
  readonly ciphertext: Uint8Array;
}

/** One cell of a window: a measurement of the request's report under one combination of labels. */
export interface CellAggregate {
  /** Position of the measurement in the report. */
  readonly measurement: number;
  /** One per label of the report, in its order; of an open label a key that was selected, or `__other__`. */
  readonly labels: readonly LabelValue[];
  /** One per key, at least one; their plaintexts are added. */
  readonly aggregates: readonly KeyedAggregate[];
  /** The receiver's word on how many contributions were folded: for the operations log only. */
  readonly count: number;
  /** SHA-256 digest over the sorted contribution ids: for the operations log only. */
  readonly digest: Uint8Array;
}

/** A whole window of one report in one call. */
export interface WindowReleaseRequest {
  /** 32 bytes. */
  readonly planHash: Uint8Array;
  /** Position of the report in the plan. */
  readonly report: number;
  /** Unix seconds; the range is [windowStart, windowEnd). */
  readonly windowStart: number;
  readonly windowEnd: number;
  readonly cells: readonly CellAggregate[];
}

/** Why there is no value: a closed set, published as it is. Never depends on the plaintext before noise. */
export const SUPPRESSION_REASONS = ['budget', 'below_minimum', 'error'] as const;
export type SuppressionReason = (typeof SUPPRESSION_REASONS)[number];

/** Why the key holder refuses to act on a cell at all; nothing is charged. */
export const REFUSAL_REASONS = [
  'unknown_plan', // plan hash not configured at the key holder
  'unknown_cell', // report, measurement or labels not in the plan, or an open label's key that was not selected
  'unknown_key', // kid not in the plan or not held
  'range', // window not aligned, of wrong length, not over by the key holder's clock, or ended too long ago
  'ciphertext', // not an element of Z*_{n^2}
  'conflict', // the cell was released before, from another aggregate or in a ledger of which entries are lost
] as const;
export type RefusalReason = (typeof REFUSAL_REASONS)[number];

export interface ReleasedCell {
  readonly status: 'released';
  /** 32 bytes, base64url. */
  readonly releaseId: string;
  /** One noised count per slot of the measurement; may be negative. */
  readonly values: readonly bigint[];
  readonly ledger: LedgerPosition;
}

export interface SuppressedCell {
  readonly status: 'suppressed';
  readonly releaseId: string;
  readonly reason: SuppressionReason;
  readonly ledger: LedgerPosition;
}

export interface RefusedCell {
  readonly status: 'refused';
  readonly reason: RefusalReason;
}

export type CellOutcome = ReleasedCell | SuppressedCell | RefusedCell;

/** Head of the key holder's ledger when the outcome became durable. */
export interface LedgerPosition {
  readonly sequence: number;
  /** Hash of that entry, 32 bytes, base64url. */
  readonly hash: string;
}

/** What a budget counts: sums of epsilon, or of rho of zero-concentrated differential privacy. */
export const BUDGET_MEASURES = ['epsilon', 'rho'] as const;
export type BudgetMeasure = (typeof BUDGET_MEASURES)[number];

/** Most digits of a fraction's numerator, and of its denominator. */
export const MAX_FRACTION_DIGITS = 80;

/** What is told beside the measure that a budget counts; `epsilon_zcdp`: what rho means at the plan's delta. */
export const TOLD_MEASURES = [...BUDGET_MEASURES, 'delta', 'epsilon_zcdp'] as const;

/** Another way to count the same spending. Where it has no limit of its own, there is none. */
export interface BudgetPart {
  readonly measure: (typeof TOLD_MEASURES)[number];
  readonly limit?: string | undefined;
  readonly consumed?: string | undefined;
}

/** State of the domain's budget in the period that holds the window; exact fractions as "n" or "n/d". */
export interface BudgetState {
  readonly domain: string;
  /** Of limit, consumed and remaining. */
  readonly measure: BudgetMeasure;
  /** Unix seconds of the period's start. */
  readonly periodStart: number;
  readonly limit: string;
  readonly consumed: string;
  readonly remaining: string;
  /** For readers; nothing is decided by it. None from a key holder of an older version. */
  readonly parts?: readonly BudgetPart[] | undefined;
}

export interface WindowReleaseResponse {
  /** In the order of the request's cells. */
  readonly cells: readonly CellOutcome[];
  readonly budget: BudgetState;
}

/** How many subjects have a key of an open label in a window: the product of all unit counts and of the receiver's noise. */
export interface KeyAggregate {
  readonly key: string;
  /** One per public key, at least one; their plaintexts are added. */
  readonly aggregates: readonly KeyedAggregate[];
}

/** All keys of a report's open label that were met in a window, asked for once, before its cells. */
export interface SelectionRequest extends Omit<WindowReleaseRequest, 'cells'> {
  /** Ascending by their UTF-8 bytes, each once, never `__other__`; none where nobody contributed. */
  readonly keys: readonly KeyAggregate[];
}

/** The keys that may be published. Of the others nothing is said, ever. */
export interface SelectedKeys {
  readonly status: 'selected';
  readonly releaseId: string;
  /** Ascending by their UTF-8 bytes. */
  readonly keys: readonly string[];
  readonly ledger: LedgerPosition;
}

export type SelectionOutcome = SelectedKeys | SuppressedCell | RefusedCell;

export interface SelectionResponse {
  readonly outcome: SelectionOutcome;
  readonly budget: BudgetState;
}

/**
 * Opens aggregates under an enforced budget. Implemented by the key holder's client; may be supplied by a
 * user. Idempotent: the same request gets the same answer for ever. Rejects with `unavailable` where the
 * key holder cannot be reached: ask again with the byte-identical request.
 */
export interface AggregateDecryptor {
  releaseWindow(request: WindowReleaseRequest): Promise<WindowReleaseResponse>;
  /** Needed for plans with open labels only. */
  selectKeys?(request: SelectionRequest): Promise<SelectionResponse>;
}
