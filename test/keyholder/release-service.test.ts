import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { toBase64Url } from '../../src/bytes.js';
import { ciphertextToBytes } from '../../src/paillier/ciphertext.js';
import { PrivateKey } from '../../src/paillier/private-key.js';
import type { CellOutcome, ReleasedCell, WindowReleaseRequest } from '../../src/wire/release.js';
import { testPrivateKey } from '../support/keys.js';
import { testPlan } from '../support/plans.js';
import { startService, type TestServiceOptions } from '../support/release-service.js';
import { aggregateOf, cellOf, FIRST_WINDOW, planWith, requestFor } from '../support/releases.js';

const plan = testPlan();
const key = testPrivateKey();

/** Epsilon 10: noise beyond +-8 has probability below 1e-34, so a truth shows in the value. */
const precise = planWith({ epsilon: '10', budget: '20000' });

function released(outcome: CellOutcome | undefined): ReleasedCell {
  if (outcome?.status !== 'released') throw new Error(`not released: ${JSON.stringify(outcome)}`);
  return outcome;
}

const near = (value: bigint | undefined, truth: bigint): boolean =>
  value !== undefined && value - truth <= 8n && truth - value <= 8n;

async function refusalOf(request: WindowReleaseRequest, options: TestServiceOptions = {}): Promise<CellOutcome[]> {
  const { service, ledger } = startService(options);
  const { cells } = await service.releaseWindow(request);
  expect(ledger.head.sequence).toBe(0);
  return [...cells];
}

describe('a release', () => {
  test('is the truth plus noise in every slot, with its ledger position and the budget', async () => {
    const { service, ledger } = startService({ plans: [precise] });
    const flag = cellOf([aggregateOf([1000n, 20n])]);
    const category = cellOf([aggregateOf([5n, 0n, 700n, 1n])], { measurement: 1, labels: [2] });
    const { cells, budget } = await service.releaseWindow(requestFor(precise, 0, [flag, category]));
    const [first, second] = cells.map(released);
    expect(near(first!.values[0], 1000n) && near(first!.values[1], 20n)).toBe(true);
    expect(second!.values).toHaveLength(4);
    expect(near(second!.values[2], 700n)).toBe(true);
    expect(first!.ledger.sequence).toBe(3);
    expect(second!.ledger.sequence).toBe(4);
    expect([...ledger.entries()].map(({ hash }) => hash)[2]).toBe(first!.ledger.hash);
    expect(budget).toEqual({
      domain: 'shop',
      periodStart: FIRST_WINDOW,
      measure: 'epsilon',
      limit: '1000',
      consumed: '20',
      remaining: '980',
      parts: [
        { measure: 'rho', consumed: '100' },
        { measure: 'delta', limit: '0', consumed: '0' },
      ],
    });
  });

  test('asked for again gets the same answer and costs nothing, now and after a restart', async () => {
    const first = startService();
    const request = requestFor(plan, 0, [cellOf([aggregateOf([3n, 4n])])]);
    const answer = await first.service.releaseWindow(request);
    expect(await first.service.releaseWindow(request)).toEqual(answer);
    expect(first.ledger.head.sequence).toBe(3);
    first.ledger.close();

    const second = startService({ path: first.path });
    expect(await second.service.releaseWindow(request)).toEqual(answer);
    expect(second.ledger.head.sequence).toBe(3);
  });

  test('of the same cell from another aggregate is refused as a conflict, and logged', async () => {
    const { service, ledger, log } = startService();
    await service.releaseWindow(requestFor(plan, 0, [cellOf([aggregateOf([3n, 4n])])]));
    const { cells, budget } = await service.releaseWindow(
      requestFor(plan, 0, [cellOf([aggregateOf([3n, 4n])])]),
      'peer-7',
    );
    expect(cells).toEqual([{ status: 'refused', reason: 'conflict' }]);
    expect(budget.consumed).toBe('1');
    expect(ledger.head.sequence).toBe(3);
    expect(log.at(-1)).toContain('"conflict"');
    expect(log.at(-1)).toContain('peer-7');
  });

  test('negative totals, as the receiver’s noise makes them, come out negative', async () => {
    const { service } = startService({ plans: [precise] });
    const { cells } = await service.releaseWindow(requestFor(precise, 0, [cellOf([aggregateOf([-400n, 30n])])]));
    const [first] = cells.map(released);
    expect(near(first!.values[0], -400n) && near(first!.values[1], 30n)).toBe(true);
  });

  test('adds the totals under several keys before one draw', async () => {
    const other = testPrivateKey(1024);
    const twoKeys = planWith({ epsilon: '10', budget: '20', keys: [key.publicKey.kid, other.publicKey.kid] });
    const { service } = startService({ plans: [twoKeys], privateKeys: [key, other] });
    const aggregates = [aggregateOf([100n, 1n], other), aggregateOf([23n, 500n])];
    const { cells, budget } = await service.releaseWindow(requestFor(twoKeys, 0, [cellOf(aggregates)]));
    const [first] = cells.map(released);
    expect(near(first!.values[0], 123n) && near(first!.values[1], 501n)).toBe(true);
    expect(budget.consumed).toBe('10');

    const reordered = await service.releaseWindow(requestFor(twoKeys, 0, [cellOf(aggregates.toReversed())]));
    expect(reordered.cells).toEqual(cells);
    const [only] = (await service.releaseWindow(requestFor(twoKeys, 0, [cellOf([aggregates[0]!])]))).cells;
    expect(only).toEqual({ status: 'refused', reason: 'conflict' });
  });

  test('of hostile plaintexts stays within declared bounds and fails nowhere', async () => {
    const { service } = startService({ plans: [precise] });
    const { n } = key.publicKey;
    const cells = [n - 1n, 0n, (1n << 500n) - 1n, 1n << 47n].map((plaintext, label) =>
      cellOf([{ kid: key.publicKey.kid, ciphertext: ciphertextToBytes(key.publicKey, 1n + n * plaintext) }], {
        labels: [label % 3],
        measurement: Math.floor(label / 3),
      }),
    );
    const response = await service.releaseWindow(requestFor(precise, 0, cells));
    for (const { values } of response.cells.map(released)) {
      for (const value of values) expect(value <= 2n ** 46n + 8n && value >= -(2n ** 46n) - 8n).toBe(true);
    }
  });
});

