import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { toBase64Url } from '../../src/bytes.js';
import { compareKeys, isKey, MAX_KEYS, OTHER_KEY } from '../../src/plan/labels.js';
import type { LabelValue } from '../../src/plan/plan.js';
import { decodeInteger, encodeInteger } from '../../src/wire/release-integers.js';
import {
  decodeSelectionRequest,
  decodeSelectionResponse,
  decodeWindowReleaseRequest,
  decodeWindowReleaseResponse,
  encodeSelectionRequest,
  encodeSelectionResponse,
  encodeWindowReleaseRequest,
  encodeWindowReleaseResponse,
  MAX_RELEASE_MESSAGE_BYTES,
} from '../../src/wire/release-messages.js';
import {
  RequestType,
  ResponseType,
  SelectionRequestType,
  SelectionResponseType,
} from '../../src/wire/release-proto.js';
import {
  REFUSAL_REASONS,
  SUPPRESSION_REASONS,
  type SelectionRequest,
  type SelectionResponse,
  type WindowReleaseRequest,
  type WindowReleaseResponse,
} from '../../src/wire/release.js';

const hash = fc.uint8Array({ minLength: 32, maxLength: 32 });
const hashText = hash.map(toBase64Url);
const index = fc.nat({ max: 0xffffffff });
const count = fc.maxSafeNat();

const window = { planHash: hash, report: index, windowStart: count, windowEnd: count };
const aggregates = fc.uniqueArray(
  fc.record({ kid: hashText, ciphertext: fc.uint8Array({ minLength: 1, maxLength: 64 }) }),
  { selector: ({ kid }) => kid, minLength: 1, maxLength: 8 },
);
/** Positions of closed labels, and the key of an open one. */
const position = index.filter((value) => value !== 0xffff);
const key = fc.string({ unit: 'binary', minLength: 1, maxLength: 16 }).filter(isKey);
const labels = fc
  .tuple(fc.array(position, { maxLength: 4 }), fc.option(key), fc.array(position, { maxLength: 3 }))
  .map(([before, open, after]): LabelValue[] => [...before, ...(open === null ? [] : [open]), ...after]);

const requests: fc.Arbitrary<WindowReleaseRequest> = fc.record({
  ...window,
  cells: fc.array(
    fc.record({
      measurement: index,
      labels,
      aggregates,
      count,
      digest: hash,
    }),
    { minLength: 1, maxLength: 5 },
  ),
});

const ledger = fc.record({ sequence: fc.integer({ min: 1 }), hash: hashText });
const fraction = fc.constantFrom('0', '20', '1/3', '123456789012345678901234567890/7');
const suppressed = fc.record({
  status: fc.constant('suppressed' as const),
  releaseId: hashText,
  reason: fc.constantFrom(...SUPPRESSION_REASONS),
  ledger,
});
const refused = fc.record({ status: fc.constant('refused' as const), reason: fc.constantFrom(...REFUSAL_REASONS) });
const budget = fc.record({
  domain: fc.string({ maxLength: 20, unit: 'grapheme-ascii' }),
  periodStart: count,
  limit: fraction,
  consumed: fraction,
  remaining: fraction,
  measure: fc.constantFrom('epsilon' as const, 'rho' as const),
});
const responses: fc.Arbitrary<WindowReleaseResponse> = fc.record({
  cells: fc.array(
    fc.oneof(
      fc.record({
        status: fc.constant('released' as const),
        releaseId: hashText,
        values: fc.array(fc.bigInt(-(2n ** 127n), 2n ** 127n), { maxLength: 33 }),
        ledger,
      }),
      suppressed,
      refused,
    ),
  ),
  budget,
});

const keys = fc.uniqueArray(key.filter((text) => text !== OTHER_KEY)).map((texts) => texts.sort(compareKeys));
const selections: fc.Arbitrary<SelectionRequest> = fc
  .tuple(fc.record(window), keys, aggregates)
  .map(([where, texts, each]) => ({ ...where, keys: texts.map((text) => ({ key: text, aggregates: each })) }));
