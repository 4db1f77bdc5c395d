/**
 * Names of what is released. The key holder derives them itself, so a receiver can neither ask for a second
 * draw under another name nor occupy a name.
 *
 * Framing: SHA-256 over items, each preceded by its length as u32, big-endian; the UTF-8 label first
 * (framing.ts). Integers are u64, big-endian (8 bytes). Key ids are their 32 bytes, in ascending order.
 *
 * Release id, label `telemetry-kit/v1/release-id`:
 *   kind (UTF-8) | plan hash (32) | report | measurement |
 *   number of labels | each label: its index, or 0xFFFF and the key (UTF-8) of an open one |
 *   range start | range end (Unix seconds) |
 *   number of key ids | each key id (32)
 * Cell id, label `telemetry-kit/v1/cell-id`: the same items up to and including range end. One cell is
 *   released once, whichever keys its aggregates are under.
 *   The selection of an open label's keys is one cell of its report: measurement 0, no labels.
 * Aggregate digest, label `telemetry-kit/v1/aggregate`:
 *   per key, in ascending order of key ids: key id (32) | ciphertext (twice the modulus' bytes)
 *   Of a selection, label `telemetry-kit/v1/selection-aggregate`: per key of the open label, in ascending order:
 *   key (UTF-8) | number of key ids | the same items
 *   What the ledger holds of a selection's is blinded (blinded-digest.ts). Its key ids are all of its plan's, whatever
 *   its aggregates are under: neither shows whether there was any key.
 */
import { bytesToHex, fromBase64Url, toBase64Url, utf8ToBytes } from '../bytes.js';
import { hashFramed, u64 } from '../framing.js';
import type { LabelValue } from '../plan/plan.js';
import { KEY_FOLLOWS } from '../wire/label-entries.js';
import type { KeyAggregate, KeyedAggregate } from '../wire/release.js';
import type { ReleaseKind } from './release-kind.js';

/** What a release covers. */
export interface CellIdentity {
  readonly kind: ReleaseKind;
  /** 32 bytes, base64url. */
  readonly planHash: string;
  readonly report: number;
  readonly measurement: number;
  readonly labels: readonly LabelValue[];
  /** Unix seconds; the range is [rangeStart, rangeEnd). */
  readonly rangeStart: number;
  readonly rangeEnd: number;
  /** Key ids, base64url, ascending by their bytes. */
  readonly kids: readonly string[];
}

/** 32 bytes, base64url. */
export function releaseIdOf(cell: CellIdentity): string {
  const kids = cell.kids.map(kidBytes);
  return toBase64Url(hashFramed('telemetry-kit/v1/release-id', [...cellItems(cell), u64(kids.length), ...kids]));
}

/** 32 bytes, base64url. */
export function cellIdOf(cell: CellIdentity): string {
  return toBase64Url(hashFramed('telemetry-kit/v1/cell-id', cellItems(cell)));
}

/** 32 bytes, base64url. */
export function aggregateDigestOf(aggregates: readonly KeyedAggregate[]): string {
  return toBase64Url(hashFramed('telemetry-kit/v1/aggregate', aggregateItems(aggregates)));
}

/** Over all keys of the open label, selected or not. 32 bytes, base64url. */
export function selectionDigestOf(keys: readonly KeyAggregate[]): string {
  const items = keys.flatMap(({ key, aggregates }) => [
    utf8ToBytes(key),
    u64(aggregates.length),
    ...aggregateItems(aggregates),
  ]);
  return toBase64Url(hashFramed('telemetry-kit/v1/selection-aggregate', items));
}

/** Of the plan's keys, all that a selection names. */
export function kidsOfSelection(planKeys: readonly string[]): string[] {
  return sortByKid(planKeys.map((kid) => ({ kid }))).map(({ kid }) => kid);
}

/** The selection of the keys that cells of an open label are released for. `kids`: `kidsOfSelection` of its plan. */
export function selectionFor(
  { planHash, report, rangeStart, rangeEnd }: Omit<CellIdentity, 'kind' | 'measurement' | 'labels' | 'kids'>,
  kids: readonly string[] = [],
): CellIdentity {
  return { kind: 'selection', planHash, report, measurement: 0, labels: [], rangeStart, rangeEnd, kids };
}

/** Ascending by the bytes of the key ids. */
export function sortByKid<Keyed extends { readonly kid: string }>(items: readonly Keyed[]): Keyed[] {
  return items
    .map((item) => ({ item, order: bytesToHex(kidBytes(item.kid)) }))
    .sort((a, b) => (a.order < b.order ? -1 : 1))
    .map(({ item }) => item);
}

function aggregateItems(aggregates: readonly KeyedAggregate[]): Uint8Array[] {
  return sortByKid(aggregates).flatMap(({ kid, ciphertext }) => [kidBytes(kid), ciphertext]);
}

function cellItems({ kind, planHash, report, measurement, labels, rangeStart, rangeEnd }: CellIdentity): Uint8Array[] {
  return [
    utf8ToBytes(kind),
    kidBytes(planHash),
    u64(report),
    u64(measurement),
    u64(labels.length),
    ...labels.flatMap(labelItems),
    u64(rangeStart),
    u64(rangeEnd),
  ];
}

function labelItems(label: LabelValue): Uint8Array[] {
  return typeof label === 'string' ? [u64(KEY_FOLLOWS), utf8ToBytes(label)] : [u64(label)];
}

function kidBytes(text: string): Uint8Array {
  return fromBase64Url(text) ?? utf8ToBytes(text);
}
