/** ISO/IEC 18033-6: given numbers decrypt, add, and follow from their randomness, by independent hands. */
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { modPow } from '../../src/math/modular.js';
import { addCiphertexts } from '../../src/paillier/ciphertext.js';
import { PrivateKey } from '../../src/paillier/private-key.js';
import { systemRandom } from '../../src/random.js';

const file = new URL('../vectors/iso-18033-6.json', import.meta.url);
const given = JSON.parse(readFileSync(file, 'utf8')) as Record<string, string[]>;
const numberOf = (name: string): bigint => BigInt(`0x${given[name]!.join('')}`);
const secret = PrivateKey.fromPrimes(numberOf('p'), numberOf('q'));
const { n, nSquared } = secret.publicKey;

it.each(['1', '2'])('ciphertext %s', (index) => {
  const [c, m, r] = ['c', 'm', 'r'].map((name) => numberOf(name + index)) as [bigint, bigint, bigint];
  expect(secret.decrypt(c, systemRandom)).toBe(m);
  expect(((1n + m * n) * modPow(r, n, nSquared)) % nSquared).toBe(c);
});

it('their sum', () => {
  const sum = addCiphertexts(secret.publicKey, numberOf('c1'), numberOf('c2'));
  expect(secret.decrypt(sum, systemRandom)).toBe(numberOf('sum'));
});
