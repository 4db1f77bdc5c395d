import { expect, test } from 'vitest';
import { fixedZero, joinAccumulators } from '../../src/aggregation/join-accumulators.js';
import { addCiphertexts, isCiphertext } from '../../src/paillier/ciphertext.js';
import { Encryptor } from '../../src/paillier/encrypt.js';
import { decodeSlots } from '../../src/paillier/slots.js';
import { systemRandom } from '../../src/random.js';
import { testPrivateKey } from '../support/keys.js';

const privateKey = testPrivateKey();
const key = privateKey.publicKey;
const encryptor = new Encryptor(key);
const zero = fixedZero(key);
const encrypt = (value: bigint): bigint => encryptor.encrypt(value, systemRandom);
const SLOTS = 4;

async function joined(values: readonly (bigint | undefined)[]): Promise<bigint[]> {
  const accumulators = values.map((value) => (value === undefined ? undefined : encrypt(value)));
  const ciphertext = await joinAccumulators(key, accumulators, 48, zero);
  return decodeSlots(key, privateKey.decrypt(ciphertext, systemRandom), SLOTS);
}

test('accumulator i comes in slot i, missing ones as 0', async () => {
  expect(await joined([1n, undefined, 3n, 4n])).toEqual([1n, 0n, 3n, 4n]);
  expect(await joined([undefined, 2n])).toEqual([0n, 2n, 0n, 0n]);
  expect(await joined([undefined, undefined, undefined, undefined])).toEqual([0n, 0n, 0n, 0n]);
  expect(await joined([9n])).toEqual([9n, 0n, 0n, 0n]);
});

test('what stands for nothing is an encryption of 0 as large as any other', () => {
  expect(privateKey.decrypt(zero, systemRandom)).toBe(0n);
  expect(isCiphertext(key, zero)).toBe(true);
  let square = zero;
  for (let bit = 0; bit < 48; bit += 1) square = addCiphertexts(key, square, square);
  expect(square.toString(2).length).toBeGreaterThan(2 * key.bits - 64);
  expect(zero.toString(2).length).toBeGreaterThan(2 * key.bits - 64);
});
