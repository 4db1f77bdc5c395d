/**
 * Who recently sent envelopes whose proofs failed. A batch that fails is verified again in parts, so one bad
 * envelope costs as much as dozens of good ones; a source of many is verified in small batches, one after
 * another over all its requests, gets a small share of the queue, and pays for that with its own time. Forgets: half of
 * what it knows every minute, and the sources heard of longest ago. A source is whoever holds the connection, so what
 * arrives through one proxy or collector is judged together; what is refused for it may be sent again.
 */

const HALF_LIFE_SECONDS = 60;
/** Failures that nobody is suspected for, and the share of all envelopes beyond which a source is. */
const FREE_FAILURES = 8;
const FAILING_SHARE = 1 / 32;
const MAX_SOURCES = 1024;

interface Record {
  readonly checked: number;
  readonly failed: number;
  readonly at: number;
}

export class SourceQuota {
  /** The one heard of longest ago first. */
  readonly #records = new Map<string, Record>();

  /** @param now Unix seconds. */
  isSuspect(source: string, now: number): boolean {
    const { checked, failed } = this.#recall(source, now);
    return failed > FREE_FAILURES && failed > checked * FAILING_SHARE;
  }

  note(source: string, checked: number, failed: number, now: number): void {
    const known = this.#recall(source, now);
    this.#records.delete(source);
    this.#records.set(source, { checked: known.checked + checked, failed: known.failed + failed, at: now });
    const [oldest] = this.#records.keys();
    if (this.#records.size > MAX_SOURCES && oldest !== undefined) this.#records.delete(oldest);
  }

  #recall(source: string, now: number): Record {
    const { checked, failed, at } = this.#records.get(source) ?? { checked: 0, failed: 0, at: now };
    const kept = 0.5 ** (Math.max(0, now - at) / HALF_LIFE_SECONDS);
    return { checked: checked * kept, failed: failed * kept, at };
  }
}
