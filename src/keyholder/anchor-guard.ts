/**
 * Compares the ledger with its anchor: once before anything is served, and again and again. Where the anchor is
 * ahead, or holds another entry than the ledger has there, entries are missing: what they released cannot be known.
 * Then every window that is over by now is burned, loudly: it is never released for the first time, and what the
 * running periods have left is gone (docs/DATA_MODEL.md, "Rollback"). Now is the latest time that anybody knows: whoever
 * restores a ledger with the whole machine may have set its clock back as well.
 */
import type { Clock } from '../clock.js';
import { TelemetryKitError } from '../errors.js';
import type { Logger } from '../service/logger.js';
import type { LedgerPosition } from '../wire/release.js';
import type { AnchorSource, SeenPosition } from './anchor.js';
import type { LedgerState } from './ledger-state.js';

/** What the guard does to a ledger. */
interface AnchoredLedger {
  readonly head: LedgerPosition;
  readonly usable: boolean;
  readonly state: Pick<LedgerState, 'newestTime'>;
  /** Whether this position is one of the ledger's, or among entries that are known to be lost. */
  knows(anchor: LedgerPosition): boolean;
  /** Burns, durably, every window that ended by `until`. Unix seconds, both. */
  burn(anchor: LedgerPosition, until: number, at: number): void;
}

export interface AnchorGuardOptions {
  readonly source: AnchorSource;
  readonly ledger: AnchoredLedger;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Runs something while no request is being answered. */
  readonly exclusively: <Result>(action: () => Result) => Promise<Result>;
  readonly intervalMillis?: number;
}

const INTERVAL_MILLIS = 60_000;

export class AnchorGuard {
  readonly #options: AnchorGuardOptions;
  #timer: NodeJS.Timeout | undefined;
  #checking: Promise<void> = Promise.resolve();

  constructor(options: AnchorGuardOptions) {
    this.#options = options;
  }

  /** Rejects with `unavailable` where the anchor cannot be read: without it nothing may be served. */
  async start(): Promise<void> {
    await this.#check();
    this.#timer = setInterval(() => {
      this.#checking = this.#checking.then(() => this.#checkAgain());
    }, this.#options.intervalMillis ?? INTERVAL_MILLIS);
    this.#timer.unref();
  }

  /** Keeps the ledger's head where the anchor is ours to write. Never throws: the answers are out. */
  keep(): void {
    const { source, ledger, logger } = this.#options;
    try {
      if (ledger.head.sequence > 0) source.write?.({ ...ledger.head, time: ledger.state.newestTime });
    } catch (error) {
      logger.error(
        { event: 'anchor_failed', err: error },
        `${source.description} was not written: a rollback to here would not be noticed`,
      );
    }
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#checking;
  }

  async #check(): Promise<void> {
    const { source, ledger, logger, exclusively } = this.#options;
    const anchor = await source.read();
    if (anchor === undefined) {
      logger.warn(
        { event: 'anchor_empty' },
        `${source.description}: no ledger position yet, a rollback before now is not noticed`,
      );
    } else if (ledger.usable && !ledger.knows(anchor)) {
      const { head } = ledger;
      const until = await exclusively(() => this.#burn(anchor));
      logger.error(
        { event: 'ledger_rolled_back', anchor, head, burnedUntil: until },
        'the ledger is not the one whose releases were published: entries are missing, or another key holder runs on a copy. ' +
          'Every window that is over is suppressed from now on, and so is what running budget periods have left',
      );
    }
    this.keep();
  }

  /** @returns until when windows are burned. Unix seconds. */
  #burn({ sequence, hash, time = 0 }: SeenPosition): number {
    const { ledger, clock } = this.#options;
    const now = Math.floor(clock() / 1000);
    const until = Math.max(now, ledger.state.newestTime, time);
    ledger.burn({ sequence, hash }, until, now);
    return until;
  }

  async #checkAgain(): Promise<void> {
    try {
      await this.#check();
    } catch (error) {
      const what = error instanceof TelemetryKitError ? error.message : 'the anchor could not be compared';
      this.#options.logger.error({ event: 'anchor_failed', err: error }, what);
    }
  }
}
