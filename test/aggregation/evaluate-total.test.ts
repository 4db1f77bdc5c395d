import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { evaluateTotal } from '../../src/aggregation/evaluate-total.js';
import { fixedZero } from '../../src/aggregation/join-accumulators.js';
import { Encryptor } from '../../src/paillier/encrypt.js';
import { decodeSlots, encodeSlots } from '../../src/paillier/slots.js';
import { squareRootCoefficients } from '../../src/privacy/continual/square-root-coefficients.js';
import { systemRandom } from '../../src/random.js';
import { testPrivateKey } from '../support/keys.js';

const privateKey = testPrivateKey();
const key = privateKey.publicKey;
const encryptor = new Encryptor(key);
const encrypt = (slots: readonly bigint[]): bigint => encryptor.encrypt(encodeSlots(key, slots), systemRandom);
const decrypt = (ciphertext: bigint, slots: number): bigint[] =>
  decodeSlots(key, privateKey.decrypt(ciphertext, systemRandom), slots);

/** Row t of the matrix, by its definition. */
function weighted(newestFirst: readonly bigint[], weights: readonly bigint[]): bigint {
  return newestFirst.reduce((sum, value, age) => sum + value * weights[age]!, 0n);
}

describe('the evaluated ciphertext', () => {
  test('holds the integer row of the matrix times the windows, in every slot', async () => {
    const amounts = fc.array(fc.tuple(fc.bigInt(0n, 2n ** 20n), fc.bigInt(0n, 2n ** 20n)), {
      minLength: 1,
      maxLength: 40,
    });
    await fc.assert(
      fc.asyncProperty(amounts, async (windows) => {
        const weights = squareRootCoefficients(40);
        const ciphertext = await evaluateTotal(key, windows.map(encrypt), weights);
        const slots = [0, 1].map((slot) => windows.map((window) => window[slot]!));
        expect(decrypt(ciphertext, 2)).toEqual(slots.map((values) => weighted(values, weights)));
      }),
      { numRuns: 30 },
    );
  });

  test('is the example of docs/PROTOCOL.md', async () => {
    const weights = squareRootCoefficients(6);
    expect(weights).toEqual([256n, 128n, 96n, 80n, 70n, 63n]);
    const windows = [3n, 0n, 5n, 1n, 0n, 2n].map((value) => encrypt([value]));
    for (const [t, expected] of [768n, 384n, 1568n, 1136n, 818n, 1197n].entries()) {
      const newestFirst = windows.slice(0, t + 1).reverse();
      expect(decrypt(await evaluateTotal(key, newestFirst, weights), 1)).toEqual([expected]);
    }
    const day = squareRootCoefficients(1440);
    expect([day.at(-1), day.reduce((sum, weight) => sum + weight, 0n)]).toEqual([4n, 10_945n]);
  });

  test('takes any weights that never rise, zeros and equal ones among them', async () => {
    const weights = [7n, 7n, 3n, 3n, 3n, 1n, 0n, 0n];
    const values = [5n, 0n, 2n, 9n, 1n, 4n, 1000n, 1000n];
    const ciphertexts = values.map((value) => encrypt([value]));
    for (let length = 1; length <= values.length; length += 1) {
      const ciphertext = await evaluateTotal(key, ciphertexts.slice(0, length), weights);
      expect(decrypt(ciphertext, 1)).toEqual([weighted(values.slice(0, length), weights)]);
    }
  });

  test('is exact over a day of minutes', async () => {
    const weights = squareRootCoefficients(1440);
    const values = Array.from({ length: 1440 }, (_, index) => BigInt((index * index) % 97));
    // Encryptions of 1 and fixed ones of 0, raised: making 1440 fresh ones would test nothing more.
    const [zero, one] = [fixedZero(key), encrypt([1n])];
    const ciphertexts = values.map((value) =>
      Array(Number(value))
        .fill(one)
        .reduce<bigint>((product, each) => (product * (each as bigint)) % key.nSquared, zero),
    );
    const total = await evaluateTotal(key, ciphertexts, weights);
    expect(decrypt(total, 1)).toEqual([weighted(values, weights)]);
  });

  test('takes one multiplication a window and one per unit of the largest weight, lets others run', async () => {
    let turns = 0;
    let over = false;
    const count = (): void => {
      turns += 1;
      if (!over) setImmediate(count);
    };
    setImmediate(count);
    await evaluateTotal(key, Array<bigint>(1440).fill(fixedZero(key)), squareRootCoefficients(1440));
    over = true;
    expect(turns).toBeGreaterThanOrEqual(Math.floor((1440 + 256) / 32) - 1);
  });

  test('is refused where a window has no weight', async () => {
    await expect(evaluateTotal(key, [1n, 1n], [1n])).rejects.toMatchObject({ code: 'invalid_argument' });
  });
});
