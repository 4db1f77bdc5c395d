import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { bigIntToBytes, concatBytes, toBase64Url } from '../../src/bytes.js';
import { openOwnerSeed, openPrivateKey, sealOwnerSeed, sealPrivateKey } from '../../src/keyholder/key-at-rest.js';
import { sealSecret, type SealedSecret } from '../../src/keyholder/sealed-secret.js';
import { writeSecretFile } from '../../src/keyholder/secret-file.js';
import { systemRandom } from '../../src/random.js';
import { testPrivateKey } from '../support/keys.js';
import { temporaryFolder } from '../support/temporary-folder.js';

const PASSPHRASE = 'correct horse battery staple';
const key = testPrivateKey();
let document: SealedSecret;

beforeAll(async () => {
  document = await sealPrivateKey(key, PASSPHRASE);
});

describe('a private key at rest', () => {
  test('opens with its passphrase, after a round through JSON', async () => {
    const opened = await openPrivateKey(JSON.parse(JSON.stringify(document)), PASSPHRASE, { allowTestSize: true });
    expect(opened.exportPrimes()).toEqual(key.exportPrimes());
  });

  test('does not open with another one', async () => {
    await expect(openPrivateKey(document, 'correct horse battery stapler')).rejects.toMatchObject({
      code: 'wrong_passphrase',
    });
  });

  test('names the key and shows nothing of its factors', () => {
    const { p, q } = key.exportPrimes();
    const text = JSON.stringify(document);
    expect(document.kid).toBe(key.publicKey.kid);
    for (const prime of [p, q]) {
      expect(text).not.toContain(prime.toString(16).slice(0, 16));
      expect(text).not.toContain(toBase64Url(bigIntToBytes(prime, 32)).slice(2, 16));
    }
  });

  test('uses a fresh salt and nonce each time', async () => {
    const second = await sealPrivateKey(key, PASSPHRASE);
    expect(second.kdf.salt).not.toBe(document.kdf.salt);
    expect(second.cipher.nonce).not.toBe(document.cipher.nonce);
    expect(second.sealed).not.toBe(document.sealed);
  });

  test('with its id or a byte of the sealed part changed does not open', async () => {
    const flipped = document.sealed.startsWith('A') ? 'B' : 'A';
    const changes: Partial<SealedSecret>[] = [
      { kid: toBase64Url(new Uint8Array(32)) },
      { sealed: flipped + document.sealed.slice(1) },
    ];
    for (const change of changes) {
      await expect(openPrivateKey({ ...document, ...change }, PASSPHRASE)).rejects.toMatchObject({
        code: 'wrong_passphrase',
      });
    }
  });

  test('does not open as an owner key, even renamed', async () => {
    await expect(openOwnerSeed(document, PASSPHRASE)).rejects.toMatchObject({ code: 'invalid_key' });
    const renamed = { ...document, kind: 'telemetry-kit/owner-key' };
    await expect(openOwnerSeed(renamed, PASSPHRASE)).rejects.toMatchObject({ code: 'wrong_passphrase' });
  });

  test.each([
    ['nothing', undefined],
    ['text', 'key'],
    ['an empty object', {}],
    ['a cheaper key derivation', { kdf: { name: 'scrypt', cost: 2, blockSize: 8, parallelization: 1, salt: 'AAAA' } }],
    ['another version', { version: 2 }],
    ['a short nonce', { cipher: { name: 'aes-256-gcm', nonce: 'AAAA' } }],
    ['no sealed part', { sealed: '' }],
  ])('%s is no key document', async (_name, change) => {
    const broken = typeof change === 'object' && Object.keys(change).length > 0 ? { ...document, ...change } : change;
    await expect(openPrivateKey(broken, PASSPHRASE)).rejects.toMatchObject({ code: 'invalid_key' });
  });

  test('whose factors do not give its modulus is refused', async () => {
    const { p } = testPrivateKey(1024).exportPrimes();
    const { q } = testPrivateKey(1024).exportPrimes();
    const secret = concatBytes([bigIntToBytes(p, 128), bigIntToBytes(q, 128)]);
    const forged = await sealSecret(
      { kind: 'telemetry-kit/private-key', kid: key.publicKey.kid, secret },
      PASSPHRASE,
      systemRandom,
    );
    await expect(openPrivateKey(forged, PASSPHRASE, { allowTestSize: true })).rejects.toMatchObject({
      code: 'invalid_key',
    });
  });
});

describe('an owner key at rest', () => {
  test('opens with its passphrase and is named by its public key', async () => {
    const seed = systemRandom(32);
    const sealed = await sealOwnerSeed(seed, PASSPHRASE);
    expect(await openOwnerSeed(sealed, PASSPHRASE)).toEqual(seed);
    expect(sealed.kid).toHaveLength(43);
    await expect(openOwnerSeed(sealed, 'another')).rejects.toMatchObject({ code: 'wrong_passphrase' });
    await expect(openPrivateKey(sealed, PASSPHRASE)).rejects.toMatchObject({ code: 'invalid_key' });
  });

  test('of another length is refused', () => {
    expect(() => sealOwnerSeed(new Uint8Array(31), PASSPHRASE)).toThrow(
      expect.objectContaining({ code: 'invalid_argument' }),
    );
  });
});

describe('a secret file', () => {
  test('is readable by its owner only and leaves nothing else behind', () => {
    const folder = temporaryFolder();
    const path = join(folder, 'private-key.json');
    writeSecretFile(path, '{}');
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(readFileSync(path, 'utf8')).toBe('{}');
    expect(readdirSync(folder)).toEqual(['private-key.json']);
  });

  test('never overwrites', () => {
    const folder = temporaryFolder();
    const path = join(folder, 'private-key.json');
    writeFileSync(path, 'first');
    expect(() => {
      writeSecretFile(path, 'second');
    }).toThrow(expect.objectContaining({ code: 'invalid_configuration' }));
    expect(readFileSync(path, 'utf8')).toBe('first');
    expect(readdirSync(folder)).toEqual(['private-key.json']);
  });

  test('in a folder that is not there is a storage error', () => {
    expect(() => {
      writeSecretFile(join(temporaryFolder(), 'missing', 'key.json'), '{}');
    }).toThrow(expect.objectContaining({ code: 'storage' }));
  });
});