describe('a duplicate cell in one request', () => {
  test('with the same aggregate gets the same answer under one debit', async () => {
    const { service } = startService();
    const cell = cellOf([aggregateOf([3n, 4n])]);
    const { cells, budget } = await service.releaseWindow(requestFor(plan, 0, [cell, cell]));
    expect(cells[1]).toEqual(released(cells[0]));
    expect(budget.consumed).toBe('1');
  });

  test('with another aggregate is a conflict', async () => {
    const { service } = startService();
    const cells = [cellOf([aggregateOf([3n, 4n])]), cellOf([aggregateOf([4n, 4n])])];
    const response = await service.releaseWindow(requestFor(plan, 0, cells));
    expect(response.cells.map(({ status }) => status)).toEqual(['released', 'refused']);
  });
});

describe('the budget', () => {
  const tenth = planWith({ epsilon: '0.1', budget: '1' });

  test('of 1 pays for ten releases at 0.1; the eleventh is suppressed for ever, with nothing debited', async () => {
    const { service, log } = startService({ plans: [tenth] });
    const requests = Array.from({ length: 11 }, (_, window) =>
      requestFor(tenth, window, [cellOf([aggregateOf([1n, 2n])])]),
    );
    const statuses: string[] = [];
    for (const request of requests) {
      const { cells } = await service.releaseWindow(request);
      statuses.push(...cells.map(({ status }) => status));
    }
    expect(statuses).toEqual([...new Array<string>(10).fill('released'), 'suppressed']);
    const again = await service.releaseWindow(requests[10]!);
    expect(again.cells).toMatchObject([{ status: 'suppressed', reason: 'budget' }]);
    expect(again.budget).toMatchObject({ limit: '1', consumed: '1', remaining: '0' });
    const refusal = log
      .map((line) => JSON.parse(line) as Record<string, unknown>)
      .find(({ event }) => event === 'budget_refused');
    expect(refusal).toMatchObject({ asked: '1/10', spent: '1', left: '0' });
  });

  test('stays refused for a window that was refused, even when the limit is raised', async () => {
    const small = startService({ plans: [planWith({ epsilon: '1' })], epsilonPerPeriod: '1' });
    const samePlan = planWith({ epsilon: '1' });
    const cells = [cellOf([aggregateOf([1n, 2n])])];
    await small.service.releaseWindow(requestFor(samePlan, 0, cells));
    const [refused] = (await small.service.releaseWindow(requestFor(samePlan, 1, cells))).cells;
    expect(refused).toMatchObject({ status: 'suppressed', reason: 'budget' });
    small.ledger.close();

    const large = startService({ plans: [samePlan], path: small.path, epsilonPerPeriod: '20' });
    expect((await large.service.releaseWindow(requestFor(samePlan, 1, cells))).cells).toEqual([refused]);
    expect((await large.service.releaseWindow(requestFor(samePlan, 2, cells))).cells[0]?.status).toBe('released');
  });

  test('within one request is given in the order of the cells', async () => {
    const two = planWith({ epsilon: '0.4', budget: '1' });
    const { service } = startService({ plans: [two] });
    const cells = [0, 1, 2].map((label) => cellOf([aggregateOf([1n, 2n])], { labels: [label] }));
    const response = await service.releaseWindow(requestFor(two, 0, cells));
    expect(response.cells.map(({ status }) => status)).toEqual(['released', 'released', 'suppressed']);
    expect(response.budget).toMatchObject({ consumed: '4/5', remaining: '1/5' });
  });

  test('begins anew with the next day', async () => {
    const one = planWith({ epsilon: '1', budget: '1' });
    const { service } = startService({ plans: [one] });
    const ask = async (window: number) =>
      (await service.releaseWindow(requestFor(one, window, [cellOf([aggregateOf([1n, 2n])])]))).cells[0]?.status;
    expect([await ask(0), await ask(1439), await ask(1440)]).toEqual(['released', 'suppressed', 'released']);
  });

  test('is the smaller of the plan’s and the key holder’s', async () => {
    const { service } = startService({ plans: [tenth], epsilonPerPeriod: '0.5' });
    const { budget } = await service.releaseWindow(requestFor(tenth, 0, [cellOf([aggregateOf([1n, 2n])])]));
    expect(budget.limit).toBe('1/2');
  });

  test('is shared by every plan of a domain', async () => {
    const first = planWith({ epsilon: '1', budget: '1' });
    const second = planWith({ epsilon: '1', budget: '1', overrides: { name: 'successor' } });
    const { service } = startService({ plans: [first, second] });
    await service.releaseWindow(requestFor(first, 0, [cellOf([aggregateOf([1n, 2n])])]));
    const { cells } = await service.releaseWindow(requestFor(second, 1, [cellOf([aggregateOf([1n, 2n])])]));
    expect(cells).toMatchObject([{ status: 'suppressed', reason: 'budget' }]);
  });
});

