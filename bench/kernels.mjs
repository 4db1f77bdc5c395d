// @ts-check
/** The arithmetic alone, per kernel: one product, the fixed base and its powers, the powers of a batch. */
import { SERVER_COMB } from '../dist/src/math/comb-layout.js';
import { createGroupKernel } from '../dist/src/math/group-kernel.js';
import { joinSplit } from '../dist/src/math/split-form.js';
import { WasmArithmetic } from '../dist/src/math/wasm-arithmetic.js';
import { loadWasm } from '../dist/src/math/wasm-host.js';
import { obfuscationBase } from '../dist/src/paillier/obfuscation.js';
import { maskBits } from '../dist/src/proofs/parameters.js';
import { randomBelow, randomBits, systemRandom } from '../dist/src/random.js';
import { medianMillis } from './harness.mjs';
import { makeKey } from './keys.mjs';

/** One relation of a batch: rho of 96 bits, and rho times a challenge of 128 bits. */
const RHO_BITS = 96;
const CHALLENGE_BITS = 128;
const FLAGS = 256;
const POWERS = 16;

/** @returns {import('./harness.mjs').Result[]} */
export function kernels() {
  return [2048, 3072].flatMap((bits) => {
    const key = makeKey(bits).publicKey;
    const reference = kernelFigures(key, 'bigint');
    const unit = reference[0]?.millis ?? Number.NaN;
    const accelerated = kernelFigures(key, 'wasm');
    return [
      ...reference.map((figure) => result(figure, 'bigint', bits, unit)),
      ...accelerated.map((figure, index) => result(figure, 'wasm', bits, unit, reference[index])),
    ];
  });
}

/** @typedef {{ name: string, millis: number, unit: 'us' | 'ms' }} Figure */

/**
 * @param {Figure} figure @param {string} kernel @param {number} bits @param {number} unit milliseconds of one U, the full product on BigInt
 * @param {Figure} [peer] the same on BigInt
 * @returns {import('./harness.mjs').Result}
 */
function result({ name, millis, unit: shown }, kernel, bits, unit, peer) {
  const scale = shown === 'us' ? 1000 : 1;
  return {
    name,
    median: millis * scale,
    unit: shown,
    bits,
    units: millis / unit,
    kernel,
    ...(peer && { peer: { name: 'bigint', median: peer.millis * scale }, ratio: peer.millis / millis }),
  };
}

/**
 * @param {import('../dist/src/paillier/public-key.js').PublicKey} key @param {'bigint' | 'wasm'} name
 * @returns {Figure[]}
 */
function kernelFigures(key, name) {
  const kernel = createGroupKernel(key.n, { kernel: name });
  const derive = medianMillis({ rounds: 5, calls: 1, run: () => obfuscationBase(key, kernel) });
  const base = obfuscationBase(key, kernel);
  const bits = maskBits(key);
  const build = medianMillis({ rounds: 3, calls: 1, run: () => kernel.fixedBase(base, bits, SERVER_COMB) });
  const fixed = kernel.fixedBase(base, bits, SERVER_COMB);
  const exponents = Array.from({ length: POWERS }, () => randomBits(systemRandom, bits));
  const powers = medianMillis({ calls: 2, run: () => fixed.powers(exponents) }) / POWERS;
  const terms = Array.from({ length: FLAGS }, () => flagTerms(key.n)).flat();
  const multiPower = medianMillis({ rounds: 5, calls: 1, run: () => kernel.multiPower(terms) }) / FLAGS;
  const product = name === 'bigint' ? bigIntProducts(key.n) : wasmProducts(key.n, joinSplit(base, key.n));
  return [
    { name: 'kernel.product.full', millis: product.full, unit: 'us' },
    { name: 'kernel.product.half', millis: product.half, unit: 'us' },
    { name: 'kernel.product.units', millis: product.units, unit: 'us' },
    { name: 'kernel.base', millis: derive, unit: 'ms' },
    { name: 'kernel.comb.build', millis: build, unit: 'ms' },
    { name: 'kernel.comb.power', millis: powers, unit: 'ms' },
    { name: 'kernel.multipower.flag.batch256', millis: multiPower, unit: 'ms' },
  ];
}

/** The terms of one flag with two branches: two commitments and the ciphertext. @param {bigint} n */
function flagTerms(n) {
  const exponents = [RHO_BITS, RHO_BITS, RHO_BITS + CHALLENGE_BITS];
  return exponents.map((bits) => ({ unit: randomBelow(systemRandom, n), exponent: randomBits(systemRandom, bits) }));
}

/** @param {bigint} n */
function bigIntProducts(n) {
  const modulus = n * n;
  const factor = randomBelow(systemRandom, modulus);
  const unit = factor % n;
  let value = factor;
  const multiply = (/** @type {bigint} */ by) =>
    medianMillis({
      calls: 1000,
      run: () => {
        value = (value * by) % modulus;
      },
    });
  // Not reduced: the bucket method has no need to.
  const units = medianMillis({ calls: 1000, run: () => (value = unit * unit) });
  return { full: multiply(factor), half: multiply(unit), units };
}

/** Inside linear memory, as powers use it. @param {bigint} n @param {bigint} value */
function wasmProducts(n, value) {
  const loading = loadWasm();
  if ('failure' in loading) throw new Error(loading.failure);
  const arithmetic = new WasmArithmetic(loading.host, n, 0);
  const product = arithmetic.allocatePair();
  const factor = arithmetic.allocatePair();
  arithmetic.writePair(product, value);
  arithmetic.writePair(factor, value);
  const multiply = (/** @type {number} */ by) =>
    medianMillis({ calls: 2000, run: () => arithmetic.multiply(product, product, by) });
  const units = medianMillis({ calls: 2000, run: () => arithmetic.multiply(product, factor - 1, factor - 1) });
  return { full: multiply(factor), half: multiply(factor - 1), units };
}
