/**
 * Names of counters: HMAC-SHA-256 (RFC 2104), cut to 128 bits, of a subject and what it contributes to, under a key
 * that lives as long as the budget period. Whoever holds a name and the key can test a guess of the subject; without
 * the key a name says nothing, and names of two periods cannot be linked.
 */
import { hmac, type _HMAC } from '@noble/hashes/hmac.js';
import { sha256, type _SHA256 } from '@noble/hashes/sha2.js';
import { concatBytes, toBase64Url, utf8ToBytes } from '../src/bytes.js';
import { hashFramed, u64 } from '../src/framing.js';
import { hashPlan } from '../src/plan/canonical.js';
import type { Plan } from '../src/plan/plan.js';
import type { Visit } from './visit.js';

const NAME_BYTES = 16;

type Mac = _HMAC<_SHA256>;

export class CounterNames {
  readonly #key: Uint8Array;
  readonly #plan: Plan;
  /** Ready to take a subject, by kind of counter and report: every span asks for one. */
  readonly #macs = new Map<string, Mac>();
  #planHash: Uint8Array | undefined;

  /** `key`: 32 random bytes. Plans of one name and domain share their counters, so that a new version goes on counting. */
  constructor(key: Uint8Array, plan: Plan) {
    this.#key = key;
    this.#plan = plan;
  }

  /** Of all visits of the subject to the report in the period. */
  ofPeriod({ report, subject }: Visit): string {
    return this.#name('visits-of-period', report, utf8ToBytes(subject));
  }

  /** Of those in the visit's window. */
  ofWindow({ report, subject, windowStart }: Visit): string {
    return this.#name('visits-of-window', report, concatBytes([u64(windowStart), utf8ToBytes(subject)]));
  }

  /** Of the keys of the report's open label under which the subject counts in the period. */
  ofKeys({ report, subject }: Visit): string {
    return this.#name('keys-of-period', report, utf8ToBytes(subject));
  }

  /**
   * Of one key. Another version of the plan selects its keys by itself: there the same text is another key, or else a
   * subject would show under it without being counted.
   */
  ofKey({ report, subject }: Visit, key: string): string {
    this.#planHash ??= hashPlan(this.#plan);
    const items = [this.#planHash, utf8ToBytes(subject), utf8ToBytes(key)];
    return this.#name('key', report, hashFramed('telemetry-kit/v1/subject-and-key', items));
  }

  #name(kind: string, report: string, message: Uint8Array): string {
    const scope = `${kind} ${report}`;
    let mac = this.#macs.get(scope);
    if (mac === undefined) this.#macs.set(scope, (mac = this.#scopedMac(kind, report)));
    return toBase64Url(mac.clone().update(message).digest().subarray(0, NAME_BYTES));
  }

  /** Under a key of its own, so that no two kinds of counter, reports or plans share a name. */
  #scopedMac(kind: string, report: string): Mac {
    const { name, privacy } = this.#plan;
    const scope = hashFramed('telemetry-kit/v1/counter', [kind, privacy.domain, name, report].map(utf8ToBytes));
    return hmac.create(sha256, hmac(sha256, this.#key, scope));
  }
}
