/**
 * An addressed envelope as what its proofs are about: the subjects to verify under its challenge, its
 * contribution id, and the ciphertexts to fold once they hold.
 */
import { joinSplit, multiplySplit, type SplitElement } from '../math/split-form.js';
import { ciphertextToBytes } from '../paillier/ciphertext.js';
import type { PublicKey } from '../paillier/public-key.js';
import { envelopeLayout, type MeasurementLayout } from '../plan/layout.js';
import type { Subject } from '../proofs/membership-checks.js';
import { contributionId, envelopeChallenge } from '../proofs/transcript.js';
import type { AddressedEnvelope } from './address.js';
import { ENVELOPE_VERSION, labelBytes, modeCode } from './envelope.js';
import { ComponentReader, type ReadComponent } from './read-components.js';
import { totalSet } from './envelope-shape.js';

/** One accumulator's share of a contribution. */
export interface VerifiedComponent {
  /** Position in the report; one more than the last is the unit count of an open label. */
  readonly measurement: number;
  /** Which accumulator of the measurement: 0 for per-span, the slot for coalesced. */
  readonly component: number;
  /** Standard Paillier ciphertexts, big-endian, twice the modulus' bytes each. */
  readonly ciphertexts: readonly Uint8Array[];
}

export interface OpenedEnvelope {
  /** 32 bytes: the name under which it is counted once. */
  readonly id: Uint8Array;
  /** `undefined` stands for a subject whose ciphertexts are no units: its product has no split form. */
  readonly subjects: readonly (Subject | undefined)[];
  /** What to fold; call only once every subject holds. */
  readonly fold: () => readonly VerifiedComponent[];
}

interface ReadMeasurement {
  readonly layout: MeasurementLayout;
  readonly components: readonly ReadComponent[];
  readonly total: ReadComponent | undefined;
}

export function openEnvelope(envelope: AddressedEnvelope): OpenedEnvelope {
  const { key, header } = envelope;
  const measurements = readMeasurements(envelope);
  const parts = measurements.flatMap(({ layout, components, total }, measurement) => [
    ...components.map((read, component) => ({
      measurement,
      component,
      read,
      set: layout.components[component]?.set ?? totalSet(0n),
    })),
    ...(total === undefined
      ? []
      : [{ measurement, component: components.length, read: total, set: totalSet(layout.total ?? 0n) }]),
  ]);
  const id = contributionId(
    {
      version: ENVELOPE_VERSION,
      key,
      planHash: envelope.plan.hash,
      report: header.report,
      mode: modeCode(header.mode),
      windowStart: header.windowStart,
      spanBound: header.spanBound,
      labels: labelBytes(envelope.bytes, envelope.headerEnd),
      measurementCount: measurements.length,
    },
    parts.map(({ read, ...part }) => ({ ...part, ciphertexts: read.encodedCiphertexts })),
  );
  const challenge = envelopeChallenge(
    id,
    parts.flatMap(({ read }) => read.encodedCommitments),
  );
  const subjects = measurements.flatMap((measurement) => subjectsOf(key, measurement, challenge));
  return { id, subjects, fold: () => measurements.flatMap((read, index) => foldMeasurement(key, read, index)) };
}

function readMeasurements({ bytes, key, report, header, headerEnd }: AddressedEnvelope): ReadMeasurement[] {
  const reader = new ComponentReader(key, bytes, headerEnd);
  return envelopeLayout(report, header.spanBound).map((layout) => ({
    layout,
    components: layout.components.map(({ set }) => reader.component(set)),
    total: layout.total === undefined ? undefined : reader.total(),
  }));
}

function subjectsOf(key: PublicKey, read: ReadMeasurement, challenge: bigint): (Subject | undefined)[] {
  const { layout, components, total } = read;
  const members = components.map((component, index): Subject => ({
    ...component,
    challenge,
    set: layout.components[index]?.set ?? totalSet(0n),
  }));
  if (total === undefined) return members;
  const product = multiplySplit(components.flatMap(ciphertextsOf), key.n);
  return [...members, product && { ...total, ciphertexts: [product], challenge, set: totalSet(layout.total ?? 0n) }];
}

/** Per accumulator the product of the components that belong to it. */
function foldMeasurement(
  key: PublicKey,
  { layout, components }: ReadMeasurement,
  measurement: number,
): VerifiedComponent[] {
  const products = new Map<number, bigint>();
  components.forEach(({ ciphertexts }, index) => {
    const accumulator = layout.components[index]?.accumulator;
    if (accumulator === undefined) return;
    for (const element of ciphertexts) {
      const product = (products.get(accumulator) ?? 1n) * joinSplit(element, key.n);
      products.set(accumulator, product % key.nSquared);
    }
  });
  return [...products].map(([component, product]) => ({
    measurement,
    component,
    ciphertexts: [ciphertextToBytes(key, product)],
  }));
}

function ciphertextsOf({ ciphertexts }: ReadComponent): readonly SplitElement[] {
  return ciphertexts;
}
