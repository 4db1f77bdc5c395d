/** Envelopes: every field of the header, every length and byte, parts of one in another, one in several places. */
import { fromBase64Url, toBase64Url, utf8ToBytes } from '../../src/bytes.js';
import type { CompiledPlan } from '../../src/plan/compile.js';
import { coalescedMembers } from '../../src/plan/layout.js';
import { responseBytes } from '../../src/proofs/parameters.js';
import { componentBytes, headerBytes } from '../../src/wire/envelope.js';
import type { Contribution } from '../../src/wire/seal.js';
import { TestSealer } from '../support/envelopes.js';
import { testPlan } from '../support/plans.js';
import { coalesced, key, open, otherKey, shop, shopNext, sums, twins, WINDOW } from './plans.js';
import type { Outcome, SentRow, Verdict } from './row.js';

const sealers = new Map<CompiledPlan, TestSealer>();

/** A fresh honest envelope; without members, of a span that contributes nothing. */
export function honest(plan: CompiledPlan = shop, change: Partial<Contribution> = {}): string {
  const sealer = sealers.get(plan) ?? new TestSealer(plan, key);
  sealers.set(plan, sealer);
  const report = plan.reports[0]!;
  const members = report.measurements.map(({ components }) => components.map(() => 0));
  return sealer.seal({ report, windowStart: WINDOW, labels: report.labels.map(() => 0), members, ...change });
}

/** Of a flush of this many spans, with one total a slot. */
function flushed(totals: readonly bigint[], spanBound: number): string {
  const [measurement] = coalesced.reports[0]!.measurements;
  return honest(coalesced, { members: [coalescedMembers(measurement!, spanBound, totals)], spanBound });
}

const bytesOf = (text: string): Uint8Array => fromBase64Url(text) ?? new Uint8Array(0);

/** The bytes of an envelope, overwritten. */
function overwritten(write: (bytes: Uint8Array, view: DataView) => void, text = honest()): string {
  const bytes = bytesOf(text);
  write(bytes, new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength));
  return toBase64Url(bytes);
}

/** The bytes of an envelope, put together anew. */
function rebuilt(build: (bytes: Uint8Array) => Uint8Array, text = honest()): string {
  return toBase64Url(build(bytesOf(text)));
}

const row = (name: string, text: () => string, verdicts: Verdict, server?: Outcome): SentRow => ({
  section: 'envelope',
  name,
  texts: () => [text()],
  verdicts,
  ...(server === undefined ? {} : { server }),
});
const several = (name: string, texts: () => readonly string[], verdicts: Verdict, server?: Outcome): SentRow => ({
  ...row(name, () => '', verdicts, server),
  texts,
});
const field = (name: string, write: (view: DataView, bytes: Uint8Array) => void, verdict: Verdict): SentRow =>
  row(name, () => overwritten((bytes, view) => write(view, bytes)), verdict);

const AT = { kid: 1, planHash: 33, report: 65, mode: 67, window: 68, spanBound: 76, label: 80 };

