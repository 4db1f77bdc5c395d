/**
 * From decided releases to outcomes in the ledger: each is decrypted once, its noise added, and kept as SEALED; PUBLISHED
 * says that it is about to be handed out. When any of it is durable is the caller's.
 */
import { setImmediate as yieldToOthers } from 'node:timers/promises';
import type { RandomBytes } from '../random.js';
import type { Release } from './cell-decisions.js';
import type { SealedBody } from './ledger-entry.js';
import type { ReleaseLedger } from './ledger-record.js';
import type { NoiseSupply } from './noise-supply.js';
import { openCell } from './open-cell.js';
import { openSelection } from './open-selection.js';
import type { OperationsLog } from './operations-log.js';
import type { SealedOutcome } from './sealed-outcome.js';

export interface ReleaseSealingOptions {
  readonly ledger: ReleaseLedger;
  readonly noise: NoiseSupply;
  readonly random: RandomBytes;
  readonly log: OperationsLog;
}

export class ReleaseSealing {
  readonly #options: ReleaseSealingOptions;

  constructor(options: ReleaseSealingOptions) {
    this.#options = options;
  }

  /**
   * Decrypts what no earlier request brought this far. Whoever crashed in between did not answer, so doing it again
   * under the same debit is no second release.
   */
  async seal(releases: readonly Release[]): Promise<ReadonlyMap<string, SealedOutcome>> {
    const sealed = new Map<string, SealedOutcome>();
    for (const release of releases) {
      const { releaseId } = release.reserved;
      if (sealed.has(releaseId)) continue;
      sealed.set(releaseId, release.record?.sealed ?? (await this.#sealOne(release)));
      await yieldToOthers();
    }
    return sealed;
  }

  /** PUBLISHED: the outcomes are about to be handed out. */
  publish(releases: readonly Release[]): void {
    const unpublished = releases.filter(({ record }) => record?.published !== true);
    const ids = new Set(unpublished.map(({ reserved }) => reserved.releaseId));
    this.#options.ledger.append([...ids].map((releaseId) => ({ state: 'PUBLISHED', releaseId })));
  }

  async #sealOne(release: Release): Promise<SealedOutcome> {
    const { releaseId } = release.reserved;
    const outcome = await this.#open(release);
    const [position] = this.#options.ledger.append([{ state: 'SEALED', releaseId, outcome }]);
    if (position === undefined) throw new Error('an entry was appended without a position');
    return { outcome, position };
  }

  async #open({ admitted, reserved }: Release): Promise<SealedBody['outcome']> {
    const { noise, random, log } = this.#options;
    if (reserved.decision === 'burned') return { status: 'suppressed', reason: 'error' };
    if (reserved.decision !== 'granted') return { status: 'suppressed', reason: 'budget' };
    try {
      return 'keys' in admitted
        ? await openSelection(admitted, noise.pool, random)
        : openCell(admitted, noise.pool, random);
    } catch (error) {
      log.failed(reserved.releaseId, error);
      return { status: 'suppressed', reason: 'error' };
    }
  }
}
