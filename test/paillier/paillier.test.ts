import { inspect } from 'node:util';
import fc from 'fast-check';
import * as peer from 'paillier-bigint';
import { describe, expect, it } from 'vitest';
import {
  addCiphertexts,
  addPlaintext,
  ciphertextFromBytes,
  ciphertextToBytes,
  isCiphertext,
} from '../../src/paillier/ciphertext.js';
import { Encryptor } from '../../src/paillier/encrypt.js';
import { obfuscationBase } from '../../src/paillier/obfuscation.js';
import { PrivateKey } from '../../src/paillier/private-key.js';
import { PublicKey } from '../../src/paillier/public-key.js';
import { decodeSlots, encodeSlots, slotCapacity, slotClamp } from '../../src/paillier/slots.js';
import { gcd, modPow } from '../../src/math/modular.js';
import { joinSplit } from '../../src/math/split-form.js';
import { systemRandom } from '../../src/random.js';
import { decodePublicKey, encodePublicKey } from '../../src/wire/public-key-document.js';
import { testPrivateKey } from '../support/keys.js';

const secret = testPrivateKey();
const key = secret.publicKey;
const encryptor = new Encryptor(key, { teeth: 4, tables: 2 });
const encrypt = (m: bigint): bigint => encryptor.encrypt(m, systemRandom);
const decrypt = (c: bigint): bigint => secret.decrypt(c, systemRandom);
const plaintext = fc.bigInt({ min: 0n, max: key.n - 1n });

describe('laws', () => {
  it('decrypt(encrypt(m)) = m, and sums, and sums with clear numbers of any sign', () => {
    fc.assert(
      fc.property(plaintext, plaintext, fc.bigInt({ min: -1000n, max: 1000n }), (a, b, clear) => {
        expect(decrypt(encrypt(a))).toBe(a);
        expect(decrypt(addCiphertexts(key, encrypt(a), encrypt(b)))).toBe((a + b) % key.n);
        expect(decrypt(addPlaintext(key, encrypt(a), clear))).toBe((((a + clear) % key.n) + key.n) % key.n);
        expect(decrypt(addCiphertexts(key, encrypt(a), encryptor.encryptZero(systemRandom)))).toBe(a);
      }),
      { numRuns: 25 },
    );
  });
  it('the same plaintext never gives the same ciphertext', () => {
    expect(new Set(Array.from({ length: 20 }, () => encrypt(1n))).size).toBe(20);
  });
  it('the base is an n-th residue everyone derives, and its own inverse check holds', () => {
    const hs = joinSplit(obfuscationBase(key), key.n);
    expect(decrypt(hs)).toBe(0n);
    expect(joinSplit(obfuscationBase(PublicKey.fromModulus(key.n, { allowTestSize: true })), key.n)).toBe(hs);
  });
});

describe('interoperability with paillier-bigint', () => {
  const theirs = new peer.PublicKey(key.n, key.n + 1n);
  const { p, q } = secret.exportPrimes();
  const lambda = ((p - 1n) * (q - 1n)) / gcd(p - 1n, q - 1n);
  const l = (modPow(key.n + 1n, lambda, key.nSquared) - 1n) / key.n;
  const mu = modPow(l, (p - 1n) * (q - 1n) - 1n, key.n);
  const theirSecret = new peer.PrivateKey(lambda, mu, theirs, p, q);

  it('they encrypt, we add and decrypt; we encrypt, they add and decrypt', () => {
    expect(decrypt(addCiphertexts(key, theirs.encrypt(20n), theirs.encrypt(22n)))).toBe(42n);
    expect(theirSecret.decrypt(theirs.addition(encrypt(20n), encrypt(22n)))).toBe(42n);
    expect(decrypt(theirs.multiply(encrypt(6n), 7n))).toBe(42n);
  });
  it('we load the keys they make', async () => {
    const pair = await peer.generateRandomKeys(512, true);
    const loaded = PublicKey.fromModulus(pair.publicKey.n, { allowTestSize: true });
    const c = new Encryptor(loaded, { teeth: 3, tables: 1 }).encrypt(1234n, systemRandom);
    expect(pair.privateKey.decrypt(c)).toBe(1234n);
  });
});

describe('public keys are checked', () => {
  const allowTestSize = true;
  it.each([
    ['even', key.n - 1n, 'is even'],
    ['zero', 0n, '0 bits'],
    ['negative', -key.n, '0 bits'],
    ['prime', (1n << 521n) - 1n - 0n, 'bits'],
    ['a perfect square', (((secret.exportPrimes().p >> 128n) << 128n) | 1n) ** 2n, 'prime factor|perfect power'],
  ])('%s', (_name, n, message) => {
    expect(() => PublicKey.fromModulus(n, { allowTestSize })).toThrow(new RegExp(message));
  });
  it('a prime, a perfect power, a small factor and test sizes are refused by name', () => {
    const { p } = secret.exportPrimes();
    expect(() => PublicKey.fromModulus(p, { allowTestSize })).toThrow(/is prime/);
    expect(() => PublicKey.fromModulus(p * p, { allowTestSize })).toThrow(/perfect power/);
    expect(() => PublicKey.fromModulus(p * 1_048_573n * 1_048_571n * 1n, { allowTestSize })).toThrow(
      /factor below 2\^20/,
    );
    expect(() => PublicKey.fromModulus(key.n)).toThrow(/512 bits instead of 2048, 3072 or 4096/);
    expect(PublicKey.fromModulus(testPrivateKey(2048).publicKey.n).bits).toBe(2048);
  });
  it('documents round-trip and refuse a foreign kid', () => {
    const document = encodePublicKey(key);
    expect(decodePublicKey(JSON.parse(JSON.stringify(document)), { allowTestSize }).n).toBe(key.n);
    expect(() => decodePublicKey({ ...document, kid: 'x' }, { allowTestSize })).toThrow(/key id/);
    for (const bad of [undefined, null, 5, 'x', {}, { ...document, version: 2 }, { ...document, n: 'A' }]) {
      expect(() => decodePublicKey(bad, { allowTestSize })).toThrow(expect.objectContaining({ code: 'invalid_key' }));
    }
  });
});