describe('the minimum', () => {
  const fifty = planWith({ epsilon: '10', minimum: 50, budget: '20000' });

  test('is compared with the noised total of all slots', async () => {
    const { service, ledger } = startService({ plans: [fifty] });
    const cells = [
      cellOf([aggregateOf([10n, 30n])], { labels: [0] }),
      cellOf([aggregateOf([30n, 30n])], { labels: [1] }),
    ];
    const response = await service.releaseWindow(requestFor(fifty, 0, cells));
    expect(response.cells).toMatchObject([{ status: 'suppressed', reason: 'below_minimum' }, { status: 'released' }]);
    // The suppressed values are nowhere: not in the answer, not in the ledger.
    expect(Object.keys(response.cells[0]!).sort()).toEqual(['ledger', 'reason', 'releaseId', 'status']);
    const sealed = [...ledger.entries()].map(({ body }) => body).filter((body) => body.includes('below_minimum'));
    expect(sealed).toHaveLength(1);
    expect(sealed[0]).not.toContain('values');
  });

  test('holds for the noised total and not for the true one: at the minimum itself both occur', async () => {
    // Epsilon 1, 40 windows: a total of exactly 50 stays at or above with probability about 0.65 each.
    const noisy = planWith({ epsilon: '1', minimum: 50, budget: '40' });
    const { service } = startService({ plans: [noisy] });
    const seen = new Set<string>();
    for (let window = 0; window < 40; window += 1) {
      const { cells } = await service.releaseWindow(requestFor(noisy, window, [cellOf([aggregateOf([20n, 30n])])]));
      const [cell] = cells;
      seen.add(cell!.status);
      if (cell!.status === 'released')
        expect(cell!.values.reduce((sum, value) => sum + value, 0n)).toBeGreaterThanOrEqual(50n);
    }
    expect(seen).toEqual(new Set(['released', 'suppressed']));
  });

  test('below and at the boundary, with noise that is zero but for a chance below 1e-3 per slot', async () => {
    const outcomes: string[] = [];
    for (const total of [49n, 50n]) {
      // With epsilon 10 a slot's noise is 0 with probability 0.99991; the majority of nine decides.
      const { service } = startService({ plans: [fifty] });
      const cells = [0, 1, 2].flatMap((label) => [cellOf([aggregateOf([total, 0n])], { labels: [label] })]);
      const statuses: string[] = [];
      for (const window of [0, 1, 2]) {
        statuses.push(
          ...(await service.releaseWindow(requestFor(fifty, window, cells))).cells.map(({ status }) => status),
        );
      }
      outcomes.push(statuses.filter((status) => status === 'released').length >= 5 ? 'released' : 'suppressed');
    }
    expect(outcomes).toEqual(['suppressed', 'released']);
  });

  test('of zero is none: negative totals are released', async () => {
    const none = planWith({ epsilon: '10', minimum: 0 });
    const { service } = startService({ plans: [none] });
    const { cells } = await service.releaseWindow(requestFor(none, 0, [cellOf([aggregateOf([-100n, 0n])])]));
    expect(cells[0]?.status).toBe('released');
  });
});

