/** Moduli of a few bits and proof parameters to match, so that everything a prover can draw can be enumerated. */
import { bigIntToBytes, bitLength, concatBytes } from '../../src/bytes.js';
import { joinSplit, splitStandard } from '../../src/math/split-form.js';
import { mod, modInverse, modPow } from '../../src/math/modular.js';
import { obfuscationBase } from '../../src/paillier/obfuscation.js';
import { PublicKey } from '../../src/paillier/public-key.js';
import { exponentBytes, type PairKind } from '../../src/proofs/pairs.js';
import type { ProofParameters } from '../../src/proofs/parameters.js';

/** As a key, without the checks that refuse it. */
export function toyKey(n: bigint): PublicKey {
  const bits = bitLength(n);
  const modulusBytes = Math.ceil(bits / 8);
  const modulus = bigIntToBytes(n, modulusBytes);
  const fields = { n, nSquared: n * n, bits, modulusBytes, modulus, kidBytes: new Uint8Array(32), kid: 'toy' };
  return Object.assign(Object.create(PublicKey.prototype) as PublicKey, fields);
}

/** The record of one exponent, as pairs.ts computes it. */
export function toyRecord(key: PublicKey, kind: PairKind, exponent: bigint, parameters: ProofParameters): Uint8Array {
  const { unit, omega } = splitStandard(basePower(key, exponent), key.n);
  return concatBytes([
    bigIntToBytes(exponent, exponentBytes(key, kind, parameters)),
    bigIntToBytes(unit, key.modulusBytes),
    bigIntToBytes(omega, key.modulusBytes),
  ]);
}

/** hs^exponent (1+n)^plaintext mod n^2, as a number. */
export function toyElement(key: PublicKey, exponent: bigint, plaintext: bigint): bigint {
  return (basePower(key, exponent) * (1n + key.n * mod(plaintext, key.n))) % key.nSquared;
}

/** The one commitment that fits an answer: hs^z u^(-e) with u = c (1+n)^(-d). What a simulator would compute. */
export function fittingCommitment(key: PublicKey, c: bigint, d: bigint, e: bigint, z: bigint): bigint {
  const u = (c * (1n + key.n * mod(-d, key.n))) % key.nSquared;
  return (basePower(key, z) * modPow(modInverse(u, key.nSquared), e, key.nSquared)) % key.nSquared;
}

/** Smallest positive exponent that takes the base to 1. */
export function baseOrder(key: PublicKey): bigint {
  let order = 1n;
  while (basePower(key, order) !== 1n) order += 1n;
  return order;
}

function basePower(key: PublicKey, exponent: bigint): bigint {
  return modPow(joinSplit(obfuscationBase(key), key.n), exponent, key.nSquared);
}
