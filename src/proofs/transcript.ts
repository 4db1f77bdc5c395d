/**
 * What an envelope's proofs are bound to.
 *
 * Contribution id = H("telemetry-kit/v1/contribution", version, kid, n, plan hash, report, mode, window
 *   start, span bound, labels, number of measurements, then per component: measurement, component, number
 *   of tuples, arity, every d_j in order, every c).
 * Challenge E = the last 16 bytes, big-endian, of H("telemetry-kit/v1/challenge", contribution id, every
 *   commitment of every component in order).
 *
 * H is SHA-256 over framed items (framing.ts). The id leaves out commitments, challenges and responses, so
 * it names the contribution and not one proof of it; it is computed, never sent, so that nobody can occupy
 * it ahead of its sender.
 */
import { bigIntToMinimalBytes, readBigInt } from '../bytes.js';
import { hashFramed, u64, type FramedHash } from '../framing.js';
import type { TupleSet } from '../math/tuple-set.js';
import type { PublicKey } from '../paillier/public-key.js';
import { CHALLENGE_BYTES } from './parameters.js';

/** Everything an envelope says in clear, as its wire encoding has it. */
export interface TranscriptHeader {
  readonly version: number;
  readonly key: PublicKey;
  /** 32 bytes. */
  readonly planHash: Uint8Array;
  readonly report: number;
  /** 0 per-span. */
  readonly mode: number;
  /** Unix seconds. */
  readonly windowStart: number;
  readonly spanBound: number;
  /** The labels' wire encoding. */
  readonly labels: Uint8Array;
  readonly measurementCount: number;
}

export interface TranscriptComponent {
  readonly measurement: number;
  readonly component: number;
  readonly set: TupleSet;
  /** Each ciphertext's wire encoding: unit || omega. */
  readonly ciphertexts: readonly Uint8Array[];
}

/** 32 bytes. */
export function contributionId(
  header: TranscriptHeader,
  components: readonly TranscriptComponent[],
  hash: FramedHash = hashFramed,
): Uint8Array {
  const items = [
    u64(header.version),
    header.key.kidBytes,
    header.key.modulus,
    header.planHash,
    u64(header.report),
    u64(header.mode),
    u64(header.windowStart),
    u64(header.spanBound),
    header.labels,
    u64(header.measurementCount),
  ];
  for (const { measurement, component, set, ciphertexts } of components) {
    items.push(u64(measurement), u64(component), u64(set.tuples.length), u64(set.arity));
    items.push(...memberItems(set), ...ciphertexts);
  }
  return hash('telemetry-kit/v1/contribution', items);
}

/** Every d_j in order. The sets of a plan are made once, so their items are too. */
function memberItems(set: TupleSet): readonly Uint8Array[] {
  const items = known.get(set) ?? set.tuples.flat().map(bigIntToMinimalBytes);
  known.set(set, items);
  return items;
}

const known = new WeakMap<TupleSet, readonly Uint8Array[]>();

/** E, uniform in [0, 2^128); `commitments` are wire encodings unit || omega in envelope order. */
export function envelopeChallenge(
  id: Uint8Array,
  commitments: readonly Uint8Array[],
  hash: FramedHash = hashFramed,
): bigint {
  const digest = hash('telemetry-kit/v1/challenge', [id, ...commitments]);
  return readBigInt(digest, digest.length - CHALLENGE_BYTES, digest.length);
}