describe('refused, with nothing charged:', () => {
  const good = (): WindowReleaseRequest => requestFor(plan, 0, [cellOf([aggregateOf([1n, 2n])])]);

  test('an unknown plan', async () => {
    const { service, ledger } = startService();
    const answer = await service.releaseWindow({ ...good(), planHash: new Uint8Array(32) });
    expect(answer).toEqual({
      cells: [{ status: 'refused', reason: 'unknown_plan' }],
      budget: { domain: '', periodStart: 0, measure: 'epsilon', limit: '0', consumed: '0', remaining: '0' },
    });
    expect(ledger.head.sequence).toBe(0);
  });

  test.each<[string, Partial<WindowReleaseRequest>]>([
    ['not aligned', { windowStart: FIRST_WINDOW + 1, windowEnd: FIRST_WINDOW + 61 }],
    ['too long', { windowEnd: FIRST_WINDOW + 120 }],
    ['empty', { windowEnd: FIRST_WINDOW }],
    ['backwards', { windowEnd: FIRST_WINDOW - 60 }],
  ])('a window that is %s', async (_name, change) => {
    expect(await refusalOf({ ...good(), ...change })).toEqual([{ status: 'refused', reason: 'range' }]);
  });

  test('a window that is not over by the key holder’s own clock, to the millisecond', async () => {
    const request = good();
    const clock = (): number => 1000 * request.windowEnd - 1;
    expect(await refusalOf(request, { clock })).toEqual([{ status: 'refused', reason: 'range' }]);
    const { service } = startService({ clock: () => 1000 * request.windowEnd });
    expect((await service.releaseWindow(request)).cells[0]?.status).toBe('released');
  });

  test('a report that is not in the plan', async () => {
    expect(await refusalOf({ ...good(), report: 1 })).toEqual([{ status: 'refused', reason: 'unknown_cell' }]);
  });

  test.each([
    ['measurement', { measurement: 2 }],
    ['label value', { labels: [3] }],
    ['missing label', { labels: [] }],
    ['label too many', { labels: [0, 0] }],
  ])('a cell of an unknown %s', async (_name, change) => {
    const request = requestFor(plan, 0, [cellOf([aggregateOf([1n])], change)]);
    expect(await refusalOf(request)).toEqual([{ status: 'refused', reason: 'unknown_cell' }]);
  });

  test('a key the plan does not name, one that is not held, one named twice, none at all', async () => {
    const other = testPrivateKey(1024);
    const unknownKey = [{ status: 'refused', reason: 'unknown_key' }];
    const foreign = requestFor(plan, 0, [cellOf([aggregateOf([1n], other)])]);
    expect(await refusalOf(foreign, { privateKeys: [key, other] })).toEqual(unknownKey);

    const twoKeys = planWith({ keys: [key.publicKey.kid, other.publicKey.kid] });
    const notHeld = requestFor(twoKeys, 0, [cellOf([aggregateOf([1n], other)])]);
    expect(await refusalOf(notHeld, { plans: [twoKeys] })).toEqual(unknownKey);

    const twice = requestFor(plan, 0, [cellOf([aggregateOf([1n]), aggregateOf([1n])])]);
    expect(await refusalOf(twice)).toEqual(unknownKey);
    expect(await refusalOf(requestFor(plan, 0, [cellOf([])]))).toEqual(unknownKey);
  });

  const { p, q } = key.exportPrimes();
  const { n, nSquared } = key.publicKey;
  test.each<[string, bigint, number]>([
    ['0', 0n, 128],
    ['n', n, 128],
    ['a multiple of p', p * 12345n, 128],
    ['a multiple of q', q * q, 128],
    ['n squared', nSquared, 128],
    ['n squared plus a ciphertext', nSquared + 1n, 128],
    ['too few bytes', 1n, 127],
    ['too many bytes', 1n, 129],
  ])('ciphertext %s', async (_name, value, width) => {
    const hex = value.toString(16).padStart(2 * width, '0');
    const ciphertext = Uint8Array.from(Buffer.from(hex, 'hex'));
    const request = requestFor(plan, 0, [cellOf([{ kid: key.publicKey.kid, ciphertext }])]);
    expect(await refusalOf(request)).toEqual([{ status: 'refused', reason: 'ciphertext' }]);
  });

  test('and a good cell beside a refused one is released', async () => {
    const { service } = startService();
    const bad = cellOf([{ kid: key.publicKey.kid, ciphertext: new Uint8Array(128) }], { labels: [1] });
    const { cells, budget } = await service.releaseWindow(requestFor(plan, 0, [bad, cellOf([aggregateOf([1n, 2n])])]));
    expect(cells.map(({ status }) => status)).toEqual(['refused', 'released']);
    expect(budget.consumed).toBe('1');
  });
});

