/**
 * What the debits of a budget period mean for one unit, by every method side by side: the sum that a filter counts,
 * and what the mechanisms really lose together. A reservation is one mechanism whose epsilon or rho is known.
 */
import { parseRationalFraction } from '../math/rational.js';
import { PrivacyAccountant, type EpsilonReport } from '../privacy/accountant/privacy-accountant.js';
import {
  approximateRelease,
  concentratedRelease,
  noisedRelease,
  type RecordedRelease,
} from '../privacy/accountant/recorded-release.js';
import { parseMechanism } from './ledger-amounts.js';
import type { ReservedBody, ReservedPeriodBody } from './ledger-entry.js';

export class AuditEpsilon {
  readonly #accountant = new PrivacyAccountant();

  add(body: ReservedBody | ReservedPeriodBody): void {
    if (body.state === 'RESERVED') this.#release(body);
    else for (const part of releasesOf(body.cost)) this.#accountant.record(part);
  }

  /** A release that pays for itself; all that one span changes counts. */
  #release({ noise, changes, mechanism }: ReservedBody): void {
    const slots = noise.map(({ parameter, bound }) =>
      noisedRelease(parseMechanism(mechanism, parameter), BigInt(bound)),
    );
    for (const slot of changes === 'all' ? slots : slots.slice(0, 1)) this.#accountant.record(slot);
  }

  /** `delta`: a decimal string. `undefined` where nothing was released. */
  report(delta: string): EpsilonReport | undefined {
    return this.#accountant.releases.length === 0 ? undefined : this.#accountant.report(delta);
  }
}

function releasesOf({ epsilon, rho, delta }: ReservedPeriodBody['cost']): RecordedRelease[] {
  if (epsilon !== undefined) {
    return [approximateRelease(parseRationalFraction(epsilon), parseRationalFraction(delta))];
  }
  return [concentratedRelease(parseRationalFraction(rho))];
}
