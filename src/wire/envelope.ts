/**
 * The envelope: one span attribute, base64url, fixed widths but for the key of an open label, one encoding per
 * value, no trailing bytes.
 *
 * Header: version u8 | kid 32 | plan hash 32 | report u16 | mode u8 | window start u64, Unix seconds |
 *   span bound u32 | labels (label-entries.ts), in the report's order.
 * Then, measurement by measurement, the components of the layout (plan/layout.ts): every c as unit, omega
 *   (modulus bytes each); per branch every a likewise, e (16 bytes), every z (ceil((A + 257) / 8) bytes); and
 *   where the layout has a total, one branch for it. All integers big-endian.
 */
import { fromBase64Url, toBase64Url } from '../bytes.js';
import type { TupleSet } from '../math/tuple-set.js';
import type { ModulusSize } from '../paillier/public-key.js';
import type { CompiledReport } from '../plan/compile.js';
import { envelopeLayout } from '../plan/layout.js';
import type { Label, LabelValue, ReportMode } from '../plan/plan.js';
import { CHALLENGE_BYTES, responseBytes } from '../proofs/parameters.js';
import { entriesBytes, readEntries, writeEntries, type ReadEntries } from './label-entries.js';

/** Name of the span attribute that carries an envelope; also the marker a collector routes on. */
export const ENVELOPE_ATTRIBUTE = 'telemetry_kit.envelope';
export const ENVELOPE_VERSION = 1;

/** Codes on the wire are positions here: 0 per-span, 1 coalesced. */
const MODES: readonly ReportMode[] = ['per-span', 'coalesced'];
const FIXED_HEADER_BYTES = 80;

/** What an envelope says in clear. */
export interface EnvelopeHeader {
  /** Key id, base64url. */
  readonly kid: string;
  /** Base64url. */
  readonly planHash: string;
  /** Position in the plan. */
  readonly report: number;
  readonly mode: ReportMode;
  /** Unix seconds. */
  readonly windowStart: number;
  readonly spanBound: number;
  /** One per label of the report, in its order. */
  readonly labels: readonly LabelValue[];
}

/** Numeric code of a mode on the wire and in the transcript. */
export function modeCode(mode: ReportMode): number {
  return MODES.indexOf(mode);
}

/** `keyBytes`: of the key of an open label, where one of the labels is open. */
export function headerBytes(labelCount: number, keyBytes?: number): number {
  return FIXED_HEADER_BYTES + entriesBytes(labelCount, keyBytes);
}

/** Bytes of one component: its ciphertexts and one branch per tuple. */
export function componentBytes(key: ModulusSize, { arity, tuples }: TupleSet): number {
  return arity * 2 * key.modulusBytes + tuples.length * branchBytes(key, arity);
}

/** Bytes of one branch: commitments, challenge, responses. */
function branchBytes(key: ModulusSize, arity: number): number {
  return arity * (2 * key.modulusBytes + responseBytes(key)) + CHALLENGE_BYTES;
}

/**
 * Raw bytes of every envelope of a report with this span bound under a public key: the same whatever is sealed.
 * `keyBytes`: of the open label's key, by default the longest.
 */
export function envelopeBytes(
  key: ModulusSize,
  report: CompiledReport,
  spanBound: number,
  keyBytes = report.openLabel?.longest,
): number {
  return envelopeLayout(report, spanBound).reduce(
    (sum, { components, total }) =>
      sum +
      components.reduce((inner, { set }) => inner + componentBytes(key, set), 0) +
      (total === undefined ? 0 : branchBytes(key, 1)),
    headerBytes(report.labels.length, keyBytes),
  );
}

/** Characters of an envelope of so many bytes as a span attribute: base64url without padding. */
export function envelopeCharacters(bytes: number): number {
  return Math.ceil((bytes * 4) / 3);
}

/** A header with digests as bytes, as it is written. */
export interface WrittenHeader extends Omit<EnvelopeHeader, 'kid' | 'planHash'> {
  readonly kid: Uint8Array;
  readonly planHash: Uint8Array;
}

/** @returns where the header ends. */
export function writeHeader(out: Uint8Array, header: WrittenHeader): number {
  const view = new DataView(out.buffer, out.byteOffset, out.byteLength);
  view.setUint8(0, ENVELOPE_VERSION);
  out.set(header.kid, 1);
  out.set(header.planHash, 33);
  view.setUint16(65, header.report);
  view.setUint8(67, modeCode(header.mode));
  view.setBigUint64(68, BigInt(header.windowStart));
  view.setUint32(76, header.spanBound);
  return writeEntries(view, FIXED_HEADER_BYTES, header.labels);
}

/** The header's fixed part as it stands on the wire, before anything is believed. */
export interface RawHeader {
  readonly version: number;
  readonly kid: Uint8Array;
  readonly planHash: Uint8Array;
  readonly report: number;
  readonly mode: number;
  readonly windowStart: bigint;
  readonly spanBound: number;
}

/** `undefined` where there are too few bytes for a header. */
export function readRawHeader(bytes: Uint8Array): RawHeader | undefined {
  if (bytes.length < FIXED_HEADER_BYTES) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return {
    version: view.getUint8(0),
    kid: bytes.subarray(1, 33),
    planHash: bytes.subarray(33, 65),
    report: view.getUint16(65),
    mode: view.getUint8(67),
    windowStart: view.getBigUint64(68),
    spanBound: view.getUint32(76),
  };
}

/** Mode of a wire code, or `undefined`. */
export function modeOf(code: number): ReportMode | undefined {
  return MODES[code];
}

/** The labels' wire encoding, up to where the header ends: also their item in the transcript. */
export function labelBytes(bytes: Uint8Array, headerEnd: number): Uint8Array {
  return bytes.subarray(FIXED_HEADER_BYTES, headerEnd);
}

/** The labels of a header and where it ends; `undefined` where it holds something else. */
export function readLabels(bytes: Uint8Array, labels: readonly Label[]): ReadEntries | undefined {
  return readEntries(bytes, FIXED_HEADER_BYTES, labels);
}

/** Text form for the span attribute. */
export function encodeEnvelope(bytes: Uint8Array): string {
  return toBase64Url(bytes);
}

/** Bytes of the attribute's text, or `undefined` unless it is canonical base64url. */
export function decodeEnvelope(text: string): Uint8Array | undefined {
  return fromBase64Url(text);
}
