import * as peer from 'paillier-bigint';
import { describe, expect, it } from 'vitest';
import { Encryptor } from '../../src/paillier/encrypt.js';
import { exportPrivateJwk, importPrivateKey } from '../../src/paillier/foreign-private-key.js';
import { exportPublicJwk, importPublicKey } from '../../src/paillier/foreign-public-key.js';
import { systemRandom } from '../../src/random.js';
import { testPrivateKey } from '../support/keys.js';

const options = { allowTestSize: true };
const secret = testPrivateKey();
const key = secret.publicKey;
const { p, q } = secret.exportPrimes();

describe('JWK', () => {
  it('round-trips both parts', () => {
    expect(importPublicKey(JSON.parse(JSON.stringify(exportPublicJwk(key))), options).kid).toBe(key.kid);
    expect(importPrivateKey(JSON.parse(JSON.stringify(exportPrivateJwk(secret))), options).publicKey.kid).toBe(key.kid);
  });
});

describe('paillier-bigint keys', () => {
  it('of the simple variant are taken over, and what one encrypts the other decrypts', async () => {
    const made = await peer.generateRandomKeys(512, true);
    const { n, g } = made.publicKey;
    const primes = made.privateKey as unknown as { _p: bigint; _q: bigint };
    const imported = importPrivateKey({ p: primes._p, q: primes._q, publicKey: { n, g } }, options);
    const c = new Encryptor(imported.publicKey, { teeth: 3, tables: 1 }).encrypt(77n, systemRandom);
    expect(made.privateKey.decrypt(c)).toBe(77n);
    expect(imported.decrypt(made.publicKey.encrypt(78n), systemRandom)).toBe(78n);
    expect(importPublicKey({ n: String(n), g: String(g) }, options).n).toBe(n);
  });
  it('with another generator are refused by name', async () => {
    const { publicKey } = await peer.generateRandomKeys(512);
    expect(() => importPublicKey({ n: publicKey.n, g: publicKey.g }, options)).toThrow(/another generator/);
  });
});

describe('refused', () => {
  const jwk = exportPublicJwk(key);
  it.each<[string, unknown, RegExp]>([
    ['nothing', undefined, /neither/],
    ['an empty object', {}, /neither/],
    ['a JWK of another kind', { kty: 'RSA', n: jwk.n }, /another kind/],
    ['a modulus that is no base64url', { ...jwk, n: '***' }, /not base64url/],
    ['an even modulus', { n: key.n - 1n, g: key.n }, /even/],
    ['a prime', { n: p, g: p + 1n }, /prime/],
    ['a modulus with a small factor', { n: p * 1_048_573n * 1_048_571n, g: p * 1_048_573n * 1_048_571n + 1n }, /2\^20/],
  ])('public: %s', (_name, document, message) => {
    expect(() => importPublicKey(document, options)).toThrow(expect.objectContaining({ code: 'invalid_key' }));
    expect(() => importPublicKey(document, options)).toThrow(message);
  });
  it('a test size where it is not allowed', () => {
    expect(() => importPublicKey(jwk)).toThrow(/512 bits instead of/);
  });
  const publicKey = { n: key.n, g: key.n + 1n };
  it.each<[string, unknown, RegExp]>([
    ['primes of another key', { p, q: q + 2n, publicKey }, /belong/],
    ['no primes', { publicKey }, /no primes/],
    ['composite factors', { p: key.n, q: 1n, publicKey }, /differ in length|not prime/],
    ['a JWK without primes', { ...exportPrivateJwk(secret), p: 5 }, /base64url/],
  ])('private: %s, without quoting a secret', (_name, document, message) => {
    const attempt = (): unknown => importPrivateKey(document, options);
    expect(attempt).toThrow(expect.objectContaining({ code: 'invalid_key' }));
    expect(attempt).toThrow(message);
    expect(attempt).not.toThrow(new RegExp(String(p)));
  });
});