describe('private keys', () => {
  it('show nothing', () => {
    const { p } = secret.exportPrimes();
    const shown = `${inspect(secret, { depth: 9, showHidden: true })}${JSON.stringify(secret)}`;
    expect(shown).not.toContain(String(p));
    expect(shown).not.toContain(p.toString(16));
    expect(shown).toContain(key.kid);
  });
  it('refuse what is not a ciphertext', () => {
    const { p } = secret.exportPrimes();
    for (const c of [0n, -1n, key.nSquared, p, p * key.n, key.n, key.nSquared + 1n]) {
      expect(() => decrypt(c)).toThrow(/not a Paillier ciphertext/);
      expect(isCiphertext(key, c)).toBe(false);
    }
    expect(decrypt(1n)).toBe(0n);
    expect(decrypt(key.nSquared - 1n)).toBe(0n);
  });
  it('refuse primes that are none, equal, or of unequal length', () => {
    const { p, q } = secret.exportPrimes();
    const options = { allowTestSize: true };
    expect(() => PrivateKey.fromPrimes(p, p, options)).toThrow(/equal/);
    expect(() => PrivateKey.fromPrimes(p, q - 2n, options)).toThrow(/not prime/);
    expect(() => PrivateKey.fromPrimes(p, 1_000_003n, options)).toThrow(/differ in length/);
    const sophieGermain = BigInt('0x710d18b1e1404d781ed01ce15992f463e5c927e2d9610927c79b2fa1ef34834b');
    expect(() => PrivateKey.fromPrimes(sophieGermain, 2n * sophieGermain + 1n, options)).toThrow(/share a factor/);
  });
  it('are accepted with halves one bit apart, as other libraries make them', () => {
    const { p } = secret.exportPrimes();
    // The next prime above 2^256, found once and checked here.
    const q = (1n << 256n) + 297n;
    const uneven = PrivateKey.fromPrimes(p, q, { allowTestSize: true });
    expect([p, q].map((prime) => prime.toString(2).length)).toEqual([256, 257]);
    const c = new Encryptor(uneven.publicKey, { teeth: 3, tables: 1 }).encrypt(77n, systemRandom);
    expect(uneven.decrypt(c, systemRandom)).toBe(77n);
    expect(PrivateKey.fromPrimes(q, p, { allowTestSize: true }).decrypt(c, systemRandom)).toBe(77n);
  });
});

describe('ciphertext bytes', () => {
  it('round-trip and refuse wrong lengths and non-units', () => {
    const c = encrypt(5n);
    const bytes = ciphertextToBytes(key, c);
    expect(bytes).toHaveLength(2 * key.modulusBytes);
    expect(ciphertextFromBytes(key, bytes)).toBe(c);
    expect(ciphertextFromBytes(key, bytes.subarray(1))).toBeUndefined();
    expect(ciphertextFromBytes(key, new Uint8Array(2 * key.modulusBytes))).toBeUndefined();
    expect(ciphertextFromBytes(key, new Uint8Array(2 * key.modulusBytes).fill(255))).toBeUndefined();
  });
});

const SLOT_CLAMP = slotClamp(48);

describe('slots', () => {
  const slotValue = fc.bigInt({ min: -SLOT_CLAMP, max: SLOT_CLAMP });
  it('decode(encode(values)) = values at both ends and with every sign', () => {
    const capacity = slotCapacity(key);
    expect(capacity).toBe(9);
    fc.assert(
      fc.property(fc.array(slotValue, { minLength: 1, maxLength: capacity }), (values) => {
        expect(decodeSlots(key, encodeSlots(key, values), values.length)).toEqual(values);
      }),
    );
    const ends = Array.from({ length: capacity }, (_, slot) => (slot % 2 === 0 ? SLOT_CLAMP : -SLOT_CLAMP));
    expect(decodeSlots(key, encodeSlots(key, ends), capacity)).toEqual(ends);
  });
  it('is total: any plaintext decodes, clamped', () => {
    fc.assert(
      fc.property(plaintext, (m) => {
        for (const value of decodeSlots(key, m, 9)) {
          expect(value >= -SLOT_CLAMP && value <= SLOT_CLAMP).toBe(true);
        }
      }),
    );
    expect(decodeSlots(key, key.n - 1n, 2)).toEqual([-1n, 0n]);
  });
  it('refuses what does not fit', () => {
    expect(() => encodeSlots(key, [SLOT_CLAMP + 1n])).toThrow(/out of range/);
    expect(() => encodeSlots(key, new Array<bigint>(10).fill(0n))).toThrow(/too many/);
    expect(slotCapacity(testPrivateKey(2048).publicKey)).toBe(41);
    expect(slotCapacity(testPrivateKey(2048).publicKey, 128)).toBe(14);
  });
  it('are wider for sums', () => {
    const ends = [slotClamp(128), -slotClamp(128)];
    expect(decodeSlots(key, encodeSlots(key, ends, 128), 2, 128)).toEqual(ends);
  });
});
