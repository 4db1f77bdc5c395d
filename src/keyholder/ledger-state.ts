/**
 * What the entries of a ledger add up to, and the decisions that follow from it. The service decides by it before it
 * writes, and whoever verifies decides again: an entry whose decision is another one is not true.
 */
import { periodsTouched } from '../plan/budget-period.js';
import { BudgetAccounts, type Debit } from './budget-accounts.js';
import { refusalOf, type BudgetRefusal } from './budget-decision.js';
import { parseCost, parseLimit, type PeriodLimit } from './ledger-amounts.js';
import type { BurnedBody, EntryBody, ReservedBody, ReservedPeriodBody } from './ledger-entry.js';
import { rangeOf, Reservations } from './reservations.js';
import { SpanAccounts } from './span-accounts.js';

export type ReservedDraft = Omit<ReservedBody, 'decision'>;
export type ReservedPeriodDraft = Omit<ReservedPeriodBody, 'decision'>;

export interface Decided<Decision> {
  readonly decision: Decision;
  /** The limit it did not fit, where the decision is `budget`. */
  readonly refusal: BudgetRefusal | undefined;
}

/** Clocks are set by small steps now and then; more than this, and somebody or something is wrong. */
const CLOCK_TOLERANCE_SECONDS = 60;

/** What a state is made of, as snapshots keep it. */
export interface StateParts {
  readonly accounts: BudgetAccounts;
  readonly spans: SpanAccounts;
  readonly reservations: Reservations;
  readonly burns: readonly BurnedBody[];
  readonly burnedUntil: number;
  readonly newestTime: number;
}

export class LedgerState {
  readonly #accounts: BudgetAccounts;
  readonly #spans: SpanAccounts;
  readonly #reservations: Reservations;
  readonly #burns: BurnedBody[];
  #burnedUntil: number;
  #newestTime: number;

  /** Without parts: of an empty ledger. */
  constructor(parts: Partial<StateParts> = {}) {
    this.#accounts = parts.accounts ?? new BudgetAccounts();
    this.#spans = parts.spans ?? new SpanAccounts();
    this.#reservations = parts.reservations ?? new Reservations();
    this.#burns = [...(parts.burns ?? [])];
    this.#burnedUntil = parts.burnedUntil ?? 0;
    this.#newestTime = parts.newestTime ?? 0;
  }

  get accounts(): BudgetAccounts {
    return this.#accounts;
  }

  get spans(): SpanAccounts {
    return this.#spans;
  }

  /** Where entries are missing, oldest first. */
  get burns(): readonly BurnedBody[] {
    return this.#burns;
  }

  /**
   * Whether entries were lost after the one with this number. A release that is reserved there may have gone on in
   * the lost entries, or may belong to a copy that was given up: it is neither opened nor answered any more.
   */
  isDisputed(sequence: number): boolean {
    return sequence <= (this.#burns.at(-1)?.lastKnown ?? 0);
  }

  /** Windows that ended by then are never released for the first time. Unix seconds. */
  get burnedUntil(): number {
    return this.#burnedUntil;
  }

  get reservations(): Reservations {
    return this.#reservations;
  }

  /**
   * When the newest decision was made, by the clock of that time. Unix seconds. Small steps back do not add up; after a
   * large one, which the operator allowed, time goes on from there.
   */
  get newestTime(): number {
    return this.#newestTime;
  }

  decideRelease(draft: ReservedDraft): Decided<ReservedBody['decision']> {
    const { cell, payment } = draft;
    if (cell.rangeEnd <= this.#burnedUntil) return { decision: 'burned', refusal: undefined };
    if (payment.by === 'period') {
      const [refused] = payment.reservations.map((id) => this.#decisionOf(id)).filter((each) => each !== 'granted');
      return { decision: refused ?? 'granted', refusal: undefined };
    }
    return this.#decide(debitOf(draft, payment.cost), draft.period, payment.limits.map(parseLimit));
  }

  decidePeriod(draft: ReservedPeriodDraft): Decided<ReservedPeriodBody['decision']> {
    if (this.#reservations.hasOtherTerms(draft)) return { decision: 'continuity', refusal: undefined };
    const debit = { ...draft, ...rangeOf(draft), cost: parseCost(draft.cost) };
    return this.#decide(debit, draft.period, draft.limits.map(parseLimit));
  }

  /** Takes an entry in that follows from the others. */
  record(body: EntryBody): void {
    switch (body.state) {
      case 'RESERVED':
        this.#newestTime = this.#timeAfter(body.at);
        if (body.decision === 'granted' && body.payment.by === 'release') {
          this.#debit(debitOf(body, body.payment.cost));
        }
        return;
      case 'RESERVED_PERIOD':
        this.#newestTime = this.#timeAfter(body.at);
        this.#reservations.record(body);
        if (body.decision === 'granted') this.#debit({ ...body, ...rangeOf(body), cost: parseCost(body.cost) });
        return;
      case 'BURNED':
        this.#newestTime = Math.max(this.#newestTime, body.at);
        this.#burnedUntil = Math.max(this.#burnedUntil, body.until);
        this.#burns.push(body);
        return;
      case 'SEALED':
      case 'PUBLISHED':
      case 'SNAPSHOT':
        return;
    }
  }

  /** Epsilons of another unit in the same period are about something else: they cannot be added up. */
  #decide(
    debit: Debit,
    period: ReservedBody['period'],
    limits: readonly PeriodLimit[],
  ): Decided<'granted' | 'budget' | 'continuity'> {
    const units = periodsTouched(period, debit.start, debit.end).flatMap((start) =>
      this.#accounts.unitsIn(debit.domain, period, start),
    );
    if (units.some((unit) => unit !== debit.unit)) return { decision: 'continuity', refusal: undefined };
    const refusal = refusalOf(debit, limits, {
      accounts: this.#accounts,
      spans: this.#spans,
      unknownBefore: this.#burnedUntil,
    });
    return { decision: refusal === undefined ? 'granted' : 'budget', refusal };
  }

  /** What a period that began before entries were lost has left is not known, whatever it had reserved. */
  #decisionOf(reservationId: string): ReservedPeriodBody['decision'] {
    const reservation = this.#reservations.find(reservationId);
    return reservation === undefined || reservation.periodStart < this.#burnedUntil ? 'budget' : reservation.decision;
  }

  #timeAfter(at: number): number {
    return isClockBehind(at, this.#newestTime) ? at : Math.max(at, this.#newestTime);
  }

  #debit(debit: Debit): void {
    this.#accounts.debit(debit);
    this.#spans.debit(debit);
  }
}

/** Whether a time is so far before a known one that the clock was set back. Unix seconds, both. */
export function isClockBehind(at: number, newestTime: number): boolean {
  return at < newestTime - CLOCK_TOLERANCE_SECONDS;
}

function debitOf(body: ReservedDraft, cost: Parameters<typeof parseCost>[0]): Debit {
  const { domain, share, unit, cell } = body;
  return { domain, share, unit, start: cell.rangeStart, end: cell.rangeEnd, cost: parseCost(cost) };
}