const header: SentRow[] = [
  ...[0, 2, 255].map((version) =>
    field(`version ${String(version)}`, (view) => view.setUint8(0, version), 'unsupported_version'),
  ),
  field('a key that nobody holds', (_, bytes) => (bytes[AT.kid]! ^= 1), 'unknown_key'),
  field('another key of the plan', (_, bytes) => bytes.set(otherKey.kidBytes, AT.kid), 'challenge_sum'),
  field('a plan that nobody knows', (_, bytes) => (bytes[AT.planHash]! ^= 1), 'unknown_plan'),
  field('another plan with the same sets', (_, bytes) => bytes.set(shopNext.hash, AT.planHash), 'challenge_sum'),
  field('another plan with other sets', (_, bytes) => bytes.set(sums.hash, AT.planHash), 'malformed'),
  row('an honest envelope of a plan that nobody knows', () => honest(testPlan({ name: 'unknown' })), 'unknown_plan'),
  ...[1, 0xffff].map((report) =>
    field(`report ${String(report)}`, (view) => view.setUint16(AT.report, report), 'unknown_report'),
  ),
  ...[1, 2, 255].map((mode) => field(`mode ${String(mode)}`, (view) => view.setUint8(AT.mode, mode), 'mode')),
  row(
    'mode 0 of a coalesced envelope',
    () => overwritten((_, view) => view.setUint8(AT.mode, 0), flushed([1n, 1n], 3)),
    'mode',
  ),
  ...[0, 2, 15, 0xffffffff].map((bound) =>
    field(`span bound ${String(bound)} per span`, (view) => view.setUint32(AT.spanBound, bound), 'span_bound'),
  ),
  ...[0, 1, 2, 4, 14, 16, 1023].map((bound) =>
    row(
      `span bound ${String(bound)}, which is not in the list`,
      () => overwritten((_, view) => view.setUint32(AT.spanBound, bound), flushed([1n, 1n], 15)),
      'span_bound',
    ),
  ),
  row(
    'a smaller span bound of the list',
    () => overwritten((_, view) => view.setUint32(AT.spanBound, 3), flushed([1n, 1n], 15)),
    'malformed',
  ),
  field('another label', (view) => view.setUint16(AT.label, 1), 'challenge_sum'),
  ...[3, 0xffff].map((label) => field(`label ${String(label)}`, (view) => view.setUint16(AT.label, label), 'labels')),
  field('another open window', (view) => view.setBigUint64(AT.window, BigInt(WINDOW - 60)), 'challenge_sum'),
  field('a window off the grid', (view) => view.setBigUint64(AT.window, BigInt(WINDOW + 1)), 'malformed'),
  field('a window beyond 2^53', (view) => view.setBigUint64(AT.window, 60n << 53n), 'malformed'),
  field('the last window there is', (view) => view.setBigUint64(AT.window, (1n << 64n) - 1n), 'malformed'),
];

/** Only the server knows the time. */
const time: SentRow[] = [
  row('a window whose grace is over', () => honest(shop, { windowStart: WINDOW - 120 }), 'accepted', {
    rejected: { late: 1 },
  }),
  row('a window of 1970', () => honest(shop, { windowStart: 0 }), 'accepted', { rejected: { late: 1 } }),
  row(
    'a window in its grace that was over before the receiver first started',
    () => honest(shop, { windowStart: WINDOW - 60 }),
    'accepted',
    { rejected: { late: 1 } },
  ),
  row('the window that begins next', () => honest(shop, { windowStart: WINDOW + 60 }), 'accepted'),
  row('a window far ahead', () => honest(shop, { windowStart: WINDOW + 120 }), 'accepted', {
    rejected: { too_early: 1 },
  }),
  row('a window in the year 285,000,000', () => honest(shop, { windowStart: 60 * 149_000_000_000_000 }), 'accepted', {
    rejected: { too_early: 1 },
  }),
];

const text: SentRow[] = [
  row('nothing', () => '', 'malformed'),
  row('not base64url', () => '!!!!', 'malformed'),
  row('padding', () => `${honest()}=`, 'malformed'),
  row('a space at the end', () => `${honest()} `, 'malformed'),
  row('a line break inside', () => honest().replace(/^.{76}/, '$&\n'), 'malformed'),
  row('the alphabet of plain base64', () => bytesInBase64(bytesOf(honest())), 'malformed'),
  row('unused bits that are not zero', () => withUnusedBits(honest(sums)), 'malformed'),
  row('a letter of another script that looks alike', () => honest().replace(/A/, '\u0410'), 'malformed'),
  row('the envelope twice in one text', () => `${honest()}${honest()}`, 'malformed'),
  row('a longer text of a version that is not there', () => `Ag${'A'.repeat(100_000)}`, 'unsupported_version'),
  row('a longer text of a known plan', () => honest() + 'A'.repeat(100_000), 'malformed'),
];

/** The text with `+` and `/`, of which an envelope of two thousand random bytes has some. */
function bytesInBase64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64');
}

/** The last letter stands for 4 bits and 2 that are zero: the next letter has another last bit. */
function withUnusedBits(canonical: string): string {
  const last = canonical.at(-1)!;
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
  return canonical.slice(0, -1) + alphabet.charAt(alphabet.indexOf(last) + 1);
}