const selectionResponses: fc.Arbitrary<SelectionResponse> = fc.record({
  outcome: fc.oneof(
    fc.record({ status: fc.constant('selected' as const), releaseId: hashText, keys, ledger }),
    suppressed,
    refused,
  ),
  budget,
});

/** Byte strings compare by contents, whatever class of view they came back as. */
function plain(value: unknown): unknown {
  if (value instanceof Uint8Array) return toBase64Url(value);
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, plain(inner)]));
}

describe('messages', () => {
  test('a request survives the wire, and the same request is the same bytes', () => {
    fc.assert(
      fc.property(requests, (request) => {
        const bytes = encodeWindowReleaseRequest(request);
        const decoded = decodeWindowReleaseRequest(bytes);
        expect(decoded.ok).toBe(true);
        if (decoded.ok) expect(plain({ ...decoded.message })).toEqual(plain(request));
        expect(encodeWindowReleaseRequest(request)).toEqual(bytes);
      }),
    );
  });

  test('a response survives the wire, 128-bit values included', () => {
    fc.assert(
      fc.property(responses, (response) => {
        const decoded = decodeWindowReleaseResponse(encodeWindowReleaseResponse(response));
        expect(decoded.ok && plain(decoded.message)).toEqual(plain(response));
      }),
    );
  });

  test('a selection survives the wire, and the same request is the same bytes', () => {
    fc.assert(
      fc.property(selections, selectionResponses, (request, response) => {
        const bytes = encodeSelectionRequest(request);
        const decoded = decodeSelectionRequest(bytes);
        expect(decoded.ok && plain(decoded.message)).toEqual(plain(request));
        expect(decoded.ok && encodeSelectionRequest(decoded.message)).toEqual(bytes);
        const answer = decodeSelectionResponse(encodeSelectionResponse(response));
        expect(answer.ok && plain(answer.message)).toEqual(plain(response));
      }),
    );
  });

  test('decoding arbitrary and damaged bytes never throws', () => {
    const [sample] = fc.sample(requests, 1);
    const bytes = encodeWindowReleaseRequest(sample!);
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (noise) => {
        decodeWindowReleaseRequest(noise);
        decodeWindowReleaseResponse(noise);
        decodeSelectionRequest(noise);
        decodeSelectionResponse(noise);
      }),
    );
    for (let length = 0; length < bytes.length; length += 1) {
      expect(typeof decodeWindowReleaseRequest(bytes.subarray(0, length)).ok).toBe('boolean');
      const flipped = Uint8Array.from(bytes);
      flipped[length] = (flipped[length] ?? 0) ^ 0xff;
      expect(typeof decodeWindowReleaseRequest(flipped).ok).toBe('boolean');
    }
  });
});

describe('a request is refused with the field named', () => {
  const good = {
    planHash: new Uint8Array(32),
    report: 0,
    windowStart: 60,
    windowEnd: 120,
    cells: [
      {
        measurement: 0,
        labels: [0],
        aggregates: [{ kid: new Uint8Array(32).fill(1), ciphertext: new Uint8Array(128) }],
        count: 3,
        digest: new Uint8Array(32),
      },
    ],
  };
  const decode = (message: object) =>
    decodeWindowReleaseRequest(RequestType.encode(RequestType.fromObject(message)).finish());
  const withCell = (cell: object) => ({ ...good, cells: [{ ...good.cells[0], ...cell }] });

  test('and the unchanged one is accepted', () => {
    expect(decode(good).ok).toBe(true);
  });

  test.each([
    ['planHash', { ...good, planHash: new Uint8Array(31) }],
    ['windowStart', { ...good, windowStart: '18446744073709551615' }],
    ['windowEnd', { ...good, windowEnd: '9007199254740993' }],
    ['cells', { ...good, cells: [] }],
    ['cells', { ...good, cells: new Array<object>(4097).fill(good.cells[0]!) }],
    ['cells.0.labels', withCell({ labels: new Array<number>(9).fill(0) })],
    ['cells.0.aggregates', withCell({ aggregates: [] })],
    ['cells.0.aggregates', withCell({ aggregates: [...good.cells[0]!.aggregates, ...good.cells[0]!.aggregates] })],
    ['cells.0.aggregates.0.kid', withCell({ aggregates: [{ kid: new Uint8Array(5), ciphertext: new Uint8Array(8) }] })],
    [
      'cells.0.aggregates.0.ciphertext',
      withCell({ aggregates: [{ kid: new Uint8Array(32), ciphertext: new Uint8Array(1025) }] }),
    ],
    ['cells.0.digest', withCell({ digest: new Uint8Array(0) })],
    ['cells.0.count', withCell({ count: '9007199254740992' })],
    ['cells.0', withCell({ labels: [0xffff] })],
    ['cells.0', withCell({ labels: [0], key: 'search' })],
    ['cells.0', withCell({ labels: [0xffff, 0xffff], key: 'search' })],
    ['cells.0', withCell({ labels: [0xffff], key: 'x'.repeat(65) })],
    ['cells.0', withCell({ labels: [0xffff], key: 'a\n' })],
  ])('%s', (field, message) => {
    const decoded = decode(message);
    expect(decoded.ok).toBe(false);
    if (!decoded.ok) expect(decoded.fault.split(':')[0]).toBe(field);
  });

  test('a key id that is none cannot be sent', () => {
    const request = {
      ...good,
      cells: [{ ...good.cells[0]!, aggregates: [{ kid: 'kid', ciphertext: new Uint8Array(8) }] }],
    };
    expect(() => encodeWindowReleaseRequest(request)).toThrow(expect.objectContaining({ code: 'invalid_argument' }));
  });
});

