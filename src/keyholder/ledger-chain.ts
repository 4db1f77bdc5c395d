/**
 * Reads a ledger from its first entry and checks everything an entry claims: its place in the chain, its
 * release id, the order of states, and that each decision was right under the limits it names. Used when
 * the ledger is opened and, without any key, on an exported copy.
 */
import { TelemetryKitError } from '../errors.js';
import type { LedgerPosition } from '../wire/release.js';
import { faultOfRelease, faultOfReservation } from './entry-faults.js';
import { entryHash, GENESIS, parseBody } from './ledger-entry.js';
import type { EntryBody, LedgerEntry, ReservedBody, SealedBody } from './ledger-entry.js';
import { LedgerState } from './ledger-state.js';
import { cellIdOf } from './release-id.js';

/** What is known of a release: the decision about its budget and how far it came. */
interface Progress {
  readonly isSelection: boolean;
  readonly decision: ReservedBody['decision'];
  readonly state: EntryBody['state'];
}

export class LedgerChain {
  readonly state = new LedgerState();
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
    if (body === undefined) throw corruptEntry(entry.sequence, 'its body is malformed');
    this.#refuse(this.#contentFault(body));
    this.#record(body);
    this.#head = { sequence: entry.sequence, hash: entry.hash };
    return body;
  }

  #refuse(fault: string | undefined): void {
    if (fault !== undefined) throw corruptEntry(this.#head.sequence + 1, fault);
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
        if (this.#releases.has(body.releaseId) || this.#cells.has(cellIdOf(body.cell)))
          return 'it reserves a cell twice';
        return faultOfRelease(body, this.state);
      case 'RESERVED_PERIOD':
        return faultOfReservation(body, this.state);
      case 'SEALED':
        return this.#sealFault(body);
      case 'PUBLISHED':
        return this.#releases.get(body.releaseId)?.state === 'SEALED' ? undefined : 'it publishes what is not sealed';
    }
  }

  #record(body: EntryBody): void {
    this.state.record(body);
    switch (body.state) {
      case 'RESERVED':
        this.#releases.set(body.releaseId, {
          isSelection: body.cell.kind === 'selection',
          decision: body.decision,
          state: body.state,
        });
        this.#cells.add(cellIdOf(body.cell));
        return;
      case 'SEALED':
      case 'PUBLISHED': {
        const progress = this.#releases.get(body.releaseId);
        if (progress !== undefined) this.#releases.set(body.releaseId, { ...progress, state: body.state });
        return;
      }
      case 'RESERVED_PERIOD':
        return;
    }
  }

  #sealFault({ releaseId, outcome }: SealedBody): string | undefined {
    const progress = this.#releases.get(releaseId);
    if (progress?.state !== 'RESERVED') return 'it seals what is not reserved';
    const isSelection = outcome.status === 'selected';
    if (outcome.status !== 'suppressed' && isSelection !== progress.isSelection) {
      return 'its outcome is not of its kind';
    }
    const reason = outcome.status === 'suppressed' ? outcome.reason : undefined;
    return isOutcomeOf(progress.decision, reason) ? undefined : 'its outcome contradicts its decision';
  }
}

/** `reason`: of a suppression; `undefined`: it was released. */
function isOutcomeOf(decision: ReservedBody['decision'], reason: string | undefined): boolean {
  if (decision === 'granted') return reason !== 'budget';
  return reason === (decision === 'burned' ? 'error' : 'budget');
}

export function corruptEntry(sequence: number, finding: string): TelemetryKitError {
  return new TelemetryKitError('ledger_corrupt', `ledger entry ${String(sequence)} does not verify: ${finding}`, {
    fix: 'stop releasing and restore the whole ledger file; compare its head with the published anchors',
  });
}
