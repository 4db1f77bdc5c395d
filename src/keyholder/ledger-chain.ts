/**
 * Reads a ledger from its first entry and checks everything an entry claims: its place in the chain, its
 * release id, the order of states, and that each decision was right under the limit it names. Used when
 * the ledger is opened and, without any key, on an exported copy.
 */
import { TelemetryKitError } from '../errors.js';
import { parseRationalFraction } from '../math/rational.js';
import type { LedgerPosition } from '../wire/release.js';
import { BudgetAccounts } from './budget-accounts.js';
import { entryHash, GENESIS, parseBody } from './ledger-entry.js';
import type { EntryBody, LedgerEntry, ReservedBody, SealedBody } from './ledger-entry.js';
import { cellIdOf, releaseIdOf } from './release-id.js';
import { WindowBudget } from './window-budget.js';

/** Windows of plans are no longer; an auditor never counts through the hours of a forged one. */
const LONGEST_WINDOW_SECONDS = 31 * 86_400;

/** What is known of a release: the decision about its budget and how far it came. */
interface Progress {
  readonly decision: ReservedBody['decision'];
  readonly state: EntryBody['state'];
}

export class LedgerChain {
  readonly accounts = new BudgetAccounts();
  readonly #releases = new Map<string, Progress>();
  readonly #cells = new Set<string>();
  #head: LedgerPosition = { sequence: 0, hash: GENESIS };

  /** Position of the last entry; sequence 0 before the first. */
  get head(): LedgerPosition {
    return this.#head;
  }

  /** Throws `ledger_corrupt` naming this entry where it does not follow from those before it. */
  follow(entry: LedgerEntry): EntryBody {
    this.#refuse(this.#linkFault(entry));
    const body = parseBody(entry.body);
    if (body === undefined) throw corrupt(entry.sequence, 'its body is malformed');
    this.#refuse(this.#contentFault(body));
    this.#record(body);
    this.#head = { sequence: entry.sequence, hash: entry.hash };
    return body;
  }

  #refuse(fault: string | undefined): void {
    if (fault !== undefined) throw corrupt(this.#head.sequence + 1, fault);
  }

  #linkFault({ sequence, previousHash, hash, body }: LedgerEntry): string | undefined {
    if (sequence !== this.#head.sequence + 1) return 'an entry is missing or out of order';
    if (previousHash !== this.#head.hash) return 'it does not follow the entry before it';
    if (hash !== entryHash(sequence, previousHash, body)) return 'its hash does not match its body';
    return undefined;
  }

  #contentFault(body: EntryBody): string | undefined {
    switch (body.state) {
      case 'RESERVED':
        return this.#reservationFault(body);
      case 'SEALED':
        return this.#sealFault(body);
      case 'PUBLISHED':
        return this.#releases.get(body.releaseId)?.state === 'SEALED' ? undefined : 'it publishes what is not sealed';
    }
  }

  #record(body: EntryBody): void {
    if (body.state !== 'RESERVED') {
      const decision = this.#releases.get(body.releaseId)?.decision ?? 'granted';
      this.#releases.set(body.releaseId, { decision, state: body.state });
      return;
    }
    this.#releases.set(body.releaseId, { decision: body.decision, state: body.state });
    this.#cells.add(cellIdOf(body.cell));
    this.accounts.record(body);
  }

  #reservationFault(body: ReservedBody): string | undefined {
    const { releaseId, cell, limits } = body;
    if (releaseId !== releaseIdOf(cell)) return 'its release id is not that of its cell';
    if (this.#releases.has(releaseId) || this.#cells.has(cellIdOf(cell))) return 'it reserves a cell twice';
    if (cell.rangeEnd - cell.rangeStart > LONGEST_WINDOW_SECONDS) return 'its window is longer than any plan allows';
    if (new Set(limits.map(({ period }) => period)).size < limits.length) return 'it names a limit twice';
    return this.#fits(body) === (body.decision === 'granted')
      ? undefined
      : 'its decision is not the one its budget allows';
  }

  #fits({ domain, cell, limits, epsilon }: ReservedBody): boolean {
    const budget = new WindowBudget(
      { start: cell.rangeStart, end: cell.rangeEnd },
      limits.map(({ period, limit }) => ({ period, limit: parseRationalFraction(limit) })),
      (period, start) => this.accounts.spent(domain, period, start),
    );
    return budget.tryReserve(parseRationalFraction(epsilon)) === undefined;
  }

  #sealFault({ releaseId, outcome }: SealedBody): string | undefined {
    const progress = this.#releases.get(releaseId);
    if (progress?.state !== 'RESERVED') return 'it seals what is not reserved';
    const forBudget = outcome.status === 'suppressed' && outcome.reason === 'budget';
    return forBudget === (progress.decision === 'budget') ? undefined : 'its outcome contradicts its decision';
  }
}

function corrupt(sequence: number, finding: string): TelemetryKitError {
  return new TelemetryKitError('ledger_corrupt', `ledger entry ${String(sequence)} does not verify: ${finding}`, {
    fix: 'stop releasing and restore the whole ledger file; compare its head with the published anchors',
  });
}
