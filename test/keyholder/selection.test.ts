/** Which keys of an open label the key holder lets through: charged first, chosen once, and nothing about the rest. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { toBase64Url } from '../../src/bytes.js';
import { createEntry, GENESIS, type EntryBody } from '../../src/keyholder/ledger-entry.js';
import { exportLedger, verifyLedgerExport } from '../../src/keyholder/ledger-export.js';
import { cellIdOf, releaseIdOf, selectionDigestOf, selectionFor } from '../../src/keyholder/release-id.js';
import type { CompiledPlan } from '../../src/plan/compile.js';
import { OTHER_KEY } from '../../src/plan/labels.js';
import type { RandomBytes } from '../../src/random.js';
import { systemRandom } from '../../src/random.js';
import type {
  KeyAggregate,
  KeyedAggregate,
  SelectedKeys,
  SelectionOutcome,
  SelectionRequest,
  WindowReleaseRequest,
} from '../../src/wire/release.js';
import { keyThreshold } from '../../src/wire/selection-noise.js';
import { testPrivateKey } from '../support/keys.js';
import { openPlan } from '../support/open-plans.js';
import { testPlan } from '../support/plans.js';
import { startService, type TestServiceOptions } from '../support/release-service.js';
import { aggregateOf, cellOf } from '../support/releases.js';

const key = testPrivateKey();
const HOUR = 3600;
const START = 1_700_000_000 - (1_700_000_000 % HOUR);
const CANARY = 'canary-982451653';

/**
 * Epsilon 5: noise beyond +-8 has probability below 1e-17, so the threshold decides as if there were none, up to a
 * few subjects. Both servers' noise is in the threshold; these tests stand in for a receiver that drew 0.
 */
const plan = openPlan({
  report: {
    selectionEpsilon: '5',
    measurements: [{ name: 'success', attribute: 'checkout.success', kind: 'flag', epsilon: '5' }],
  },
  privacy: { epsilon: '10', bounds: { subject: 'user.id', visits: 1 } },
});
const threshold = keyThreshold(plan, plan.reports[0]!);
const options: TestServiceOptions = { plans: [plan] };

function counted(text: string, subjects: bigint, aggregates?: readonly KeyedAggregate[]): KeyAggregate {
  return { key: text, aggregates: aggregates ?? [aggregateOf([subjects])] };
}

function selectionOf(keys: readonly KeyAggregate[], overrides: Partial<SelectionRequest> = {}): SelectionRequest {
  return { planHash: plan.hash, report: 0, windowStart: START, windowEnd: START + HOUR, keys, ...overrides };
}

function cellsOf(labels: readonly string[], of: CompiledPlan = plan): WindowReleaseRequest {
  const cells = labels.map((label) => cellOf([aggregateOf([50n, 7n])], { labels: [label] }));
  return { planHash: of.hash, report: 0, windowStart: START, windowEnd: START + HOUR, cells };
}

function selected(outcome: SelectionOutcome): SelectedKeys {
  if (outcome.status !== 'selected') throw new Error(`not selected: ${JSON.stringify(outcome)}`);
  return outcome;
}

