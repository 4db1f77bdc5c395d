/**
 * Seals one contribution: header, ciphertexts, proofs, one challenge over all of it. Synchronous and
 * without any exponentiation: every group element was computed ahead of time (proofs/pairs.ts).
 */
import { bigIntToBytes, fromBase64Url } from '../bytes.js';
import { assertArgument } from '../errors.js';
import { assertTupleSet, type TupleSet } from '../math/tuple-set.js';
import type { PublicKey } from '../paillier/public-key.js';
import type { CompiledPlan, CompiledReport } from '../plan/compile.js';
import { CHALLENGE_BYTES, responseBytes } from '../proofs/parameters.js';
import { commitComponent, type CommittedComponent, type EncodedElement } from '../proofs/prove-membership.js';
import { contributionId, envelopeChallenge, type TranscriptComponent } from '../proofs/transcript.js';
import type { RandomBytes } from '../random.js';
import {
  encodeEnvelope,
  ENVELOPE_VERSION,
  envelopeBytes,
  headerBytes,
  labelBytes,
  modeCode,
  PER_SPAN_BOUND,
  writeHeader,
} from './envelope.js';

/** What one span contributes to one report. */
export interface Contribution {
  readonly report: CompiledReport;
  /** Unix seconds, a multiple of the plan's window length. */
  readonly windowStart: number;
  /** Indices into the report's labels' values. */
  readonly labels: readonly number[];
  /** Per measurement, per component: position of the tuple in its set (plan/classify.ts). */
  readonly members: readonly (readonly number[])[];
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

interface OpenComponent {
  readonly measurement: number;
  readonly component: number;
  readonly set: TupleSet;
  readonly member: number;
}

export class EnvelopeSealer {
  readonly #plan: CompiledPlan;
  readonly #key: PublicKey;
  readonly #kid: Uint8Array;

  /** Throws `invalid_argument` if a set of the plan does not fit the key. */
  constructor(plan: CompiledPlan, key: PublicKey) {
    this.#plan = plan;
    this.#key = key;
    this.#kid = fromBase64Url(key.kid) ?? new Uint8Array(32);
    for (const { measurements } of plan.reports) {
      for (const { components } of measurements) {
        for (const set of components) assertTupleSet(set, key.n / 2n);
      }
    }
  }

  demand(report: CompiledReport): PairDemand {
    const sets = report.measurements.flatMap(({ components }) => components);
    return {
      obfuscators: sets.reduce((sum, { arity }) => sum + arity, 0),
      masks: sets.reduce((sum, { arity, tuples }) => sum + arity * tuples.length, 0),
    };
  }

