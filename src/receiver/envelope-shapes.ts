/** What follows from the plans about the envelopes of a report: how long they may be, and what they cost. */
import type { PublicKey } from '../paillier/public-key.js';
import type { CompiledPlan, CompiledReport } from '../plan/compile.js';
import { envelopeLayout, spanBoundsOf } from '../plan/layout.js';
import { envelopeBytes, envelopeCharacters, type EnvelopeHeader } from '../wire/envelope.js';

export class EnvelopeShapes {
  readonly #branches = new Map<string, number>();
  /** Characters of the longest envelope of any plan, as unpadded base64url. */
  readonly longestText: number;

  constructor(plans: readonly CompiledPlan[], keys: readonly PublicKey[]) {
    const bytes: number[] = [];
    for (const { hashText: planHash, reports } of plans) {
      for (const report of reports) {
        for (const spanBound of spanBoundsOf(report)) {
          this.#branches.set(nameOf({ planHash, report: report.index, spanBound }), branchesOf(report, spanBound));
          bytes.push(...keys.map((key) => envelopeBytes(key, report, spanBound)));
        }
      }
    }
    this.longestText = envelopeCharacters(Math.max(...bytes));
  }

  /** Proof branches of an envelope with a header that was accepted. */
  branches(header: EnvelopeHeader): number {
    return this.#branches.get(nameOf(header)) ?? 1;
  }
}

function nameOf({ planHash, report, spanBound }: Pick<EnvelopeHeader, 'planHash' | 'report' | 'spanBound'>): string {
  return [planHash, report, spanBound].join(' ');
}

function branchesOf(report: CompiledReport, spanBound: number): number {
  return envelopeLayout(report, spanBound)
    .flatMap(({ components }) => components)
    .reduce((sum, { set }) => sum + set.arity * set.tuples.length, 0);
}
