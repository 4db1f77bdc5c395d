/**
 * Reads a ledger from its first entry, or from a snapshot on, and checks everything an entry claims: its place in the
 * chain, its release id, the order of states, and that each decision was right under the limits it names. Used when
 * the ledger is opened and, without any key, on an exported copy.
 */
import { TelemetryKitError } from '../errors.js';
import type { LedgerPosition } from '../wire/release.js';
import { faultOfRelease, faultOfReservation } from './entry-faults.js';
import { entryHash, GENESIS, parseBody, sequenceAfter } from './ledger-entry.js';
import type { EntryBody, LedgerEntry, ReservedBody, SealedBody } from './ledger-entry.js';
import { describeState, stateHash } from './ledger-snapshot.js';
import { LedgerState } from './ledger-state.js';
import { ReleaseHistory, type EarlierReleases } from './release-history.js';

const MALFORMED = 'its body is malformed, or was written by another version of telemetry-kit';

/** A point of a chain whose entries up to there are known to be true. */
export interface ChainStart {
  readonly head: LedgerPosition;
  readonly state: LedgerState;
  readonly earlier: EarlierReleases;
}

export class LedgerChain {
  readonly state: LedgerState;
  readonly #history: ReleaseHistory;
  #head: LedgerPosition;

  /** Without a start: from the first entry. */
  constructor(start?: ChainStart) {
    this.state = start?.state ?? new LedgerState();
    this.#history = new ReleaseHistory(start?.earlier);
    this.#head = start?.head ?? { sequence: 0, hash: GENESIS };
  }

  /** Position of the last entry; sequence 0 before the first. */
  get head(): LedgerPosition {
    return this.#head;
  }

  /** Throws `ledger_corrupt` naming this entry where it does not follow from those before it. */
  follow(entry: LedgerEntry): EntryBody {
    const body = parseBody(entry.body);
    this.#refuse(this.#linkFault(entry, body));
    if (body === undefined) throw corruptEntry(entry.sequence, MALFORMED);
    this.#refuse(this.#contentFault(body), entry.sequence);
    this.state.record(body);
    this.#history.record(body, entry.sequence);
    this.#head = { sequence: entry.sequence, hash: entry.hash };
    return body;
  }

  #refuse(fault: string | undefined, sequence = this.#head.sequence + 1): void {
    if (fault !== undefined) throw corruptEntry(sequence, fault);
  }

  #linkFault(
    { sequence, previousHash, hash, body: text }: LedgerEntry,
    body: EntryBody | undefined,
  ): string | undefined {
    if (sequence !== sequenceAfter(this.#head.sequence, body)) return 'an entry is missing or out of order';
    if (previousHash !== this.#head.hash) return 'it does not follow the entry before it';
    if (hash !== entryHash(sequence, previousHash, text)) return 'its hash does not match its body';
    return undefined;
  }

  #contentFault(body: EntryBody): string | undefined {
    switch (body.state) {
      case 'RESERVED':
        if (this.#history.isReserved(body)) return 'it reserves a cell twice';
        return faultOfRelease(body, this.state);
      case 'RESERVED_PERIOD':
        return faultOfReservation(body, this.state);
      case 'SEALED':
        return this.#sealFault(body);
      case 'PUBLISHED':
        return this.#publicationFault(body.releaseId);
      case 'SNAPSHOT':
        return body.stateHash === stateHash(describeState(this.state))
          ? undefined
          : 'it is not what the entries add up to';
      case 'BURNED':
        if (body.lastKnown !== this.#head.sequence) return 'it names another entry as the last that is known';
        return body.until < Math.max(body.at, this.state.newestTime)
          ? 'it burns less than what was over by then'
          : undefined;
    }
  }

  #publicationFault(releaseId: string): string | undefined {
    const progress = this.#history.progressOf(releaseId);
    if (progress?.state !== 'SEALED') return 'it publishes what is not sealed';
    return this.state.isDisputed(progress.sequence) ? 'it publishes what entries were lost after' : undefined;
  }

  #sealFault({ releaseId, outcome }: SealedBody): string | undefined {
    const progress = this.#history.progressOf(releaseId);
    if (progress?.state !== 'RESERVED') return 'it seals what is not reserved';
    if (this.state.isDisputed(progress.sequence)) return 'it seals what may have been sealed in lost entries';
    const isSelection = outcome.status === 'selected';
    if (outcome.status !== 'suppressed' && isSelection !== progress.isSelection) {
      return 'its outcome is not of its kind';
    }
    if (outcome.status === 'released' && outcome.values.length !== progress.slots) {
      return 'it does not have one value for each of its noises';
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
