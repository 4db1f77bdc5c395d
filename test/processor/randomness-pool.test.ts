import { inspect } from 'node:util';
import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import type { PairSource } from '../../processor/pair-source.js';
import { RandomnessPool, type PoolOptions } from '../../processor/randomness-pool.js';
import { RecordStore } from '../../processor/record-store.js';
import { TelemetryKitError } from '../../src/errors.js';
import type { PairKind } from '../../src/proofs/pairs.js';

const BYTES = { obfuscator: 8, mask: 12 };

/** Records that can be told apart: each begins with a number of its own. */
class NumberedSource implements PairSource {
  failures = 0;
  issued = 0;
  readonly asked: [PairKind, number][] = [];
  readonly chunks: { readonly kind: PairKind; readonly chunk: Uint8Array }[] = [];
  isHeld = false;
  closed = false;
  #waiting: (() => void)[] = [];

  async compute(kind: PairKind, count: number): Promise<Uint8Array> {
    this.asked.push([kind, count]);
    if (this.isHeld) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    if (this.failures > 0) {
      this.failures -= 1;
      throw new Error('died');
    }
    const chunk = new Uint8Array(count * BYTES[kind]);
    const view = new DataView(chunk.buffer);
    for (let index = 0; index < count; index += 1) view.setUint32(index * BYTES[kind], (this.issued += 1));
    this.chunks.push({ kind, chunk });
    return chunk;
  }

