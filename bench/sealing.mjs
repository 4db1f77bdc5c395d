// @ts-check
/** Sealing and verifying: the application's thread, the worker, the receiver's core. */
import * as peer from 'paillier-bigint';
import { decodeEnvelope } from '../dist/src/wire/envelope.js';
import { EnvelopeVerifier } from '../dist/src/wire/verify.js';
import { medianMillis } from './harness.mjs';
import { BenchSealer, FLAG, makePlan } from './keys.mjs';

/**
 * @param {import('../dist/src/paillier/private-key.js').PrivateKey} secret
 * @returns {import('./harness.mjs').Result[]}
 */
export function sealing(secret) {
  const key = secret.publicKey;
  const { bits } = key;
  const plan = makePlan(key.kid, [FLAG]);
  const sealer = new BenchSealer(plan, key);
  const verifier = new EnvelopeVerifier([plan], [key], { teeth: 10, tables: 8 });
  verifier.warmUp();

  const theirs = new peer.PublicKey(key.n, key.n + 1n);
  const encrypt = medianMillis({ rounds: 5, calls: 4, run: () => theirs.encrypt(1n) });
  const calls = 60;
  const records = () => Array.from({ length: calls }, () => sealer.records());
  const hot = medianMillis({ calls, prepare: records, run: (prepared, call) => sealer.seal(prepared[call] ?? sealer.records()) });
  const sustained = medianMillis({ calls: 20, run: () => sealer.records() });
  const envelope = decodeEnvelope(sealer.seal(sealer.records())) ?? new Uint8Array(0);
  const verify = medianMillis({ calls: 20, run: () => verifier.verify(envelope) });

  return [
    {
      name: 'seal.flag.hot',
      median: hot * 1000,
      unit: 'us',
      bits,
      peer: { name: 'paillier-bigint.encrypt', median: encrypt * 1000 },
      ratio: encrypt / hot,
    },
    { name: 'seal.flag.sustained', median: sustained, unit: 'ms', bits },
    { name: 'verify.flag', median: verify, unit: 'ms', bits },
  ];
}
