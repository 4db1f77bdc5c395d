/**
 * A live key holder is no decryption oracle: what it answers and logs depends on the ciphertext as given, never on what
 * it holds. What comes out of a decryption leaves with noise on it, charged, once.
 */
import { join } from 'node:path';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { startKeyHolder, type RunningKeyHolder } from '../../src/keyholder/start.js';
import { addPlaintext, ciphertextToBytes } from '../../src/paillier/ciphertext.js';
import { Encryptor } from '../../src/paillier/encrypt.js';
import { createKeyHolderClient, type KeyHolderClient } from '../../src/receiver/keyholder-client.js';
import { systemRandom } from '../../src/random.js';
import type { CellOutcome, KeyedAggregate } from '../../src/wire/release.js';
import { testPrivateKey } from '../support/keys.js';
import { testPlan } from '../support/plans.js';
import { aggregateOf, ALL_TIME_DAYS, cellOf, requestFor } from '../support/releases.js';
import { temporaryFolder } from '../support/temporary-folder.js';

const plan = testPlan();
const { publicKey } = testPrivateKey();
const { n, kid } = publicKey;
/** Windows of a minute: each question is of another day, so that the budget never speaks. */
const WINDOWS_A_DAY = 1440;

let running: RunningKeyHolder;
let client: KeyHolderClient;
let lines: string[];
let day: number;

beforeEach(async () => {
  const folder = temporaryFolder();
  lines = [];
  day = 0;
  running = await startKeyHolder({
    dataFolder: folder,
    privateKeys: [testPrivateKey()],
    plans: [plan],
    ceilings: { epsilonPerPeriod: '20', period: 'day', epsilonPerRelease: '1' },
    domains: ['shop'],
    maxWindowAgeDays: ALL_TIME_DAYS,
    listen: { socketPath: join(folder, 'key-holder.sock') },
    logger: pino({ level: 'trace' }, { write: (line: string) => void lines.push(line) }),
  });
  client = createKeyHolderClient({ target: running.address });
});

afterEach(async () => {
  client.close();
  await running.close();
});

/** Big-endian, of the length of this key's ciphertexts. */
function bytesOf(value: bigint): Uint8Array {
  return Buffer.from(value.toString(16).padStart(2 * (publicKey.bits / 4), '0'), 'hex');
}

function encrypt(plaintext: bigint): Uint8Array {
  const zero = new Encryptor(publicKey).encryptZero(systemRandom);
  return ciphertextToBytes(publicKey, addPlaintext(publicKey, zero, plaintext));
}

interface Seen {
  readonly outcome: CellOutcome;
  /** Log lines of the question: fields and texts, without what names the question. */
  readonly log: unknown[];
}

async function ask(aggregate: KeyedAggregate): Promise<Seen> {
  lines.length = 0;
  const request = requestFor(plan, WINDOWS_A_DAY * day++, [cellOf([aggregate])]);
  const { cells } = await client.releaseWindow(request);
  const log = lines.map((line) => {
    const { level, event, msg, ...rest } = JSON.parse(line) as Record<string, unknown>;
    return { level, event, msg, fields: Object.keys(rest) };
  });
  return { outcome: cells[0]!, log };
}

const shapeOf = ({ outcome, log }: Seen): object => ({
  fields: Object.keys(outcome),
  status: outcome.status,
  values: outcome.status === 'released' ? outcome.values.length : undefined,
  log,
});

describe('elements of the group are answered alike, whatever they hold', () => {
  test('totals in range, beyond every slot, negative, the largest, the ciphertext 1, one of another key', async () => {
    const usual = shapeOf(await ask(aggregateOf([12n, 3n])));
    expect(usual).toMatchObject({ status: 'released', values: 2 });
    const plaintexts = [0n, 1n, n - 1n, n / 2n, (1n << 500n) - 1n, 1n << 47n, 1n << 48n, 1n << 96n];
    const foreign = BigInt(`0x${Buffer.from(aggregateOf([1n, 1n], testPrivateKey(1024)).ciphertext).toString('hex')}`);
    const ciphertexts = [...plaintexts.map(encrypt), bytesOf(1n), bytesOf(n * n - 1n), bytesOf(foreign % (n * n))];
    for (const ciphertext of ciphertexts) expect(shapeOf(await ask({ kid, ciphertext }))).toEqual(usual);
  });
});

describe('what is no element is refused alike, before anything is decrypted or charged', () => {
  const { p, q } = testPrivateKey().exportPrimes();

  test.each<[string, Uint8Array]>([
    ['0', bytesOf(0n)],
    ['n', bytesOf(n)],
    ['a multiple of n', bytesOf(7n * n)],
    ['n^2', bytesOf(n * n)],
    ['n^2 + 1', bytesOf(n * n + 1n)],
    ['a prime factor', bytesOf(p)],
    ['a multiple of the other one', bytesOf(q * (p - 2n))],
    ['all ones', Buffer.alloc(publicKey.bits / 4, 255)],
  ])('%s', async (_, ciphertext) => {
    const before = shapeOf(await ask({ kid, ciphertext: bytesOf(0n) }));
    const seen = await ask({ kid, ciphertext });
    expect(seen.outcome).toEqual({ status: 'refused', reason: 'ciphertext' });
    expect(shapeOf(seen)).toEqual(before);
    // Nothing was charged or remembered: the same cell is released from an honest aggregate.
    day -= 1;
    expect((await ask(aggregateOf([1n, 2n]))).outcome.status).toBe('released');
  });

  test('a key that is not held is refused by its name, not by what is under it', async () => {
    const { outcome } = await ask(aggregateOf([1n, 1n], testPrivateKey(1024)));
    expect(outcome).toEqual({ status: 'refused', reason: 'unknown_key' });
  });
});

test('a question asked again has the same answer; altered it has none, whatever was altered', async () => {
  const aggregate = aggregateOf([12n, 3n]);
  const request = requestFor(plan, 0, [cellOf([aggregate])]);
  const first = await client.releaseWindow(request);
  expect(first.cells[0]?.status).toBe('released');
  expect(await client.releaseWindow(request)).toEqual(first);
  const others = [aggregateOf([12n, 3n]).ciphertext, encrypt(0n), encrypt(1n), bytesOf(1n)];
  for (const ciphertext of others) {
    const altered = await client.releaseWindow(requestFor(plan, 0, [cellOf([{ kid, ciphertext }])]));
    expect(altered.cells).toEqual([{ status: 'refused', reason: 'conflict' }]);
  }
  expect(await client.releaseWindow(request)).toEqual(first);
});