  release(): void {
    this.isHeld = false;
    for (const resolve of this.#waiting.splice(0)) resolve();
  }

  close(): Promise<void> {
    this.closed = true;
    return Promise.resolve();
  }
}

function createPool(overrides: Partial<PoolOptions> = {}): { pool: RandomnessPool; source: NumberedSource } {
  const source = new NumberedSource();
  const pool = new RandomnessPool({
    source,
    recordBytes: BYTES,
    largestDemand: { obfuscators: 1, masks: 3 },
    initialRecords: 40,
    recordLimit: 160,
    retryMillis: { first: 1, longest: 2 },
    onRefilled: () => undefined,
    onUnavailable: () => undefined,
    ...overrides,
  });
  return { pool, source };
}

const numberOf = (record: Uint8Array): number => new DataView(record.buffer, record.byteOffset).getUint32(0);
const numbersIn = ({ kind, chunk }: NumberedSource['chunks'][number]): number[] =>
  Array.from({ length: chunk.length / BYTES[kind] }, (_, index) => numberOf(chunk.subarray(index * BYTES[kind])));
const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('the pool', () => {
  it('fills to its initial depth in the proportion of the demand, in chunks', async () => {
    const { pool, source } = createPool();
    await pool.ready();
    expect(pool.size).toBe(40);
    const total = (kind: PairKind): number =>
      source.asked.filter(([asked]) => asked === kind).reduce((sum, [, count]) => sum + count, 0);
    expect([total('obfuscator'), total('mask')]).toEqual([10, 30]);
    expect(Math.max(...source.asked.map(([, count]) => count))).toBeLessThanOrEqual(32);
  });

  it('hands every record out at most once, whatever is taken and whenever it refills', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.record({ masks: fc.nat(5), wait: fc.boolean() }), { maxLength: 80 }),
        async (steps) => {
          const { pool } = createPool({ largestDemand: { obfuscators: 1, masks: 5 } });
          await pool.ready();
          const seen = new Set<number>();
          let taken = 0;
          for (const { masks, wait } of steps) {
            const records = pool.take({ obfuscators: 1, masks });
            for (const record of [...(records?.obfuscators ?? []), ...(records?.masks ?? [])]) {
              taken += 1;
              seen.add(numberOf(record));
              record.fill(0);
            }
            if (wait) await settle();
          }
          expect(seen.size).toBe(taken);
          expect(seen.has(0)).toBe(false);
          await pool.close();
        },
      ),
    );
  });

  it('takes nothing where there is not enough of both kinds', async () => {
    const { pool, source } = createPool();
    await pool.ready();
    source.isHeld = true;
    for (let count = 0; count < 10; count += 1) expect(pool.take({ obfuscators: 1, masks: 2 })).toBeDefined();
    expect(pool.take({ obfuscators: 1, masks: 2 })).toBeUndefined();
    expect(pool.size).toBe(10);
  });

  it('refills ahead of need, with one request at a time', async () => {
    const { pool, source } = createPool();
    await pool.ready();
    source.isHeld = true;
    const before = source.asked.length;
    for (let count = 0; count < 6; count += 1) pool.take({ obfuscators: 1, masks: 3 });
    await settle();
    expect(pool.size).toBe(16);
    expect(source.asked.length).toBe(before + 1);
    source.release();
    await vi.waitFor(() => expect(pool.size).toBe(40));
  });

  it('grows once each time it runs dry, and never over its limit', async () => {
    const { pool } = createPool();
    for (const expected of [80, 160, 160]) {
      await pool.ready();
      await settle();
      while (pool.take({ obfuscators: 1, masks: 3 }) !== undefined);
      expect(pool.take({ obfuscators: 1, masks: 3 })).toBeUndefined();
      await vi.waitFor(() => expect(pool.size).toBe(expected));
    }
  });

  it('holds one demand even where the limit is smaller', async () => {
    const { pool } = createPool({ recordLimit: 1, initialRecords: 1 });
    await pool.ready();
    expect(pool.take({ obfuscators: 1, masks: 3 })).toBeDefined();
  });

  it('forgets and overwrites everything when the source fails, then goes on', async () => {
    const { pool, source } = createPool();
    await pool.ready();
    const old = source.chunks.splice(0);
    const newest = source.issued;
    source.failures = 1;
    const taken = Array.from({ length: 6 }, () => pool.take({ obfuscators: 1, masks: 3 }));
    expect(taken).not.toContain(undefined);
    await vi.waitFor(() => expect(pool.size).toBe(40));
    const left = old.flatMap(numbersIn).filter((number) => number !== 0);
    expect(left).toHaveLength(24);
    const records = pool.take({ obfuscators: 1, masks: 3 });
    expect(records?.masks.map(numberOf).every((number) => number > newest)).toBe(true);
  });

  it('reports a source that keeps failing, and recovers with it', async () => {
    let unavailable = 0;
    const source = new NumberedSource();
    source.failures = 6;
    const { pool } = createPool({ source, onUnavailable: () => (unavailable += 1) });
    await expect(pool.ready()).rejects.toMatchObject({ code: 'unavailable' });
    await vi.waitFor(() => expect(pool.size).toBe(40));
    expect(pool.isAvailable).toBe(true);
    expect(unavailable).toBe(1);
    await expect(pool.ready()).resolves.toBeUndefined();
  });

  it('refuses chunks of another length, as it would a failing source', async () => {
    const source = new NumberedSource();
    source.compute = () => Promise.resolve(new Uint8Array(7));
    const { pool } = createPool({ source });
    await expect(pool.ready()).rejects.toMatchObject({ code: 'unavailable' });
    expect(pool.size).toBe(0);
    await pool.close();
  });

  it('used after close gives nothing, asks for nothing and does not come back', async () => {
    const { pool, source } = createPool();
    await pool.close();
    const asked = source.asked.length;
    await expect(pool.ready()).rejects.toMatchObject({ code: 'unavailable' });
    expect(pool.take({ obfuscators: 0, masks: 0 })).toEqual({ obfuscators: [], masks: [] });
    expect(pool.take({ obfuscators: 1, masks: 0 })).toBeUndefined();
    await settle();
    expect(source.asked).toHaveLength(asked);
    expect(pool.size).toBe(0);
    await expect(pool.close()).resolves.toBeUndefined();
  });

  it('cannot be copied or shown: a clone of its owner holds no record', async () => {
    const { pool } = createPool();
    await pool.ready();
    expect(structuredClone(pool)).toEqual({});
    expect(JSON.stringify(pool)).toBe('{}');
    const shown = inspect(pool, { depth: 9, showHidden: true });
    expect(shown).not.toMatch(/Uint8Array|Buffer/);
  });

  it('close overwrites what is held, and what still arrives', async () => {
    const { pool, source } = createPool();
    await pool.ready();
    source.isHeld = true;
    for (let count = 0; count < 6; count += 1) pool.take({ obfuscators: 1, masks: 3 });
    await pool.close();
    source.release();
    await settle();
    expect(source.closed).toBe(true);
    expect(pool.size).toBe(0);
    expect(pool.isAvailable).toBe(false);
    expect(source.chunks.at(-1)!.chunk.every((byte) => byte === 0)).toBe(true);
    expect(pool.take({ obfuscators: 1, masks: 3 })).toBeUndefined();
  });
});

describe('the record store', () => {
  it('hands out records in order across chunks', () => {
    const store = new RecordStore(2);
    store.add(Uint8Array.of(1, 1, 2, 2));
    store.add(Uint8Array.of(3, 3));
    expect(store.size).toBe(3);
    expect(store.take(1).map((record) => record.join())).toEqual(['1,1']);
    expect(store.take(2).map((record) => record.join())).toEqual(['2,2', '3,3']);
    expect(store.size).toBe(0);
  });

  it('overwrites what was not handed out, and leaves what was', () => {
    const store = new RecordStore(2);
    const chunk = Uint8Array.of(1, 1, 2, 2);
    store.add(chunk);
    const [taken] = store.take(1);
    store.clear();
    expect([...chunk]).toEqual([1, 1, 0, 0]);
    expect([...taken!]).toEqual([1, 1]);
    expect(store.size).toBe(0);
  });

  it('refuses a chunk that is not whole records', () => {
    const store = new RecordStore(2);
    for (const length of [0, 1, 3]) expect(() => store.add(new Uint8Array(length))).toThrow(TelemetryKitError);
  });
});
