/**
 * Whether the releases of a ledger keep to their plans: a plan's hash stands for one content, so everything that the
 * plan decides stays what its first release said. Else a reservation could pay for windows of one length and then for
 * those of another, or for overlapping ones, or noise could shrink. For whoever reads the ledger from its start.
 */
import type { EntryBody, ReservedBody } from './ledger-entry.js';

export class ConstantPlans {
  /** What was said first, by what it is about. */
  readonly #said = new Map<string, string>();

  /** Takes in the next entry; returns what is wrong with it. */
  follow(body: EntryBody): string | undefined {
    if (body.state !== 'RESERVED') return undefined;
    const { planHash, kind, report, measurement, rangeStart, rangeEnd } = body.cell;
    const { domain, unit, period, mechanism, noise, changes, selection } = body;
    const seconds = rangeEnd - rangeStart;
    if (rangeStart % seconds !== 0) return 'its window begins where none of its plan does';
    if (!this.#isSame(planHash, [domain, unit, period, mechanism, seconds])) {
      return 'its plan had another window, domain, unit, period or mechanism before';
    }
    if (!this.#isSame(`${planHash} paid`, payerOf(body))) return 'its plan was paid for under other terms before';
    const stream = [planHash, kind, report, measurement].join(' ');
    return this.#isSame(stream, [noise, changes, selection]) ? undefined : 'it had other noise before';
  }

  /** What is not said contradicts nothing. */
  #isSame(about: string, saying: unknown): boolean {
    if (saying === undefined) return true;
    const text = JSON.stringify(saying);
    const first = this.#said.get(about) ?? text;
    this.#said.set(about, first);
    return text === first;
  }
}

/** Windows of events pay for themselves; whatever else one plan releases is paid for under the same terms. */
function payerOf({ payment }: ReservedBody): readonly string[] | undefined {
  return payment.by === 'period' ? [payment.plan, payment.terms] : undefined;
}