describe('does not start', () => {
  test.each<[string, TestServiceOptions]>([
    ['with a plan that costs more per release than allowed', { epsilonPerRelease: '0.5' }],
    ['with a ceiling for no period', { periodOfCeiling: 'month' as 'week' }],
    ['with a plan of a domain that is not allowed', { domains: ['shop_2', 'sho'] }],
    ['with no domain allowed', { domains: [] }],
    [
      'with windows that are too old by the time they are asked for',
      {
        plans: [planWith({ overrides: { window: { seconds: 60, graceSeconds: 86_400, lagSeconds: 0 } } })],
        maxWindowAgeDays: 1,
      },
    ],
    ['with a ceiling of zero', { epsilonPerPeriod: '0' }],
    ['with a ceiling that is no decimal string', { epsilonPerPeriod: 'much' }],
    ['with a plan none of whose keys it holds', { privateKeys: [testPrivateKey(1024)] }],
  ])('%s', (_name, options) => {
    expect(() => startService(options)).toThrow(expect.objectContaining({ code: 'invalid_configuration' }));
  });
});

describe('requests at the same time', () => {
  test('are served one after the other, with one outcome per cell and one debit', async () => {
    const { service, ledger } = startService();
    const request = requestFor(plan, 0, [cellOf([aggregateOf([3n, 4n])])]);
    const answers = await Promise.all(Array.from({ length: 8 }, () => service.releaseWindow(request)));
    for (const answer of answers) expect(answer).toEqual(answers[0]);
    expect(ledger.head.sequence).toBe(3);
  });

  test('racing for the last of the budget do not overspend it', async () => {
    const last = planWith({ epsilon: '1', budget: '2' });
    const { service } = startService({ plans: [last] });
    const answers = await Promise.all(
      [0, 1, 2, 3].map((window) => service.releaseWindow(requestFor(last, window, [cellOf([aggregateOf([1n, 1n])])]))),
    );
    expect(answers.map(({ cells }) => cells[0]?.status)).toEqual(['released', 'released', 'suppressed', 'suppressed']);
  });

  test('are turned away while stopping, after those accepted have been answered', async () => {
    const { service } = startService();
    const request = requestFor(plan, 0, [cellOf([aggregateOf([3n, 4n])])]);
    const accepted = service.releaseWindow(request);
    const stopped = service.stop();
    await expect(service.releaseWindow(request)).rejects.toMatchObject({ code: 'unavailable' });
    await stopped;
    expect((await accepted).cells[0]?.status).toBe('released');
    expect(service.notServingBecause()).toBe('stopping');
  });
});

