/**
 * Seals one contribution: header, ciphertexts, proofs, one challenge over all of it. Synchronous and
 * without any exponentiation: every group element was computed ahead of time (proofs/pairs.ts).
 */
import { assertArgument } from '../errors.js';
import { assertTupleSet, type TupleSet } from '../math/tuple-set.js';
import type { PublicKey } from '../paillier/public-key.js';
import type { CompiledPlan, CompiledReport } from '../plan/compile.js';
import { isKey } from '../plan/labels.js';
import { envelopeLayout, PER_SPAN_BOUND, spanBoundsOf, type MeasurementLayout } from '../plan/layout.js';
import type { LabelValue } from '../plan/plan.js';
import { commitComponent, type CommittedComponent } from '../proofs/prove-membership.js';
import { commitTotal } from '../proofs/prove-total.js';
import { contributionId, envelopeChallenge, type TranscriptComponent } from '../proofs/transcript.js';
import type { RandomBytes } from '../random.js';
import { ComponentWriter } from './component-writer.js';
import { encodeEnvelope, ENVELOPE_VERSION, envelopeBytes, labelBytes, modeCode, writeHeader } from './envelope.js';
import { keyBytesOf } from './label-entries.js';

/** What one span, or one flush of many, contributes to one report. */
export interface Contribution {
  readonly report: CompiledReport;
  /** Unix seconds, a multiple of the plan's window length. */
  readonly windowStart: number;
  /** One per label of the report, in its order. */
  readonly labels: readonly LabelValue[];
  /**
   * Per measurement, per component of its layout: position of the tuple in its set (`membersOf` in
   * plan/classify.ts for spans, `coalescedMembers` in plan/layout.ts for flushes). With an open label the unit
   * count after them: 1 where the subject has this key for the first time in the period, else 0.
   */
  readonly members: readonly (readonly number[])[];
  /** One of the report's span bounds; 1, the only one of per-span reports, where it is left out. */
  readonly spanBound?: number;
}

/** How many precomputed records an envelope consumes. */
export interface PairDemand {
  readonly obfuscators: number;
  readonly masks: number;
}

export interface PairRecords {
  readonly obfuscators: readonly Uint8Array[];
  readonly masks: readonly Uint8Array[];
}

/** A component or a total, committed, with what the transcript says about it. */
interface OpenComponent {
  readonly committed: CommittedComponent;
  readonly measurement: number;
  readonly component: number;
  readonly set: TupleSet;
}

export class EnvelopeSealer {
  readonly #plan: CompiledPlan;
  readonly #key: PublicKey;

  /** Throws `invalid_argument` if a set of the plan does not fit the key. */
  constructor(plan: CompiledPlan, key: PublicKey) {
    this.#plan = plan;
    this.#key = key;
    for (const report of plan.reports) {
      for (const spanBound of spanBoundsOf(report)) {
        for (const { components } of envelopeLayout(report, spanBound)) {
          for (const { set } of components) assertTupleSet(set, key.n / 2n);
        }
      }
    }
  }

  demand(report: CompiledReport, spanBound: number = PER_SPAN_BOUND): PairDemand {
    const layouts = envelopeLayout(report, spanBound);
    const sets = layouts.flatMap(({ components }) => components.map(({ set }) => set));
    const totals = layouts.filter(({ total }) => total !== undefined).length;
    return {
      obfuscators: sets.reduce((sum, { arity }) => sum + arity, 0),
      masks: sets.reduce((sum, { arity, tuples }) => sum + arity * tuples.length, totals),
    };
  }