  /** Raw bytes of every envelope of this report; the attribute's text is 4/3 of it. */
  envelopeBytes(report: CompiledReport): number {
    return envelopeBytes(this.#key, report);
  }

  /**
   * The envelope as base64url. Uses every record once and overwrites it with zeros, also when it throws.
   * Throws `invalid_argument` before touching randomness if a member is not in its set or records are missing.
   */
  seal(contribution: Contribution, records: PairRecords, random: RandomBytes): string {
    try {
      const open = this.#open(contribution);
      const demand = this.demand(contribution.report);
      assertArgument(
        records.obfuscators.length === demand.obfuscators && records.masks.length === demand.masks,
        'wrong number of precomputed records',
        'take exactly as many as demand() says',
      );
      return encodeEnvelope(this.#compose(contribution, open, records, random));
    } finally {
      for (const record of [...records.obfuscators, ...records.masks]) record.fill(0);
    }
  }

  #open({ report, members, labels }: Contribution): OpenComponent[] {
    assertArgument(labels.length === report.labels.length, 'wrong number of labels', 'give one index per label');
    return report.measurements.flatMap(({ components }, measurement) =>
      components.map((set, component) => {
        const member = members[measurement]?.[component] ?? -1;
        assertArgument(set.tuples[member] !== undefined, 'value is not in its set', 'classify values with the plan');
        return { measurement, component, set, member };
      }),
    );
  }

  #compose(contribution: Contribution, open: OpenComponent[], records: PairRecords, random: RandomBytes): Uint8Array {
    const { report, windowStart, labels } = contribution;
    const out = new Uint8Array(this.envelopeBytes(report));
    const header = { report: report.index, mode: report.report.mode, windowStart, labels, spanBound: PER_SPAN_BOUND };
    writeHeader(out, { ...header, kid: this.#key.kid, planHash: this.#plan.hashText });
    const writer = new ComponentWriter(this.#key, out, headerBytes(labels.length));
    const take = dealer(records);

    const committed = open.map(({ set, member }) => commitComponent(this.#key, set, member, take(set), random));
    const slots = committed.map((component) => writer.writeCommitted(component));
    const id = contributionId(
      {
        version: ENVELOPE_VERSION,
        key: this.#key,
        kid: this.#kid,
        planHash: this.#plan.hash,
        report: report.index,
        mode: modeCode(report.report.mode),
        windowStart,
        spanBound: PER_SPAN_BOUND,
        labels: labelBytes(out, labels.length),
        measurementCount: report.measurements.length,
      },
      open.map((component, index): TranscriptComponent => ({
        ...component,
        ciphertexts: slots[index]?.ciphertexts ?? [],
      })),
    );
    const challenge = envelopeChallenge(
      id,
      slots.flatMap(({ commitments }) => commitments),
    );
    committed.forEach((component, index) => slots[index]?.answer(component.finish(challenge)));
    return out;
  }
}

/** Hands out each record once, in order. */
function dealer({ obfuscators, masks }: PairRecords): (set: TupleSet) => PairRecords {
  let nextObfuscator = 0;
  let nextMask = 0;
  return ({ arity, tuples }) => ({
    obfuscators: obfuscators.slice(nextObfuscator, (nextObfuscator += arity)),
    masks: masks.slice(nextMask, (nextMask += arity * tuples.length)),
  });
}

/** Where a component stands in the envelope: its encoded elements, and the gaps for its answers. */
interface WrittenComponent {
  readonly ciphertexts: readonly Uint8Array[];
  readonly commitments: readonly Uint8Array[];
  readonly answer: (branches: ReturnType<CommittedComponent['finish']>) => void;
}

class ComponentWriter {
  readonly #key: PublicKey;
  readonly #out: Uint8Array;
  #offset: number;

  constructor(key: PublicKey, out: Uint8Array, offset: number) {
    this.#key = key;
    this.#out = out;
    this.#offset = offset;
  }

  /** Writes ciphertexts and commitments and leaves room for the answers. */
  writeCommitted({ ciphertexts, commitments }: CommittedComponent): WrittenComponent {
    const written = ciphertexts.map((element) => this.#element(element));
    const answerOffsets: number[] = [];
    const elements = commitments.flatMap((branch) => {
      const encoded = branch.map((element) => this.#element(element));
      answerOffsets.push(this.#offset);
      this.#offset += CHALLENGE_BYTES + branch.length * responseBytes(this.#key);
      return encoded;
    });
    return {
      ciphertexts: written,
      commitments: elements,
      answer: (branches) => {
        branches.forEach(({ challenge, responses }, branch) => {
          let offset = answerOffsets[branch] ?? 0;
          this.#out.set(bigIntToBytes(challenge, CHALLENGE_BYTES), offset);
          offset += CHALLENGE_BYTES;
          for (const response of responses) {
            this.#out.set(bigIntToBytes(response, responseBytes(this.#key)), offset);
            offset += responseBytes(this.#key);
          }
        });
      },
    };
  }

  #element({ unit, omega }: EncodedElement): Uint8Array {
    const start = this.#offset;
    this.#out.set(unit, start);
    this.#out.set(bigIntToBytes(omega, this.#key.modulusBytes), start + this.#key.modulusBytes);
    this.#offset = start + 2 * this.#key.modulusBytes;
    return this.#out.subarray(start, this.#offset);
  }
}
