/**
 * Seals one contribution: header, ciphertexts, proofs, one challenge over all of it. Synchronous and
 * without any exponentiation: every group element was computed ahead of time (proofs/pairs.ts).
 */
import { assertArgument } from '../errors.js';
import { assertTupleSet, type TupleSet } from '../math/tuple-set.js';
import type { PublicKey } from '../paillier/public-key.js';
import type { CompiledPlan, CompiledReport } from '../plan/compile.js';
import { isKey } from '../plan/labels.js';
import { PER_SPAN_BOUND, spanBoundsOf } from '../plan/layout.js';
import type { LabelValue } from '../plan/plan.js';
import { commitComponent, type CommittedComponent } from '../proofs/prove-membership.js';
import { commitTotal } from '../proofs/prove-total.js';
import { contributionId, envelopeChallenge, type TranscriptComponent } from '../proofs/transcript.js';
import { reusingHash } from '../framing.js';
import type { RandomBytes } from '../random.js';
import { ComponentWriter, type WrittenComponent } from './component-writer.js';
import { encodeEnvelope, ENVELOPE_VERSION, envelopeBytes, labelBytes, modeCode, writeHeader } from './envelope.js';
import { envelopeShape, type EnvelopeShape, type PairDemand } from './envelope-shape.js';
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
  /** By report and span bound: all there are. */
  readonly #shapes = new Map<CompiledReport, Map<number, EnvelopeShape>>();
  readonly #hash = reusingHash();
  /** Every envelope is put together here: allocating that much for each costs more than a proof. */
  #memory = new Uint8Array(0);

  /** Throws `invalid_argument` if a set of the plan does not fit the key. */
  constructor(plan: CompiledPlan, key: PublicKey) {
    this.#plan = plan;
    this.#key = key;
    for (const report of plan.reports) {
      const shapes = spanBoundsOf(report).map((bound) => [bound, envelopeShape(key, report, bound)] as const);
      for (const [, { layouts }] of shapes) {
        for (const { components } of layouts) for (const { set } of components) assertTupleSet(set, key.n / 2n);
      }
      this.#shapes.set(report, new Map(shapes));
    }
  }

  /** `report`: one of the plan, `spanBound`: one of its own. Throws `invalid_argument` otherwise. */
  demand(report: CompiledReport, spanBound: number = PER_SPAN_BOUND): PairDemand {
    return this.#shapeOf(report, spanBound).demand;
  }

  /** Raw bytes of the longest envelope of this report and span bound; the attribute's text is 4/3 of it. */
  envelopeBytes(report: CompiledReport, spanBound: number = PER_SPAN_BOUND): number {
    return this.#shapeOf(report, spanBound).bytes;
  }

  /**
   * The envelope as base64url. Uses every record once and overwrites it with zeros, also when it throws.
   * Throws `invalid_argument` before touching randomness if a member is not in its set or records are missing.
   */
  seal(contribution: Contribution, records: PairRecords, random: RandomBytes): string {
    try {
      const { report, spanBound = PER_SPAN_BOUND } = contribution;
      const shape = this.#shapeOf(report, spanBound);
      assertContribution(contribution, shape, records);
      return encodeEnvelope(this.#compose(contribution, shape, records, random));
    } finally {
      for (const record of records.obfuscators) record.fill(0);
      for (const record of records.masks) record.fill(0);
    }
  }

  #shapeOf(report: CompiledReport, spanBound: number): EnvelopeShape {
    const shape = this.#shapes.get(report)?.get(spanBound);
    assertArgument(shape !== undefined, 'span bound of no report', 'take one of spanBoundsOf a report of the plan');
    return shape;
  }

  #compose(contribution: Contribution, shape: EnvelopeShape, records: PairRecords, random: RandomBytes): Uint8Array {
    const { report, windowStart, labels, spanBound = PER_SPAN_BOUND } = contribution;
    const { mode } = report.report;
    const keyBytes = keyBytesOf(labels);
    const out = this.#room(
      keyBytes === undefined ? shape.bytes : envelopeBytes(this.#key, report, spanBound, keyBytes),
    );
    const header = { report: report.index, mode, windowStart, labels, spanBound };
    const headerEnd = writeHeader(out, { ...header, kid: this.#key.kidBytes, planHash: this.#plan.hash });
    const writer = new ComponentWriter(this.#key, out, headerEnd);
    const written: WrittenComponent[] = [];
    const transcript: TranscriptComponent[] = [];
    for (const { committed, ...place } of this.#commit(contribution, shape, records, random)) {
      const component = writer.write(committed);
      written.push(component);
      transcript.push({ ...place, ciphertexts: component.ciphertexts });
    }
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
        measurementCount: shape.layouts.length,
      },
      transcript,
      this.#hash,
    );
    const commitments = written.flatMap((component) => component.commitments);
    const challenge = envelopeChallenge(id, commitments, this.#hash);
    for (const component of written) component.answer(challenge);
    return out;
  }

  /** Every byte of it is written. */
  #room(bytes: number): Uint8Array {
    if (bytes > this.#memory.length) this.#memory = new Uint8Array(bytes);
    return this.#memory.subarray(0, bytes);
  }

  #commit(
    { members }: Contribution,
    { layouts, totals }: EnvelopeShape,
    records: PairRecords,
    random: RandomBytes,
  ): OpenComponent[] {
    const take = dealer(records);
    return layouts.flatMap(({ components }, measurement) => {
      const open = components.map(({ set }, component): OpenComponent => {
        const own = take(set.arity, set.arity * set.tuples.length);
        const member = members[measurement]?.[component] ?? 0;
        return { committed: commitComponent(this.#key, set, member, own, random), measurement, component, set };
      });
      const total = totals[measurement];
      if (total === undefined) return open;
      const [mask = new Uint8Array(0)] = take(0, 1).masks;
      const exponents = open.flatMap(({ committed }) => committed.exponents);
      const committed = commitTotal(this.#key, exponents, mask);
      return [...open, { committed, measurement, component: open.length, set: total }];
    });
  }
}

function assertContribution(
  { report, members, labels }: Contribution,
  { layouts, demand }: EnvelopeShape,
  { obfuscators, masks }: PairRecords,
): void {
  assertArgument(labels.length === report.labels.length, 'wrong number of labels', 'give one value per label');
  if (report.openLabel !== undefined) {
    const key = labels[report.openLabel.position];
    assertArgument(typeof key === 'string' && isKey(key), 'not a key of an open label', 'make keys with keyOf()');
  }
  const allInSets = layouts.every(({ components }, measurement) =>
    components.every(({ set }, component) => set.tuples[members[measurement]?.[component] ?? -1] !== undefined),
  );
  assertArgument(allInSets, 'value is not in its set', 'classify values with the plan');
  assertArgument(
    obfuscators.length === demand.obfuscators && masks.length === demand.masks,
    'wrong number of precomputed records',
    'take exactly as many as demand() says',
  );
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