describe('a selection', () => {
  test('has the keys with enough subjects, in order, and its ledger position', async () => {
    const { service, ledger } = startService(options);
    const keys = [
      counted('few', 1n),
      counted('many', 1000n),
      counted('none', 0n),
      counted('\uffee', 1000n),
      counted('\u{1F600}', 1000n),
    ];
    const { outcome, budget } = await service.selectKeys(selectionOf(keys));
    const { keys: chosen, releaseId, ledger: position } = selected(outcome);
    expect(chosen).toEqual(['many', '\uffee', '\u{1F600}']);
    const kids = [key.publicKey.kid];
    const range = { planHash: toBase64Url(plan.hash), report: 0, rangeStart: START, rangeEnd: START + HOUR };
    expect(releaseId).toBe(releaseIdOf(selectionFor(range, kids)));
    expect(position).toEqual({ sequence: 3, hash: [...ledger.entries()][2]!.hash });
    // The period is paid for before anything is opened: the selection and everything that is measured.
    expect(budget).toMatchObject({ domain: 'shop', limit: '10', consumed: '10', remaining: '0' });
    expect([...ledger.entries()].map(({ body }) => (JSON.parse(body) as { state: string }).state)).toEqual([
      'RESERVED_PERIOD',
      'RESERVED',
      'SEALED',
      'PUBLISHED',
    ]);
  });

  test('adds up what is under several keys', async () => {
    const other = testPrivateKey(1024);
    const kids = [key.publicKey.kid, other.publicKey.kid];
    const two = openPlan({ plan: { keys: kids } });
    const { service } = startService({ plans: [two], privateKeys: [key, other] });
    const half = [aggregateOf([30n]), aggregateOf([30n], other)];
    const nothing = [aggregateOf([0n]), aggregateOf([0n], other)];
    const request = selectionOf([counted('both', 0n, half), counted('none', 0n, nothing)], { planHash: two.hash });
    // At epsilon 1 a count of 60 is selected, and one of 0 is not, but with a probability below 1e-13 and 1e-6.
    const { keys } = selected((await service.selectKeys(request)).outcome);
    expect(keys.includes('both')).toBe(true);
  });

  test('of no keys at all is one all the same: it lets the cell of all others through', async () => {
    const { service } = startService(options);
    expect((await service.releaseWindow(cellsOf([OTHER_KEY]))).cells).toEqual([
      { status: 'refused', reason: 'unknown_cell' },
    ]);
    expect(selected((await service.selectKeys(selectionOf([]))).outcome).keys).toEqual([]);
    expect((await service.releaseWindow(cellsOf([OTHER_KEY]))).cells[0]!.status).toBe('released');
  });

  test('asked for again is the same, now and after a restart, with no second charge', async () => {
    const first = startService(options);
    const request = selectionOf([counted('few', 1n), counted('many', 1000n)]);
    const answer = await first.service.selectKeys(request);
    expect(await first.service.selectKeys(request)).toEqual(answer);
    expect(first.ledger.head.sequence).toBe(4);
    first.ledger.close();
    const second = startService({ ...options, path: first.path });
    expect(await second.service.selectKeys(request)).toEqual(answer);
    expect(second.ledger.head.sequence).toBe(4);
  });

  test.each<[string, (keys: readonly KeyAggregate[]) => KeyAggregate[]]>([
    ['another count of a key', ([, many]) => [counted('few', 1n), many!]],
    ['a key less', ([, many]) => [many!]],
    ['a key more', ([few, many]) => [few!, many!, counted('new', 1000n)]],
    ['a key of another name', ([few, many]) => [{ ...few!, key: 'fewer' }, many!]],
  ])('with %s is a conflict, and shows nothing new', async (_name, change) => {
    const { service, ledger } = startService(options);
    const keys = [counted('few', 1n), counted('many', 1000n)];
    await service.selectKeys(selectionOf(keys));
    const before = ledger.head;
    expect((await service.selectKeys(selectionOf(change(keys)))).outcome).toEqual({
      status: 'refused',
      reason: 'conflict',
    });
    expect(ledger.head).toEqual(before);
  });

  test('is the same whichever way it is reached: by two requests at the same time as well', async () => {
    const { service, ledger } = startService(options);
    const request = selectionOf([counted('many', 1000n)]);
    const [first, second] = await Promise.all([service.selectKeys(request), service.selectKeys(request)]);
    expect(second).toEqual(first);
    expect(ledger.head.sequence).toBe(4);
  });

  test('is suppressed where the budget does not pay for the period, and so is everything after it', async () => {
    const { service } = startService({ ...options, epsilonPerPeriod: '9' });
    expect((await service.selectKeys(selectionOf([counted('many', 1000n)]))).outcome).toMatchObject({
      status: 'suppressed',
      reason: 'budget',
    });
    const { cells } = await service.releaseWindow(cellsOf([OTHER_KEY, 'many']));
    expect(cells.map(({ status }) => status)).toEqual(['suppressed', 'refused']);
  });

  test('is suppressed for ever where the generator fails, whichever key it was at', async () => {
    let draws = Infinity;
    const random: RandomBytes = (length) => {
      if (draws-- <= 0) throw new Error('no entropy');
      return systemRandom(length);
    };
    const { service, log } = startService({ ...options, random });
    await service.selectKeys(selectionOf([], { windowStart: START - HOUR, windowEnd: START }));
    draws = 1;
    const request = selectionOf([counted('many', 1000n), counted('more', 1000n)]);
    expect((await service.selectKeys(request)).outcome).toMatchObject({ status: 'suppressed', reason: 'error' });
    draws = Infinity;
    expect((await service.selectKeys(request)).outcome).toMatchObject({ status: 'suppressed', reason: 'error' });
    expect(log.join('')).not.toContain('many');
  });

  test.each<[string, Partial<SelectionRequest>, string]>([
    ['of an unknown plan', { planHash: new Uint8Array(32) }, 'unknown_plan'],
    ['of an unknown report', { report: 7 }, 'unknown_cell'],
    ['of a window that is no whole one', { windowEnd: START + 60 }, 'range'],
    [
      'of a window that is not over',
      { windowStart: 4e9 - (4e9 % HOUR), windowEnd: 4e9 - (4e9 % HOUR) + HOUR },
      'range',
    ],
    [
      'under a key that is not held',
      { keys: [counted('a', 1n, [{ ...aggregateOf([1n]), kid: 'A'.repeat(43) }])] },
      'unknown_key',
    ],
    [
      'with a ciphertext that is none',
      { keys: [counted('a', 1n, [{ kid: key.publicKey.kid, ciphertext: new Uint8Array(128) }])] },
      'ciphertext',
    ],
  ])('%s is refused and charges nothing', async (_name, overrides, reason) => {
    const { service, ledger } = startService(options);
    const { outcome } = await service.selectKeys(selectionOf([counted('many', 1000n)], overrides));
    expect(outcome).toEqual({ status: 'refused', reason });
    expect(ledger.head.sequence).toBe(0);
  });

  test('under different public keys for different keys is refused', async () => {
    const other = testPrivateKey(1024);
    const two = openPlan({ plan: { keys: [key.publicKey.kid, other.publicKey.kid] } });
    const { service } = startService({ plans: [two], privateKeys: [key, other] });
    const request = selectionOf([counted('a', 1n), counted('b', 1n, [aggregateOf([1n], other)])], {
      planHash: two.hash,
    });
    expect((await service.selectKeys(request)).outcome).toEqual({ status: 'refused', reason: 'unknown_key' });
  });

  test('of a report without an open label is refused', async () => {
    const closed = testPlan();
    const { service } = startService({ plans: [closed] });
    const window = { planHash: closed.hash, windowStart: START, windowEnd: START + 60 };
    const { outcome } = await service.selectKeys(selectionOf([], window));
    expect(outcome).toEqual({ status: 'refused', reason: 'unknown_cell' });
  });
});