describe('a selection is refused', () => {
  const aggregate = { kid: new Uint8Array(32).fill(1), ciphertext: new Uint8Array(8) };
  const of = (...texts: string[]) => texts.map((text) => ({ key: text, aggregates: [aggregate] }));
  const decode = (message: object) =>
    decodeSelectionRequest(
      SelectionRequestType.encode(
        SelectionRequestType.fromObject({
          planHash: new Uint8Array(32),
          report: 0,
          windowStart: 0,
          windowEnd: 60,
          ...message,
        }),
      ).finish(),
    );

  test('and a good one is accepted, with keys and without', () => {
    expect(decode({ keys: of('a', 'b', '\uffee', '\u{1F600}') }).ok).toBe(true);
    expect(decode({ keys: [] }).ok).toBe(true);
  });

  test.each<[string, object]>([
    ['with a key twice', { keys: of('a', 'a') }],
    ['out of order', { keys: of('b', 'a') }],
    ['in the order of UTF-16', { keys: of('\u{1F600}', '\uffee') }],
    ['with the key of all others', { keys: of(OTHER_KEY) }],
    ['with an empty key', { keys: of('') }],
    ['with a key too long', { keys: of('x'.repeat(65)) }],
    ['without a ciphertext', { keys: [{ key: 'a', aggregates: [] }] }],
    ['with too many keys', { keys: Array.from({ length: MAX_KEYS + 1 }, (_, index) => of(String(1e6 + index))[0]) }],
    ['without a plan', { planHash: new Uint8Array(0), keys: of('a') }],
  ])('%s', (_name, message) => {
    expect(decode(message).ok).toBe(false);
  });

  test('the largest one fits a message', () => {
    const kids = Array.from({ length: 8 }, (_, index) => toBase64Url(new Uint8Array(32).fill(index)));
    const message: SelectionRequest = {
      planHash: new Uint8Array(32),
      report: 31,
      windowStart: 1e15,
      windowEnd: 1e15,
      keys: [{ key: 'x'.repeat(64), aggregates: kids.map((kid) => ({ kid, ciphertext: new Uint8Array(1024) })) }],
    };
    expect(encodeSelectionRequest(message).length * MAX_KEYS).toBeLessThan(MAX_RELEASE_MESSAGE_BYTES);
  });

  test('as an answer without an outcome or with something that is no key', () => {
    const state = {
      domain: 'shop',
      periodStart: 0,
      measure: 'epsilon' as const,
      limit: '1',
      consumed: '0',
      remaining: '1',
    };
    const ledgerPosition = { sequence: 1, hash: new Uint8Array(32) };
    const answer = (message: object) =>
      decodeSelectionResponse(SelectionResponseType.encode(SelectionResponseType.fromObject(message)).finish()).ok;
    const selected = (texts: string[]) => ({ releaseId: new Uint8Array(32), keys: texts, ledger: ledgerPosition });
    expect(answer({ budget: state, selected: selected(['a']) })).toBe(true);
    expect(answer({ budget: state })).toBe(false);
    expect(answer({ selected: selected(['a']) })).toBe(false);
    expect(answer({ budget: state, selected: selected(['a\n']) })).toBe(false);
  });
});