  /** Raw bytes of the longest envelope of this report and span bound; the attribute's text is 4/3 of it. */
  envelopeBytes(report: CompiledReport, spanBound: number = PER_SPAN_BOUND): number {
    return envelopeBytes(this.#key, report, spanBound);
  }

  /**
   * The envelope as base64url. Uses every record once and overwrites it with zeros, also when it throws.
   * Throws `invalid_argument` before touching randomness if a member is not in its set or records are missing.
   */
  seal(contribution: Contribution, records: PairRecords, random: RandomBytes): string {
    try {
      const layouts = this.#check(contribution, records);
      return encodeEnvelope(this.#compose(contribution, layouts, records, random));
    } finally {
      for (const record of [...records.obfuscators, ...records.masks]) record.fill(0);
    }
  }

  #check(contribution: Contribution, records: PairRecords): MeasurementLayout[] {
    const { report, members, labels, spanBound = PER_SPAN_BOUND } = contribution;
    assertArgument(labels.length === report.labels.length, 'wrong number of labels', 'give one value per label');
    if (report.openLabel !== undefined) {
      const key = labels[report.openLabel.position];
      assertArgument(typeof key === 'string' && isKey(key), 'not a key of an open label', 'make keys with keyOf()');
    }
    assertArgument(spanBoundsOf(report).includes(spanBound), 'span bound of no report', 'take one of spanBoundsOf');
    const layouts = envelopeLayout(report, spanBound);
    const allInSets = layouts.every(({ components }, measurement) =>
      components.every(({ set }, component) => set.tuples[members[measurement]?.[component] ?? -1] !== undefined),
    );
    assertArgument(allInSets, 'value is not in its set', 'classify values with the plan');
    const demand = this.demand(report, spanBound);
    assertArgument(
      records.obfuscators.length === demand.obfuscators && records.masks.length === demand.masks,
      'wrong number of precomputed records',
      'take exactly as many as demand() says',
    );
    return layouts;
  }

  #compose(
    contribution: Contribution,
    layouts: readonly MeasurementLayout[],
    records: PairRecords,
    random: RandomBytes,
  ): Uint8Array {
    const { report, windowStart, labels, spanBound = PER_SPAN_BOUND } = contribution;
    const mode = report.report.mode;
    const out = new Uint8Array(envelopeBytes(this.#key, report, spanBound, keyBytesOf(labels)));
    const header = { report: report.index, mode, windowStart, labels, spanBound };
    const headerEnd = writeHeader(out, { ...header, kid: this.#key.kidBytes, planHash: this.#plan.hash });
    const open = this.#commit(contribution, layouts, records, random);
    const writer = new ComponentWriter(this.#key, out, headerEnd);
    const written = open.map(({ committed }) => writer.write(committed));
    const id = contributionId(
      {
        version: ENVELOPE_VERSION,
        key: this.#key,
        planHash: this.#plan.hash,
        report: report.index,
        mode: modeCode(mode),
        windowStart,
        spanBound,
        labels: labelBytes(out, headerEnd),
        measurementCount: layouts.length,
      },
      open.map((item, index): TranscriptComponent => ({ ...item, ciphertexts: written[index]?.ciphertexts ?? [] })),
    );
    const challenge = envelopeChallenge(
      id,
      written.flatMap(({ commitments }) => commitments),
    );
    for (const component of written) component.answer(challenge);
    return out;
  }

  #commit(
    { members }: Contribution,
    layouts: readonly MeasurementLayout[],
    records: PairRecords,
    random: RandomBytes,
  ): OpenComponent[] {
    const take = dealer(records);
    return layouts.flatMap(({ components, total }, measurement) => {
      const used: Uint8Array[] = [];
      const open = components.map(({ set }, component): OpenComponent => {
        const own = take(set.arity, set.arity * set.tuples.length);
        used.push(...own.obfuscators);
        const member = members[measurement]?.[component] ?? 0;
        return { committed: commitComponent(this.#key, set, member, own, random), measurement, component, set };
      });
      if (total === undefined) return open;
      const [mask = new Uint8Array(0)] = take(0, 1).masks;
      const committed = commitTotal(this.#key, used, mask);
      return [...open, { committed, measurement, component: open.length, set: totalSet(total) }];
    });
  }
}

/** The set of one that a proof of a total is about. */
export function totalSet(total: bigint): TupleSet {
  return { arity: 1, tuples: [[total]] };
}

/** Hands out each record once, in order. */
function dealer({ obfuscators, masks }: PairRecords): (obfuscatorCount: number, maskCount: number) => PairRecords {
  let nextObfuscator = 0;
  let nextMask = 0;
  return (obfuscatorCount, maskCount) => ({
    obfuscators: obfuscators.slice(nextObfuscator, (nextObfuscator += obfuscatorCount)),
    masks: masks.slice(nextMask, (nextMask += maskCount)),
  });
}