describe('cells of an open label', () => {
  test('are released for selected keys and all others together, and for nobody else', async () => {
    const { service, log } = startService(options);
    await service.selectKeys(selectionOf([counted(CANARY, 1n), counted('many', 1000n)]));
    const { cells } = await service.releaseWindow(cellsOf(['many', OTHER_KEY, CANARY, 'never-met']));
    expect(cells.map(({ status }) => status)).toEqual(['released', 'released', 'refused', 'refused']);
    expect(cells[2]).toEqual({ status: 'refused', reason: 'unknown_cell' });
    expect(cells[3]).toEqual(cells[2]);
    expect(log.join('')).not.toContain(CANARY);
    expect(log.join('')).toContain('many');
  });

  test('are not released before the selection, not even with it in the same moment', async () => {
    const { service } = startService(options);
    const [cells, selection] = await Promise.all([
      service.releaseWindow(cellsOf(['many', OTHER_KEY])),
      service.selectKeys(selectionOf([counted('many', 1000n)])),
    ]);
    expect(cells.cells.map(({ status }) => status)).toEqual(['refused', 'refused']);
    expect(selection.outcome.status).toBe('selected');
    expect((await service.releaseWindow(cellsOf(['many']))).cells[0]!.status).toBe('released');
  });

  test('follow the selection of their own window and plan', async () => {
    const next = openPlan({ ...{ plan: { sequence: 2 } }, privacy: plan.plan.privacy, report: plan.plan.reports[0]! });
    const { service } = startService({ plans: [plan, next] });
    await service.selectKeys(selectionOf([counted('many', 1000n)]));
    const later = { ...cellsOf(['many']), windowStart: START + HOUR, windowEnd: START + 2 * HOUR };
    for (const request of [later, cellsOf(['many'], next)]) {
      expect((await service.releaseWindow(request)).cells[0]).toEqual({ status: 'refused', reason: 'unknown_cell' });
    }
  });

  test('have positions where labels are closed, and keys where they are open', async () => {
    const { service } = startService(options);
    await service.selectKeys(selectionOf([counted('many', 1000n)]));
    const odd = [[0], [], ['many', 'many'], ['']].map((labels) => cellOf([aggregateOf([1n, 1n])], { labels }));
    const { cells } = await service.releaseWindow({ ...cellsOf([]), cells: odd });
    expect(new Set(cells.map((cell) => JSON.stringify(cell)))).toEqual(
      new Set(['{"status":"refused","reason":"unknown_cell"}']),
    );
  });
});