describe('a response is refused', () => {
  const id = new Uint8Array(32);
  const ledgerPosition = { sequence: 1, hash: id };
  const budget = {
    domain: 'shop',
    periodStart: 0,
    measure: 'epsilon' as const,
    limit: '1',
    consumed: '0',
    remaining: '1',
  };
  const decode = (message: object) =>
    decodeWindowReleaseResponse(ResponseType.encode(ResponseType.fromObject(message)).finish());
  const withCell = (cell: object) => ({ budget, cells: [cell] });

  test('and a good one is accepted', () => {
    expect(
      decode(withCell({ released: { releaseId: id, values: [encodeInteger(-3n)], ledger: ledgerPosition } })).ok,
    ).toBe(true);
  });

  test.each([
    ['without an outcome', withCell({})],
    ['with an unknown reason', withCell({ refused: { reason: 'mood' } })],
    [
      'with a padded integer',
      withCell({ released: { releaseId: id, values: [new Uint8Array([0, 1])], ledger: ledgerPosition } }),
    ],
    [
      'with an empty integer',
      withCell({ released: { releaseId: id, values: [new Uint8Array(0)], ledger: ledgerPosition } }),
    ],
    ['without a ledger position', withCell({ released: { releaseId: id, values: [] } })],
    ['without a budget', { cells: [] }],
    ['with a budget that is no fraction', { cells: [], budget: { ...budget, limit: '0.5' } }],
    ['with a fraction of 81 digits', { cells: [], budget: { ...budget, consumed: `1/${'9'.repeat(81)}` } }],
    ['with an unknown measure', { cells: [], budget: { ...budget, parts: [{ measure: 'mood', consumed: '1' }] } }],
    [
      'with more measures than there are',
      { cells: [], budget: { ...budget, parts: Array.from({ length: 5 }, () => ({ measure: 'rho', consumed: '1' })) } },
    ],
  ])('%s', (_name, message) => {
    expect(decode(message).ok).toBe(false);
  });

  test('of two outcomes in one cell the last one counts, as protobuf has it', () => {
    const cellOf = (outcome: object) => ResponseType.encode(ResponseType.fromObject({ cells: [outcome] })).finish();
    // Field 1, then the length of the cell: join the contents of both cells in one.
    const contents = [
      { refused: { reason: 'range' } },
      { suppressed: { releaseId: id, reason: 'budget', ledger: ledgerPosition } },
    ]
      .map(cellOf)
      .map((bytes) => bytes.subarray(2));
    const both = Buffer.concat([Buffer.from([0x0a, contents[0]!.length + contents[1]!.length]), ...contents]);
    const message = Buffer.concat([both, ResponseType.encode(ResponseType.fromObject({ budget })).finish()]);
    const decoded = decodeWindowReleaseResponse(message);
    expect(decoded.ok && decoded.message.cells[0]?.status).toBe('suppressed');
  });
});

describe('integers', () => {
  test.each([
    [0n, '00'],
    [127n, '7f'],
    [128n, '0080'],
    [-1n, 'ff'],
    [-128n, '80'],
    [-129n, 'ff7f'],
    [-(2n ** 46n), 'c00000000000'],
  ])('%i is %s', (value, hex) => {
    expect(Buffer.from(encodeInteger(value)).toString('hex')).toBe(hex);
    expect(decodeInteger(encodeInteger(value))).toBe(value);
  });

  test('every integer has one encoding', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 17 }), (bytes) => {
        const value = decodeInteger(bytes);
        if (value !== undefined) expect(encodeInteger(value)).toEqual(bytes);
      }),
    );
    expect(decodeInteger(new Uint8Array(18).fill(0x55))).toBeUndefined();
  });
});
