/**
 * A prover that does what it is told, for attacks. Like the real one it works in two moves around the envelope's
 * challenge; unlike it, everything can be changed in between: which set it works with, what it commits to, what it
 * hashes and what it answers. It knows every exponent, so a change that could be answered is answered.
 */
import { bigIntToBytes, bigIntToMinimalBytes, bytesToBigInt, concatBytes, toBase64Url } from '../../src/bytes.js';
import { hashFramed, u64 } from '../../src/framing.js';
import { FixedBaseComb } from '../../src/math/fixed-base-comb.js';
import { mod } from '../../src/math/modular.js';
import { normalizeMany, type SplitElement } from '../../src/math/split-form.js';
import type { TupleSet } from '../../src/math/tuple-set.js';
import { obfuscationBase, obfuscatorBits } from '../../src/paillier/obfuscation.js';
import type { CompiledPlan, CompiledReport } from '../../src/plan/compile.js';
import { isOpen } from '../../src/plan/labels.js';
import { envelopeLayout, PER_SPAN_BOUND } from '../../src/plan/layout.js';
import type { LabelValue } from '../../src/plan/plan.js';
import { CHALLENGE_BYTES, CHALLENGE_MODULUS, maskBits, responseBytes } from '../../src/proofs/parameters.js';
import { randomBits, systemRandom } from '../../src/random.js';
import { ENVELOPE_VERSION, headerBytes, writeHeader } from '../../src/wire/envelope.js';
import { keyBytesOf } from '../../src/wire/label-entries.js';
import { key, shop, WINDOW } from './plans.js';

/** One alternative: `gamma` and the challenge drawn ahead, where it is a simulated one. */
interface DraftBranch {
  commitment: SplitElement;
  gamma: bigint;
  challenge: bigint;
}

export interface DraftComponent {
  readonly measurement: number;
  readonly component: number;
  /** What the prover works with, the plan's own unless an attack says otherwise. */
  set: TupleSet;
  /** Position of the branch that is answered honestly. */
  witness: number;
  alpha: bigint;
  ciphertext: SplitElement;
  branches: DraftBranch[];
}

export interface Draft {
  readonly plan: CompiledPlan;
  readonly report: CompiledReport;
  windowStart: number;
  labels: LabelValue[];
  components: DraftComponent[];
}

export interface AnsweredComponent {
  ciphertext: SplitElement;
  branches: { commitment: SplitElement; challenge: bigint; response: bigint }[];
}

export interface Answered {
  readonly draft: Draft;
  /** E, by the transcript that the prover hashed. */
  readonly challenge: bigint;
  readonly header: Uint8Array;
  components: AnsweredComponent[];
}

