/** The shared contribution store on a real PostgreSQL. */
import { Pool, type PoolClient } from 'pg';
import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, expect, it, onTestFinished } from 'vitest';
import type { ContributionStore, CounterRequest } from '../../processor/contribution-store.js';
import { createContributionTables, PostgresContributionStore } from '../../processor/postgres-contribution-store.js';
import { TelemetryKitError } from '../../src/errors.js';
import { counterOf, dayAt, hourAt, itKeepsTheContract, keyOf } from '../support/contribution-store-contract.js';
import { describeWith } from '../support/outside.js';
import { PostgresServer, postgresPrograms } from '../support/postgres.js';

const missing =
  postgresPrograms() === undefined ? 'PostgreSQL is not installed: apt-get install postgresql' : undefined;

let server: PostgresServer;

const asked = (counter: number, amount: number, bound: number): CounterRequest => ({
  counter: counterOf(counter),
  amount,
  bound,
});

/** A pool as a process of its own has it. */
function newPool(max = 2): Pool {
  const pool = new Pool({ ...server.connection, max, connectionTimeoutMillis: 10_000 });
  onTestFinished(() => pool.end());
  return pool;
}

function newStore(statementMillis = 10_000): PostgresContributionStore {
  return new PostgresContributionStore({ pool: newPool(), statementMillis });
}

/** A connection that does what it is told in between, and the statements it is told. */
async function bystander(): Promise<PoolClient> {
  const pool = newPool(1);
  const client = await pool.connect();
  onTestFinished(() => client.release(true));
  return client;
}

async function failureOf(promise: Promise<unknown>): Promise<string> {
  try {
    await promise;
  } catch (error) {
    return error instanceof TelemetryKitError ? `${error.code}: ${error.message}; ${error.fix}` : String(error);
  }
  return 'none';
}