const RESPONSE_BYTES = responseBytes(key);
const ELEMENT_BYTES = 2 * key.modulusBytes;
const TOTAL_BYTES = ELEMENT_BYTES + 16 + RESPONSE_BYTES;
const FLAG_BYTES = componentBytes(key, shop.reports[0]!.measurements[0]!.components[0]!);
const TWIN_BYTES = componentBytes(key, twins.reports[0]!.measurements[0]!.components[0]!);
const START = headerBytes(1);
const TWIN_START = headerBytes(0);
const [left, right] = [
  [TWIN_START, TWIN_START + TWIN_BYTES],
  [TWIN_START + TWIN_BYTES, TWIN_START + 2 * TWIN_BYTES],
] as const;

const parts: SentRow[] = [
  row(
    'a component of another envelope',
    () => overwritten((bytes) => bytes.set(bytesOf(honest()).subarray(START, START + FLAG_BYTES), START)),
    'challenge_sum',
  ),
  ...[
    ['a commitment', ELEMENT_BYTES, ELEMENT_BYTES, 'challenge_sum'],
    ['a challenge', 2 * ELEMENT_BYTES, 16, 'challenge_sum'],
    ['a response', 2 * ELEMENT_BYTES + 16, RESPONSE_BYTES, 'equation'],
  ].map(([name, offset, length, verdict]) =>
    row(
      `${String(name)} of another envelope`,
      () => {
        const from = START + Number(offset);
        return overwritten((bytes) => bytes.set(bytesOf(honest()).subarray(from, from + Number(length)), from));
      },
      verdict as Verdict,
    ),
  ),
  row(
    'the header of another envelope',
    () => overwritten((bytes) => bytes.set(bytesOf(honest(shop, { labels: [2] })).subarray(0, START))),
    'challenge_sum',
  ),
  row(
    'a component in the place of its twin',
    () => overwritten((bytes) => bytes.copyWithin(right[0], ...left), honest(twins)),
    'challenge_sum',
  ),
  row('two components in the other order', () => rebuilt(reordered, honest(twins)), 'challenge_sum'),
  row('a component missing', () => rebuilt((bytes) => bytes.subarray(0, bytes.length - FLAG_BYTES)), 'malformed'),
  row('a component too many', () => rebuilt((bytes) => repeated(bytes, left), honest(twins)), 'malformed'),
  row('a byte after the end', () => rebuilt((bytes) => Uint8Array.of(...bytes, 0)), 'malformed'),
];

function reordered(bytes: Uint8Array): Uint8Array {
  return Uint8Array.of(...bytes.subarray(0, TWIN_START), ...bytes.subarray(...right), ...bytes.subarray(...left));
}

function repeated(bytes: Uint8Array, [from, to]: readonly [number, number]): Uint8Array {
  return Uint8Array.of(...bytes, ...bytes.subarray(from, to));
}

/** Spans of three in two slots: every digit is proven, and only the proof of the total is not. */
function countedTwice(): string {
  return honest(coalesced, { members: [[3, 3, 0]], spanBound: 3 });
}

const totals: SentRow[] = [
  row('a coalesced envelope', () => flushed([2n, 1n], 3), 'accepted'),
  row('a coalesced envelope whose spans count in two slots', countedTwice, 'equation'),
  row(
    'a coalesced envelope with the total proof of another',
    () =>
      overwritten(
        (bytes) => {
          const other = bytesOf(flushed([0n, 3n], 3));
          bytes.set(other.subarray(-TOTAL_BYTES), bytes.length - TOTAL_BYTES);
        },
        flushed([2n, 1n], 3),
      ),
    'challenge_sum',
  ),
  row(
    'a coalesced envelope whose total proof has another response',
    () => overwritten((bytes) => (bytes[bytes.length - 1]! ^= 1), flushed([2n, 1n], 3)),
    'equation',
  ),
  row(
    'a coalesced envelope whose total proof has another challenge',
    () => overwritten((bytes) => (bytes[bytes.length - RESPONSE_BYTES - 1]! ^= 1), flushed([2n, 1n], 3)),
    'challenge_sum',
  ),
];

