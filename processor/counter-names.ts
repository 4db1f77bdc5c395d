/**
 * Names of counters: HMAC-SHA-256 (RFC 2104), cut to 128 bits, of a subject and what it contributes to, under a key
 * that lives as long as the budget period. Whoever holds a name and the key can test a guess of the subject; without
 * the key a name says nothing, and names of two periods cannot be linked.
 */
import { hmac } from '@noble/hashes/hmac.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { toBase64Url, utf8ToBytes } from '../src/bytes.js';
import { hashFramed, u64 } from '../src/framing.js';
import { hashPlan } from '../src/plan/canonical.js';
import type { Plan } from '../src/plan/plan.js';
import type { Visit } from './visit.js';

const NAME_BYTES = 16;

export class CounterNames {
  readonly #key: Uint8Array;
  readonly #scope: readonly Uint8Array[];
  readonly #plan: Plan;
  #planHash: Uint8Array | undefined;

  /** `key`: 32 random bytes. Plans of one name and domain share their counters, so that a new version goes on counting. */
  constructor(key: Uint8Array, plan: Plan) {
    this.#key = key;
    this.#plan = plan;
    this.#scope = [plan.privacy.domain, plan.name].map(utf8ToBytes);
  }

  /** Of all visits of the subject to the report in the period. */
  ofPeriod({ report, subject }: Visit): string {
    return this.#name('telemetry-kit/v1/visits-of-period', [utf8ToBytes(report), utf8ToBytes(subject)]);
  }

  /** Of those in the visit's window. */
  ofWindow({ report, subject, windowStart }: Visit): string {
    const items = [utf8ToBytes(report), utf8ToBytes(subject), u64(windowStart)];
    return this.#name('telemetry-kit/v1/visits-of-window', items);
  }

  /** Of the keys of the report's open label under which the subject counts in the period. */
  ofKeys({ report, subject }: Visit): string {
    return this.#name('telemetry-kit/v1/keys-of-period', [utf8ToBytes(report), utf8ToBytes(subject)]);
  }

  /**
   * Of one key. Another version of the plan selects its keys by itself: there the same text is another key, or else a
   * subject would show under it without being counted.
   */
  ofKey({ report, subject }: Visit, key: string): string {
    this.#planHash ??= hashPlan(this.#plan);
    const items = [this.#planHash, utf8ToBytes(report), utf8ToBytes(subject), utf8ToBytes(key)];
    return this.#name('telemetry-kit/v1/key', items);
  }

  #name(label: string, items: readonly Uint8Array[]): string {
    const digest = hashFramed(label, [...this.#scope, ...items]);
    return toBase64Url(hmac(sha256, this.#key, digest).subarray(0, NAME_BYTES));
  }
}
