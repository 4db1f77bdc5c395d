// @ts-check
/** Sealing, verifying, adding and decrypting: the application's thread, its worker, the receiver's core, the key holder. */
import * as peer from 'paillier-bigint';
import { modInverse } from '../dist/src/math/modular.js';
import { addCiphertexts } from '../dist/src/paillier/ciphertext.js';
import { Encryptor } from '../dist/src/paillier/encrypt.js';
import { systemRandom } from '../dist/src/random.js';
import { decodeEnvelope } from '../dist/src/wire/envelope.js';
import { EnvelopeVerifier } from '../dist/src/wire/verify.js';
import { medianMillis, unitMillis } from './harness.mjs';
import { BenchSealer, CATEGORY8, copyRecords, FLAG, makePlan } from './keys.mjs';

const COMB = { teeth: 10, tables: 8 };
/** Envelopes' worth of randomness computed at once, as the pool asks its worker. */
const CHUNK = 16;
const TRUE_ONLY = { ...FLAG, trueOnly: true };

/**
 * @param {import('../dist/src/paillier/private-key.js').PrivateKey} secret
 * @returns {import('./harness.mjs').Result[]}
 */
export function sealing(secret) {
  const key = secret.publicKey;
  const unit = unitMillis(key.n);
  const theirs = new peer.PublicKey(key.n, key.n + 1n);
  const encrypt = medianMillis({ rounds: 5, calls: 4, run: () => theirs.encrypt(1n) });
  const ours = new Encryptor(key).encrypt(1n, systemRandom);
  const { p, q } = secret.exportPrimes();
  const lambda = ((p - 1n) * (q - 1n)) / 2n;
  const theirSecret = new peer.PrivateKey(lambda, modInverse(lambda, key.n), theirs, p, q);
  const { bits } = key;
  const millis = (/** @type {string} */ name, /** @type {number} */ median, /** @type {object} */ more = {}) => ({
    name,
    median,
    unit: 'ms',
    bits,
    units: median / unit,
    ...more,
  });

  const hot = hotSeal(key, TRUE_ONLY);
  const three = hotSeal(key, FLAG);
  const decrypt = medianMillis({ calls: 8, run: () => secret.decrypt(ours, systemRandom) });
  const theirDecrypt = medianMillis({ rounds: 5, calls: 4, run: () => theirSecret.decrypt(ours) });
  const add = medianMillis({ calls: 2000, run: () => addCiphertexts(key, ours, ours + 1n) });
  const theirAdd = medianMillis({ calls: 2000, run: () => theirs.addition(ours, ours + 1n) });
  const peerOf = (/** @type {string} */ name, /** @type {number} */ median) => ({
    name: `paillier-bigint.${name}`,
    median,
  });
  return [
    { name: 'unit', median: unit * 1000, unit: 'us', bits },
    {
      name: 'seal.flag.hot',
      median: hot * 1000,
      unit: 'us',
      bits,
      units: hot / unit,
      peer: peerOf('encrypt', encrypt * 1000),
      ratio: encrypt / hot,
    },
    { name: 'seal.flag3.hot', median: three * 1000, unit: 'us', bits, units: three / unit, ratio: encrypt / three },
    .../** @type {const} */ (['bigint', 'wasm']).flatMap((kernel) => withKernel(key, kernel, millis)),
    millis('decrypt', decrypt, { peer: peerOf('decrypt', theirDecrypt), ratio: theirDecrypt / decrypt }),
    millis('add', add, { peer: peerOf('addition', theirAdd), ratio: theirAdd / add }),
  ];
}

/** @param {import('../dist/src/paillier/public-key.js').PublicKey} key @param {import('../dist/src/plan/plan.js').Measurement} measurement */
function hotSeal(key, measurement) {
  const sealer = new BenchSealer(makePlan(key.kid, [measurement]), key);
  const calls = 200;
  // Each call uses up its records, so every round needs copies of its own.
  const source = sealer.records();
  const copy = () => copyRecords(source);
  const prepare = () => Array.from({ length: calls }, copy);
  // What an application runs is compiled code: the engine needs some thousand calls for that.
  for (let call = 0; call < 20 * calls; call += 1) sealer.seal(copy());
  return medianMillis({ rounds: 15, calls, prepare, run: (records, call) => sealer.seal(records[call] ?? copy()) });
}

/**
 * @param {import('../dist/src/paillier/public-key.js').PublicKey} key
 * @param {'bigint' | 'wasm'} kernel
 * @param {(name: string, median: number, more: object) => import('./harness.mjs').Result} millis
 */
function withKernel(key, kernel, millis) {
  return [
    { label: 'flag', measurement: TRUE_ONLY },
    { label: 'category8', measurement: CATEGORY8 },
  ].flatMap(({ label, measurement }) => {
    const plan = makePlan(key.kid, [measurement]);
    const sealer = new BenchSealer(plan, key, kernel);
    const verifier = new EnvelopeVerifier([plan], [key], COMB, { kernel });
    verifier.warmUp();
    const sustained = medianMillis({ rounds: 3, calls: 1, run: () => sealer.chunk(CHUNK) }) / CHUNK;
    const distinct = Array.from(
      { length: 64 },
      () => decodeEnvelope(sealer.seal(sealer.records())) ?? new Uint8Array(0),
    );
    const batch = Array.from({ length: 256 }, (_, index) => distinct[index % distinct.length] ?? new Uint8Array(0));
    const batched =
      medianMillis({ rounds: 3, calls: 1, run: () => verifier.verifyMany(batch, systemRandom) }) / batch.length;
    const alone = medianMillis({
      rounds: 3,
      calls: 4,
      run: () => verifier.verifyMany(distinct.slice(0, 1), systemRandom),
    });
    return [
      millis(`seal.${label}.sustained`, sustained, { kernel }),
      millis(`verify.${label}`, alone, { kernel }),
      millis(`verify.${label}.batch256`, batched, { kernel, ratio: alone / batched }),
    ];
  });
}
