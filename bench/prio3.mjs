// @ts-check
/**
 * Prio3 (IRTF draft-irtf-cfrg-vdaf) in the TypeScript of Divvi Up, the rival that shares secrets between two operators instead of
 * encrypting for a key holder: sharding at the client, preparation at one aggregator, bytes uploaded. Only where the
 * environment variable PRIO3_MODULES names a node_modules folder with @divviup/prio3 in it: its licence, MPL-2.0, is not one
 * that this package brings along.
 */
import { randomBytes } from 'node:crypto';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import process from 'node:process';
import { pathToFileURL } from 'node:url';
import { median } from './harness.mjs';

const SHARES = 2;
const LEADER = 0;
const ROUNDS = 15;
const CALLS = 20;

/** @returns {Promise<import('./harness.mjs').Result[]>} */
export async function prio3() {
  const folder = process.env['PRIO3_MODULES'];
  if (folder === undefined || folder === '') return [];
  const entry = createRequire(join(folder, 'any.js')).resolve('@divviup/prio3');
  const { Prio3Count, Prio3Sum, Prio3Histogram } = await import(pathToFileURL(entry).href);
  const kinds = [
    { name: 'count', vdaf: new Prio3Count({ shares: SHARES }), measurement: true, expected: '1' },
    { name: 'sum10', vdaf: new Prio3Sum({ shares: SHARES, bits: 10 }), measurement: 700, expected: '700' },
    ...[8, 16].map((length) => ({
      name: `histogram${String(length)}`,
      // About the square root, which the draft recommends.
      vdaf: new Prio3Histogram({ shares: SHARES, length, chunkLength: length === 8 ? 3 : 4 }),
      measurement: 2,
      expected: Array.from({ length }, (_, bucket) => (bucket === 2 ? '1' : '0')).join(),
    })),
  ];
  const results = [];
  for (const kind of kinds) results.push(...(await figures(kind)));
  return results;
}

/** @param {{ name: string, vdaf: any, measurement: unknown, expected: string }} kind */
async function figures({ name, vdaf, measurement, expected }) {
  const verifyKey = randomBytes(vdaf.verifyKeySize);
  const nonce = () => randomBytes(vdaf.nonceSize);
  const shard = (/** @type {Buffer} */ own) => vdaf.shard(measurement, own, randomBytes(vdaf.randSize));
  const prepare = (/** @type {number} */ aggregator, /** @type {any} */ { own, publicShare, inputShares }) =>
    vdaf.prepareInit(verifyKey, aggregator, null, own, publicShare, inputShares[aggregator]);

  /** One contribution through both aggregators. */
  const ready = async () => {
    const own = nonce();
    const upload = { own, ...(await shard(own)) };
    const prepared = [await prepare(0, upload), await prepare(1, upload)];
    const shares = prepared.map(({ preparationShare }) => preparationShare);
    const message = await vdaf.unshardPreparationShares(null, shares);
    return { upload, prepared, message };
  };
  const one = await ready();
  const outputs = one.prepared.map(
    ({ preparationState }) => vdaf.prepareNext(preparationState, one.message).outputShare,
  );
  const aggregates = outputs.map((output) => vdaf.aggregate(null, [output]));
  const result = String(vdaf.unshard(null, aggregates, 1));
  if (result !== expected) throw new Error(`Prio3 ${name} gives ${result} instead of ${expected}`);

  const shardMillis = await medianOf(nonce, shard);
  const verifyMillis = await medianOf(ready, async ({ upload, message }) => {
    const { preparationState } = await prepare(LEADER, upload);
    return vdaf.prepareNext(preparationState, message);
  });
  const { publicShare, inputShares } = one.upload;
  /** @type {Buffer[]} */
  const encoded = [
    vdaf.encodePublicShare(publicShare),
    ...inputShares.map((/** @type {any} */ share) => vdaf.encodeInputShare(share)),
  ];
  const bytes = encoded.reduce((sum, { length }) => sum + length, 0);
  return [
    { name: `prio3.${name}.shard`, median: shardMillis, unit: 'ms', bits: 0 },
    { name: `prio3.${name}.verify`, median: verifyMillis, unit: 'ms', bits: 0 },
    { name: `prio3.${name}.bytes`, median: bytes, unit: 'bytes', bits: 0 },
  ];
}

/**
 * Milliseconds of one call; what each needs is made before.
 * @template T
 * @param {() => T | Promise<T>} make @param {(made: T) => Promise<unknown>} run
 */
async function medianOf(make, run) {
  const times = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const made = [];
    for (let call = 0; call < CALLS; call += 1) made.push(await make());
    const start = performance.now();
    for (const each of made) await run(each);
    times.push((performance.now() - start) / CALLS);
  }
  return median(times);
}