describe('the ledger of a selection', () => {
  /** What a new ledger holds after this selection was asked for twice. */
  async function bodiesAfter(keys: readonly KeyAggregate[], windowStart = START): Promise<EntryBody[]> {
    const { service, ledger } = startService({ ...options, clock: () => 1000 * (START + 5 * HOUR) });
    const request = selectionOf(keys, { windowStart, windowEnd: windowStart + HOUR });
    const { outcome } = await service.selectKeys(request);
    expect(selected(outcome).keys).toEqual([]);
    expect((await service.selectKeys(request)).outcome).toEqual(outcome);
    return [...ledger.entries()].map(({ body }) => JSON.parse(body) as EntryBody);
  }

  function splitDigest(bodies: readonly EntryBody[]): [string, readonly unknown[]] {
    const digests = bodies.flatMap((body) => (body.state === 'RESERVED' ? body.aggregateDigest : []));
    const rest = bodies.map((body) => (body.state === 'RESERVED' ? { ...body, aggregateDigest: '' } : body));
    return [digests.join(), rest];
  }

  test('does not show whether there was any key: but for 32 bytes, it is that of one without', async () => {
    const [empty, withoutKeys] = splitDigest(await bodiesAfter([]));
    const [used, withKeys] = splitDigest(await bodiesAfter([counted('few', 1n)]));
    expect(withKeys).toEqual(withoutKeys);
    expect(withoutKeys[1]).toMatchObject({ cell: { kids: [key.publicKey.kid] } });
    const [later] = splitDigest(await bodiesAfter([], START + HOUR));
    expect(new Set([empty, used, later, selectionDigestOf([])]).size).toBe(4);
    for (const digest of [empty, used, later]) expect(digest).toMatch(/^[\w-]{43}$/);
  });

  test('names selected keys only, with the threshold and the noise, and verifies', async () => {
    const { service, ledger, path, log } = startService(options);
    await service.selectKeys(selectionOf([counted(CANARY, 1n), counted('many', 1000n)]));
    await service.releaseWindow(cellsOf(['many', OTHER_KEY]));
    const lines = [...exportLedger(ledger.entries())];
    const { releases, periods } = verifyLedgerExport(lines);
    expect(releases).toEqual({ reserved: 3, sealed: 3, published: 3 });
    expect(periods).toMatchObject([{ domain: 'shop', spent: { epsilon: '10', delta: '1/1000000' } }, {}]);
    const bodies = lines.map((line) => JSON.parse((JSON.parse(line) as { body: string }).body) as object);
    expect(bodies[1]).toMatchObject({
      cell: { kind: 'selection', measurement: 0, labels: [] },
      noise: [{ parameter: '1/5', bound: '1' }],
      selection: { keysPerSubject: 1, threshold: String(threshold) },
      payment: { by: 'period' },
      decision: 'granted',
    });
    expect(bodies[2]).toMatchObject({ outcome: { status: 'selected', keys: ['many'] } });
    ledger.close();
    for (const text of [lines.join(''), log.join(''), readFileSync(path, 'latin1')]) expect(text).not.toContain(CANARY);
  });

  test('shows an auditor a key that was released without having been selected', async () => {
    const { service, ledger } = startService(options);
    await service.selectKeys(selectionOf([counted('many', 1000n)]));
    await service.releaseWindow(cellsOf(['many']));
    const bodies = [...ledger.entries()].map(({ body }) => JSON.parse(body) as EntryBody);
    expect(() => verifyLedgerExport(exported(bodies))).not.toThrow();
    const forged = bodies.map((body) =>
      body.state === 'SEALED' && body.outcome.status === 'selected'
        ? { ...body, outcome: { ...body.outcome, keys: [] } }
        : body,
    );
    expect(() => verifyLedgerExport(exported(forged))).toThrow(/a key that was not selected/);
    const swapped = bodies.map((body) =>
      body.state === 'SEALED' && body.outcome.status === 'selected'
        ? { ...body, outcome: { status: 'released' as const, values: ['1'] } }
        : body,
    );
    expect(() => verifyLedgerExport(exported(swapped))).toThrow(/not of its kind/);
  });

  test('names a selection and a cell apart', () => {
    const range = { planHash: toBase64Url(plan.hash), report: 0, rangeStart: START, rangeEnd: START + HOUR };
    const window = { ...range, kind: 'window' as const, measurement: 0, kids: [] };
    const ids = [
      cellIdOf(selectionFor(range)),
      cellIdOf({ ...window, labels: [] }),
      cellIdOf({ ...window, labels: ['a'] }),
      cellIdOf({ ...window, labels: [0xffff] }),
      cellIdOf({ ...window, labels: [0x61] }),
    ];
    expect(new Set(ids).size).toBe(ids.length);
    expect(cellIdOf(selectionFor(range, ['x']))).toBe(ids[0]);
  });
});

describe('a plan with an open label', () => {
  test('is refused where its delta or the epsilon of its selection is above what the key holder allows', () => {
    expect(() => startService({ ...options, deltaPerPeriod: '0' })).toThrow(/delta/);
    expect(() => startService({ plans: [openPlan()], epsilonPerRelease: '0.5' })).toThrow(/costs epsilon/);
    const cheap = [{ name: 'success', attribute: 'checkout.success', kind: 'flag' as const, epsilon: '0.1' }];
    const dear = openPlan({ report: { selectionEpsilon: '1', measurements: cheap } });
    expect(() => startService({ plans: [dear], epsilonPerRelease: '0.5' })).toThrow(/the selection of checkout/);
    expect(() => startService({ plans: [dear], epsilonPerRelease: '1' })).not.toThrow();
  });
});

/** An export of these bodies, chained anew. */
function* exported(bodies: readonly EntryBody[]): Generator<string> {
  let previous = GENESIS;
  for (const [index, body] of bodies.entries()) {
    const entry = createEntry(index + 1, previous, body);
    previous = entry.hash;
    yield JSON.stringify(entry);
  }
}
