/** Messages between receiver and key holder, and the integers in them. */
import { isDeepStrictEqual } from 'node:util';
import { equalBytesPublic, toBase64Url } from '../../../src/bytes.js';
import type { Decoded } from '../../../src/wire/release-decoding.js';
import { decodeInteger, encodeInteger } from '../../../src/wire/release-integers.js';
import {
  decodeSelectionRequest,
  decodeSelectionResponse,
  decodeWindowReleaseRequest,
  decodeWindowReleaseResponse,
  encodeSelectionRequest,
  encodeSelectionResponse,
  encodeWindowReleaseRequest,
  encodeWindowReleaseResponse,
} from '../../../src/wire/release-messages.js';
import { promise, type Target } from '../target.js';

const digest = (fill: number): Uint8Array => new Uint8Array(32).fill(fill);
const text = (fill: number): string => toBase64Url(digest(fill));
const aggregates = [1, 2].map((fill) => ({ kid: text(fill), ciphertext: digest(fill) }));
const window = { planHash: digest(9), report: 1, windowStart: 60, windowEnd: 120 };
const cell = { measurement: 0, labels: [0, 2], aggregates, count: 3, digest: digest(4) };
const ledger = { sequence: 7, hash: text(5) };
const releaseId = text(6);
const budget = {
  domain: 'shop',
  measure: 'epsilon',
  periodStart: 0,
  limit: '20',
  consumed: '1/3',
  remaining: '59/3',
} as const;
const suppressed = { status: 'suppressed', releaseId, reason: 'budget', ledger } as const;
const refused = { status: 'refused', reason: 'range' } as const;

/** What is accepted means the same when it is written again, in the one form that the encoder has. */
function target<Message>(
  name: string,
  decode: (bytes: Uint8Array) => Decoded<Message>,
  encode: (message: Message) => Uint8Array,
  seeds: readonly Message[],
): Target {
  return {
    name,
    form: 'protobuf',
    seeds: () => seeds.map(encode),
    words: ['budget', 'range', 'search', '__other__', 'epsilon', 'rho', '1/3'],
    check: (input) => {
      const first = decode(input);
      if (!first.ok) {
        promise(first.fault.length < 200, 'a fault that quotes the message');
        return 'refused';
      }
      const written = encode(first.message);
      const second = decode(written);
      promise(
        second.ok && isDeepStrictEqual(plain(second.message), plain(first.message)),
        'means something else when it is written again',
      );
      promise(equalBytesPublic(encode(second.message), written), 'is written in two ways');
      return 'accepted';
    },
  };
}

/** Byte strings compare by contents, whatever class of view they came back as. */
function plain(value: unknown): unknown {
  if (value instanceof Uint8Array) return toBase64Url(value);
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, plain(inner)]));
}

export const releases: readonly Target[] = [
  target('release-request', decodeWindowReleaseRequest, encodeWindowReleaseRequest, [
    { ...window, cells: [cell, { ...cell, labels: [1, 'search'] }] },
  ]),
  target('release-response', decodeWindowReleaseResponse, encodeWindowReleaseResponse, [
    {
      cells: [{ status: 'released', releaseId, values: [0n, -1n, 255n, 1n << 100n], ledger }, suppressed, refused],
      budget,
    },
  ]),
  target('selection-request', decodeSelectionRequest, encodeSelectionRequest, [
    { ...window, keys: ['home', 'search'].map((key) => ({ key, aggregates })) },
    { ...window, keys: [] },
  ]),
  target('selection-response', decodeSelectionResponse, encodeSelectionResponse, [
    { outcome: { status: 'selected', releaseId, keys: ['home', 'search'], ledger }, budget },
    { outcome: suppressed, budget },
    { outcome: refused, budget },
  ]),
];

export const integers: Target = {
  name: 'integer',
  form: 'bytes',
  seeds: () => [0n, 1n, -1n, 128n, -128n, 1n << 127n, -(1n << 127n)].map(encodeInteger),
  check: (input) => {
    const value = decodeInteger(input);
    if (value === undefined) return 'refused';
    promise(equalBytesPublic(encodeInteger(value), input), 'one value has two encodings');
    return 'accepted';
  },
};
