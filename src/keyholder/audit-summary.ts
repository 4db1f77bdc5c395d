/** What a ledger proves, added up for people: spending per budget period and what became of releases. */
import { periodsTouched } from '../plan/budget-period.js';
import type { Period, PrivacyUnit } from '../plan/plan.js';
import type { EpsilonReport } from '../privacy/accountant/privacy-accountant.js';
import { addCosts, NO_COST, type PrivacyCost } from '../privacy/privacy-cost.js';
import { AuditEpsilon } from './audit-epsilon.js';
import { formatCost, parseCost } from './ledger-amounts.js';
import type { CostText, EntryBody, LimitText, ReservedBody, ReservedPeriodBody } from './ledger-entry.js';
import { Odometer, type ReservationUse } from './odometer.js';
import { rangeOf } from './reservations.js';

/** A budget period that a limit was asked about, for one unit: epsilons of several do not add up. */
export interface PeriodSpending {
  readonly domain: string;
  readonly period: Period;
  /** Unix seconds. */
  readonly periodStart: number;
  /** What one epsilon protects. */
  readonly unit: PrivacyUnit;
  /** Exact fractions, "n" or "n/d"; without an epsilon where noise was Gaussian. */
  readonly spent: CostText;
  /** What the newest entry about it was allowed, of all and of each share of the budget. */
  readonly limits: readonly LimitText[];
  /** Debits that were granted: releases that pay for themselves, and reservations of whole periods. */
  readonly granted: number;
  /** Releases and reservations that were not. */
  readonly refused: number;
  /** Epsilon of all granted debits together at the delta that was asked for; `undefined` without any. */
  readonly epsilon: EpsilonReport | undefined;
}

export interface ReleaseCounts {
  readonly reserved: number;
  readonly sealed: number;
  readonly published: number;
}

/** A period while entries are added. */
interface PeriodDebits extends Omit<PeriodSpending, 'spent' | 'epsilon'> {
  readonly debits: AuditEpsilon;
  readonly cost: PrivacyCost;
}

export class AuditSummary {
  readonly #counts = { reserved: 0, sealed: 0, published: 0 };
  readonly #periods = new Map<string, PeriodDebits>();
  readonly #odometer = new Odometer();

  get releases(): ReleaseCounts {
    return { ...this.#counts };
  }

  /** In the order of first appearance. `delta`: a decimal string. */
  periods(delta: string): PeriodSpending[] {
    return [...this.#periods.values()].map(({ debits, cost, ...each }) => ({
      ...each,
      spent: formatCost(cost),
      epsilon: debits.report(delta),
    }));
  }

  /** How much of every reservation releases have used. */
  get reservations(): ReservationUse[] {
    return this.#odometer.uses;
  }

  add(body: EntryBody): void {
    switch (body.state) {
      case 'RESERVED':
        this.#counts.reserved += 1;
        this.#odometer.release(body);
        if (body.payment.by === 'release') this.#debited(body, debitedRange(body), body.payment);
        return;
      case 'RESERVED_PERIOD':
        this.#odometer.reserve(body);
        this.#debited(body, rangeOf(body), body);
        return;
      case 'SEALED':
        this.#counts.sealed += 1;
        return;
      case 'PUBLISHED':
        this.#counts.published += 1;
        return;
      case 'SNAPSHOT':
      case 'BURNED':
        return;
    }
  }

  #debited(
    body: ReservedBody | ReservedPeriodBody,
    { start, end }: { readonly start: number; readonly end: number },
    { cost, limits }: { readonly cost: CostText; readonly limits: readonly LimitText[] },
  ): void {
    const { domain, unit } = body;
    const granted = body.decision === 'granted' ? 1 : 0;
    for (const period of new Set(limits.map((limit) => limit.period))) {
      for (const periodStart of periodsTouched(period, start, end)) {
        const key = [domain, unit, period, periodStart].join(' ');
        const before = this.#periods.get(key);
        const debits = before?.debits ?? new AuditEpsilon();
        const spent = before?.cost ?? NO_COST;
        if (granted === 1) debits.add(body);
        this.#periods.set(key, {
          domain,
          period,
          periodStart,
          unit,
          granted: (before?.granted ?? 0) + granted,
          refused: (before?.refused ?? 0) + 1 - granted,
          limits: newestOf(
            before?.limits ?? [],
            limits.filter((limit) => limit.period === period),
          ),
          cost: granted === 1 ? addCosts(spent, parseCost(cost)) : spent,
          debits,
        });
      }
    }
  }
}

/** Entries that other shares pay for name other limits. */
function newestOf(before: readonly LimitText[], now: readonly LimitText[]): LimitText[] {
  const named = ({ share, slidingStep }: LimitText): string => [share, slidingStep].join(' ');
  const limits = new Map([...before, ...now].map((limit) => [named(limit), limit]));
  return [...limits.values()];
}

function debitedRange({ cell }: ReservedBody): { readonly start: number; readonly end: number } {
  return { start: cell.rangeStart, end: cell.rangeEnd };
}