/** One item of the transcript, with what it stands for. */
export interface TranscriptItem {
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** What a prover hashes: the items of the contribution id, then those of the challenge. */
export interface Transcript {
  readonly id: readonly TranscriptItem[];
  readonly commitments: readonly TranscriptItem[];
}

/** Of a header without labels. */
const FIXED_HEADER_BYTES = headerBytes(0);

const comb = new FixedBaseComb(obfuscationBase(key), key.n, maskBits(key) + 1, { teeth: 8, tables: 4 });

/** hs^exponent (1+n)^plaintext. */
export function element(exponent: bigint, plaintext: bigint): SplitElement {
  const { unit, omega } = comb.power(exponent);
  return normalizeMany([{ unit, omega: omega + plaintext }], key.n)[0]!;
}

/** -w of a group element w. */
export function negated({ unit, omega }: SplitElement): SplitElement {
  return normalizeMany([{ unit: key.nSquared - unit, omega }], key.n)[0]!;
}

/**
 * One component: commits to `plaintext`, honestly in the branch at `witness`, simulated in the others. With a
 * witness of -1 every branch is simulated.
 */
export function draftComponent(
  position: Pick<DraftComponent, 'measurement' | 'component'>,
  set: TupleSet,
  witness: number,
  plaintext = set.tuples[witness]?.[0] ?? 0n,
  alpha = randomBits(systemRandom, obfuscatorBits(key)),
): DraftComponent {
  const branches = set.tuples.map(([member = 0n], branch): DraftBranch => {
    const gamma = randomBits(systemRandom, maskBits(key));
    const challenge = branch === witness ? 0n : randomBits(systemRandom, 128);
    // The branch that is answered last carries no shift, whatever it is about: its challenge is not known yet.
    return { gamma, challenge, commitment: element(gamma, branch === witness ? 0n : (member - plaintext) * challenge) };
  });
  return { ...position, set, witness, alpha, ciphertext: element(alpha, plaintext), branches };
}

/** First move: a contribution of these members, one per component of every measurement, in the open window. */
export function draft(plan: CompiledPlan = shop, members: readonly (readonly number[])[] = [[1], [0]]): Draft {
  const report = plan.reports[0]!;
  return {
    plan,
    report,
    windowStart: WINDOW,
    labels: report.labels.map((label) => (isOpen(label) ? 'search' : 0)),
    components: envelopeLayout(report, PER_SPAN_BOUND).flatMap(({ components }, measurement) =>
      components.map(({ set }, component) =>
        draftComponent({ measurement, component }, set, members[measurement]?.[component] ?? 0),
      ),
    ),
  };
}

/** Second move: the challenge of the transcript, as it is or as `change` bends it, and an answer in every branch. */
export function answer(of: Draft, change: (transcript: Transcript) => Transcript = (same) => same): Answered {
  const header = encodeHeader(of);
  const { id, commitments } = change(transcriptOf(of, header));
  const contribution = hashFramed('telemetry-kit/v1/contribution', bytesOf(id));
  const digest = hashFramed('telemetry-kit/v1/challenge', [contribution, ...bytesOf(commitments)]);
  const challenge = bytesToBigInt(digest.subarray(-CHALLENGE_BYTES));
  const components = of.components.map(({ witness, alpha, ciphertext, branches }): AnsweredComponent => {
    const others = branches.reduce((sum, branch, index) => (index === witness ? sum : sum + branch.challenge), 0n);
    return {
      ciphertext,
      branches: branches.map((branch, index) => {
        const own = index === witness ? mod(challenge - others, CHALLENGE_MODULUS) : branch.challenge;
        return { commitment: branch.commitment, challenge: own, response: branch.gamma + alpha * own };
      }),
    };
  });
  return { draft: of, challenge, header, components };
}

/** The envelope's bytes; everything must fit its field. */
function encode({ header, components }: Answered): Uint8Array {
  return concatBytes([
    header,
    ...components.flatMap(({ ciphertext, branches }) => [
      encodeElement(ciphertext),
      ...branches.flatMap(({ commitment, challenge, response }) => [
        encodeElement(commitment),
        bigIntToBytes(challenge, CHALLENGE_BYTES),
        bigIntToBytes(response, responseBytes(key)),
      ]),
    ]),
  ]);
}

/** An attribute's text: an honest envelope but for what is changed before the hash, and after it. */
export function forge(
  before: (of: Draft) => void,
  after: (of: Answered) => void = () => undefined,
  open: Draft = draft(),
): string {
  before(open);
  const closed = answer(open);
  after(closed);
  return textOf(closed);
}

export function textOf(of: Answered): string {
  return toBase64Url(encode(of));
}

/** Every item that the protocol has hashed, in order. */
export function transcriptOf(of: Draft, header = encodeHeader(of)): Transcript {
  const { plan, report, windowStart } = of;
  const item = (name: string, bytes: Uint8Array): TranscriptItem => ({ name, bytes });
  const id = [
    item('version', u64(ENVELOPE_VERSION)),
    item('key id', key.kidBytes),
    item('modulus', key.modulus),
    item('plan hash', plan.hash),
    item('report', u64(report.index)),
    item('mode', u64(0)),
    item('window', u64(windowStart)),
    item('span bound', u64(1)),
    item('labels', header.subarray(FIXED_HEADER_BYTES)),
    item('number of measurements', u64(envelopeLayout(report, PER_SPAN_BOUND).length)),
    ...of.components.flatMap(({ measurement, component, set, ciphertext }) => {
      const own = `of component ${String(measurement)}.${String(component)}`;
      return [
        item(`measurement ${own}`, u64(measurement)),
        item(`number ${own}`, u64(component)),
        item(`size of the set ${own}`, u64(set.tuples.length)),
        item(`arity ${own}`, u64(set.arity)),
        ...set.tuples.flat().map((d, index) => item(`member ${String(index)} ${own}`, bigIntToMinimalBytes(d))),
        item(`ciphertext ${own}`, encodeElement(ciphertext)),
      ];
    }),
  ];
  const commitments = of.components.flatMap(({ measurement, component, branches }) =>
    branches.map(({ commitment }, index) =>
      item(
        `commitment ${String(index)} of component ${String(measurement)}.${String(component)}`,
        encodeElement(commitment),
      ),
    ),
  );
  return { id, commitments };
}

function encodeHeader({ plan, report, windowStart, labels }: Draft): Uint8Array {
  const out = new Uint8Array(headerBytes(labels.length, keyBytesOf(labels)));
  const { mode } = report.report;
  writeHeader(out, {
    kid: key.kidBytes,
    planHash: plan.hash,
    report: report.index,
    mode,
    windowStart,
    labels,
    spanBound: 1,
  });
  return out;
}

function encodeElement({ unit, omega }: SplitElement): Uint8Array {
  return concatBytes([bigIntToBytes(unit, key.modulusBytes), bigIntToBytes(omega, key.modulusBytes)]);
}

function bytesOf(items: readonly TranscriptItem[]): Uint8Array[] {
  return items.map(({ bytes }) => bytes);
}