/** An envelope under a key of the open label; the unit count is a component like others. */
function openHonest(text = 'search', unit = 1): string {
  return honest(open, { labels: [text], members: [[1], [unit]] });
}

/** The entry of the open label: marker u16, length u32, key; each as it is here, whatever it says. */
function withEntry(keyBytes: Uint8Array, length = keyBytes.length, marker = 0xffff): string {
  const bytes = bytesOf(openHonest());
  const entry = new Uint8Array(ENTRY_HEAD_BYTES);
  const view = new DataView(entry.buffer);
  view.setUint16(0, marker);
  view.setUint32(2, length);
  const rest = bytes.subarray(OPEN_START + ENTRY_HEAD_BYTES + 'search'.length);
  return toBase64Url(Uint8Array.of(...bytes.subarray(0, OPEN_START), ...entry, ...keyBytes, ...rest));
}

const ENTRY_HEAD_BYTES = 6;
const OPEN_START = headerBytes(0);
const letters = (count: number): Uint8Array => new Uint8Array(count).fill(0x61);

const openLabels: SentRow[] = [
  row('a key of an open label', () => openHonest(), 'accepted'),
  row('a key of an open label in two scripts', () => openHonest('Stra\u00dfe \u6771'), 'accepted'),
  row('another key of the same length', () => withEntry(utf8ToBytes('browse')), 'challenge_sum'),
  row('a longer key', () => withEntry(utf8ToBytes('searches')), 'challenge_sum'),
  row('a key longer than the plan allows', () => withEntry(letters(21)), 'labels'),
  row('a key longer than any', () => withEntry(letters(65)), 'malformed'),
  row('a key of nothing', () => withEntry(letters(0)), 'malformed'),
  row('a key that is no UTF-8', () => withEntry(Uint8Array.of(0x61, 0xff)), 'malformed'),
  row('a key in an overlong form', () => withEntry(Uint8Array.of(0xc1, 0xa1)), 'malformed'),
  row('a key with a line end', () => withEntry(utf8ToBytes('a\n')), 'malformed'),
  row('a length that takes a byte of the proofs', () => withEntry(utf8ToBytes('search'), 7), 'malformed'),
  row('a length beyond everything', () => withEntry(utf8ToBytes('search'), 0xffffffff), 'malformed'),
  row('the position of a closed label for an open one', () => withEntry(utf8ToBytes('search'), 6, 0), 'malformed'),
];

const copies: SentRow[] = [
  several('one envelope on two spans', () => twice(honest()), 'accepted', { accepted: 1, duplicate: 1 }),
  several(
    'one envelope on forty spans',
    () => {
      const one = honest();
      return Array.from({ length: 40 }, () => one);
    },
    'accepted',
    { accepted: 1, duplicate: 39 },
  ),
  several('one value sealed twice: two contributions', () => [honest(), honest()], 'accepted'),
];

function twice(one: string): string[] {
  return [one, one];
}

const sweeps: SentRow[] = [
  several(
    'cut at every length',
    () => {
      const bytes = bytesOf(honest());
      return Array.from({ length: bytes.length }, (_, length) => toBase64Url(bytes.subarray(0, length)));
    },
    'malformed',
  ),
  several('each byte of one envelope changed', () => flips(honest(), 1), 'rejected'),
  several('bytes of a coalesced envelope changed', () => flips(flushed([2n, 1n], 3), 13), 'rejected'),
];

/** One bit of every `step`th byte turned, another bit every time. */
function flips(one: string, step: number): string[] {
  const bytes = bytesOf(one);
  return Array.from({ length: Math.floor(bytes.length / step) }, (_, index) => {
    const copy = bytes.slice();
    copy[index * step]! ^= 1 << (index % 8);
    return toBase64Url(copy);
  });
}

export const ENVELOPE_ROWS: readonly SentRow[] = [
  ...header,
  ...time,
  ...text,
  ...parts,
  ...totals,
  ...openLabels,
  ...copies,
  ...sweeps,
];