describeWith('the contribution store on PostgreSQL', missing, () => {
  beforeAll(async () => {
    server = await PostgresServer.start();
  });

  afterAll(async () => {
    await server.stop();
  });

  beforeEach(async () => {
    const pool = new Pool(server.connection);
    await pool.query('DROP TABLE IF EXISTS telemetry_kit_counters, telemetry_kit_periods');
    await createContributionTables(pool);
    await pool.end();
  });

  itKeepsTheContract(async () => {
    let pool = new Pool(server.connection);
    onTestFinished(() => pool.end());
    await pool.query('DROP TABLE telemetry_kit_counters, telemetry_kit_periods');
    await createContributionTables(pool);
    await createContributionTables(pool);
    const open = async (): Promise<ContributionStore> => {
      await pool.end();
      pool = new Pool(server.connection);
      return new PostgresContributionStore({ pool });
    };
    return { open };
  });

  it('gives everyone who shares it the same key, also when all open a period at once', async () => {
    const keys = await Promise.all(Array.from({ length: 6 }, () => keyOf(newStore(), dayAt(0))));
    expect(new Set(keys).size).toBe(1);
    expect(keys[0]).toMatch(/^[0-9a-f]{64}$/);
  });

  it('never grants more than the bound to all who ask at once, and all of it', async () => {
    const stores = Array.from({ length: 5 }, () => newStore());
    await Promise.all(stores.map((store) => store.openPeriod(dayAt(0))));
    const requests = fc.sample(fc.shuffledSubarray([0, 1, 2, 3, 4, 5, 6, 7], { minLength: 4 }), 40);
    const answers = await Promise.all(
      requests.flatMap((counters) =>
        stores.map(async (store) => {
          const granted = await store.reserve(
            dayAt(0),
            counters.map((counter) => asked(counter, 3, 20)),
          );
          return counters.map((counter, index): [number, number] => [counter, granted[index]!]);
        }),
      ),
    );
    for (const counter of [0, 1, 2, 3, 4, 5, 6, 7]) {
      const all = answers.flat().filter(([name]) => name === counter);
      expect(all.reduce((sum, [, granted]) => sum + granted, 0)).toBe(20);
    }
  });

  it('opens nothing that is far ahead of its own clock', async () => {
    const today = Math.floor(Date.now() / 86_400_000) * 86_400;
    const store = newStore();
    expect(await keyOf(store, { kind: 'day', start: today + 86_400 })).toMatch(/^[0-9a-f]{64}$/);
    expect(await keyOf(store, { kind: 'day', start: today + 3 * 86_400 })).toBe('out_of_period');
    expect(await keyOf(store, { kind: 'day', start: today })).toMatch(/^[0-9a-f]{64}$/);
  });

  it('forgets the key and the counters of a period that is over', async () => {
    const store = newStore();
    const everything = async (): Promise<string> => {
      const pool = newPool();
      const periods = await pool.query("SELECT kind, start, encode(hash_key, 'hex') AS key FROM telemetry_kit_periods");
      const counters = await pool.query('SELECT * FROM telemetry_kit_counters');
      return JSON.stringify([periods.rows, counters.rows]);
    };
    const key = await keyOf(store, dayAt(0));
    await store.reserve(dayAt(0), [asked(1, 1, 1)]);
    expect(await everything()).toContain(key);
    expect(await everything()).toContain(counterOf(1));
    await store.openPeriod(dayAt(1));
    await store.openPeriod(dayAt(2));
    expect(await everything()).not.toContain(key);
    expect(await everything()).not.toContain(counterOf(1));
  });

  it('does not lose a period between those who reserve in it and those who end it', async () => {
    const [first, second] = [newStore(), newStore()];
    await first.openPeriod(dayAt(0));
    await first.openPeriod(dayAt(1));
    const other = await bystander();
    // Somebody reserves, and has not finished.
    await other.query('BEGIN');
    await other.query('SELECT 1 FROM telemetry_kit_periods WHERE start = $1 FOR SHARE', [dayAt(0).start]);
    const ending = second.openPeriod(dayAt(2));
    const late = first.reserve(dayAt(0), [asked(1, 1, 1)]);
    await other.query('COMMIT');
    await ending;
    const granted = await late;
    expect([[0], [1]]).toContainEqual(granted);
    expect(await first.reserve(dayAt(0), [asked(1, 1, 1)])).toEqual([0]);
    const { rows } = await other.query('SELECT * FROM telemetry_kit_counters');
    expect(rows).toEqual([]);
  });

  it('says what is missing, and works once it is there', async () => {
    const pool = newPool();
    await pool.query('DROP TABLE telemetry_kit_counters, telemetry_kit_periods');
    const store = newStore();
    expect(await failureOf(store.openPeriod(dayAt(0)))).toBe(
      'unavailable: the contribution store does not work (42P01); make its tables with createContributionTables',
    );
    await createContributionTables(pool);
    expect(await keyOf(store, dayAt(0))).toMatch(/^[0-9a-f]{64}$/);
  });

  it('gives up a statement that takes too long, and goes on afterwards', async () => {
    const store = newStore(200);
    await store.openPeriod(dayAt(0));
    const other = await bystander();
    await other.query('BEGIN');
    await other.query('LOCK TABLE telemetry_kit_counters IN ACCESS EXCLUSIVE MODE');
    expect(await failureOf(store.reserve(dayAt(0), [asked(1, 1, 3)]))).toMatch(/^unavailable: .*no answer/);
    await other.query('COMMIT');
    const granted = await store.reserve(dayAt(0), [asked(1, 3, 3)]);
    // What was given up may have been reserved all the same: then it is lost.
    expect([[2], [3]]).toContainEqual(granted);
  });

  it('survives its connections being cut, and idle ones too', async () => {
    const store = newStore();
    await store.openPeriod(dayAt(0));
    const other = await bystander();
    for (let round = 0; round < 5; round += 1) {
      const reserving = failureOf(store.reserve(dayAt(0), [asked(round, 1, 1)]));
      await other.query(
        'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND backend_type = $1',
        ['client backend'],
      );
      expect(await reserving).toMatch(/^(none|unavailable: .*)$/);
    }
    let failure = await failureOf(store.reserve(dayAt(0), [asked(99, 1, 1)]));
    while (failure !== 'none') failure = await failureOf(store.reserve(dayAt(0), [asked(99, 1, 1)]));
  });

  it('counts everything it answered, over power cuts in the middle', async () => {
    const BOUND = 1000;
    let answers = 0;
    const answered = new Map<number, number>();
    await newStore().openPeriod(dayAt(0));
    let isRunning = true;
    const client = async (store: ContributionStore, first: number): Promise<void> => {
      while (isRunning) {
        const counters = [first % 3, 3];
        try {
          const granted = await store.reserve(
            dayAt(0),
            counters.map((counter) => asked(counter, 1, BOUND)),
          );
          counters.forEach((counter, index) => answered.set(counter, (answered.get(counter) ?? 0) + granted[index]!));
          answers += 1;
        } catch {
          await new Promise((resolve) => setTimeout(resolve, 5));
        }
      }
    };
    const clients = [0, 1, 2].map((first) => client(newStore(1000), first));
    for (let cut = 0; cut < 3; cut += 1) {
      // An answer that the cut swallowed was reserved all the same, so the bound may be met by fewer answers.
      const before = answers;
      while (answers === before) await new Promise((resolve) => setTimeout(resolve, 1));
      await server.restart();
    }
    const store = newStore();
    isRunning = false;
    await Promise.all(clients);
    const rest = await store.reserve(
      dayAt(0),
      [0, 1, 2, 3].map((counter) => asked(counter, BOUND, BOUND)),
    );
    rest.forEach((granted, counter) => {
      expect((answered.get(counter) ?? 0) + granted).toBeLessThanOrEqual(BOUND);
    });
    expect(await store.reserve(hourAt(0), [asked(3, 1, 1)])).toEqual([0]);
  });
});