describe('what is kept and logged', () => {
  const CANARY = 982_451_653n;

  test('holds no total that was decrypted', async () => {
    const { service, ledger, path, log } = startService({ plans: [plan] });
    // With epsilon 1 a slot's noise is 0 with probability 0.46: ask until the noised value is another one.
    for (let window = 0; window < 20; window += 1) {
      const { cells } = await service.releaseWindow(
        requestFor(plan, window, [cellOf([aggregateOf([CANARY, 7n])], { count: 424_242 })]),
      );
      const [cell] = cells;
      if (cell?.status === 'released' && cell.values[0] === CANARY) continue;
      const entries = [...ledger.entries()].filter(({ body }) => body.includes(released(cell).releaseId));
      expect(entries.some(({ body }) => body.includes(String(CANARY)))).toBe(false);
      expect(entries.some(({ body }) => body.includes('424242'))).toBe(false);
    }
    const logged = log.join('\n');
    expect(logged).toContain('424242');
    expect(logged).not.toContain(String(CANARY));
    expect(logged).not.toContain('"values"');
    ledger.close();
    const digest = toBase64Url(new Uint8Array(32).fill(9));
    expect(readFileSync(path).includes(digest)).toBe(false);
    expect(logged).toContain(digest);
  });
});

describe('a random generator that fails', () => {
  test('seals the cell as an error for ever, debited, with nothing of it released', async () => {
    let working = true;
    const random = (length: number): Uint8Array => {
      if (!working) throw new Error('no entropy');
      return globalThis.crypto.getRandomValues(new Uint8Array(length));
    };
    const { service, ledger, log } = startService({ random });
    await service.releaseWindow(requestFor(plan, 0, [cellOf([aggregateOf([1n, 2n])])]));
    working = false;
    const request = requestFor(plan, 1, [cellOf([aggregateOf([1n, 2n])])]);
    const { cells, budget } = await service.releaseWindow(request);
    expect(cells).toMatchObject([{ status: 'suppressed', reason: 'error' }]);
    expect(budget.consumed).toBe('2');
    expect(log.some((line) => line.includes('release_failed'))).toBe(true);
    working = true;
    expect((await service.releaseWindow(request)).cells).toEqual(cells);
    expect(ledger.head.sequence).toBe(6);
  });
});

test('a private key shows nothing of itself in the options it is passed in', () => {
  expect(JSON.stringify({ key })).toBe(JSON.stringify({ key: { kid: key.publicKey.kid } }));
  expect(key).toBeInstanceOf(PrivateKey);
});
