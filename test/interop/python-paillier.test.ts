/** Both ways with python-paillier: keys, ciphertexts, sums. */
import { execFileSync } from 'node:child_process';
import { expect, it } from 'vitest';
import { addCiphertexts } from '../../src/paillier/ciphertext.js';
import { Encryptor } from '../../src/paillier/encrypt.js';
import { exportPrivateJwk, importPrivateKey } from '../../src/paillier/foreign-private-key.js';
import { exportPublicJwk } from '../../src/paillier/foreign-public-key.js';
import { systemRandom } from '../../src/random.js';
import { testPrivateKey } from '../support/keys.js';
import { describeWith, pythonWith } from '../support/outside.js';

const python = pythonWith('phe');
const missing = python === undefined ? 'pip install phe, and name its Python in PAILLIER_PYTHON' : undefined;

/** Runs a script with JSON in and out. */
function inPython(script: string, input: unknown): Record<string, string> {
  const prelude = 'import json, sys, phe\nfrom phe import util\ngiven = json.load(sys.stdin)\n';
  const output = execFileSync(python ?? 'python3', ['-c', prelude + script], { input: JSON.stringify(input) });
  return JSON.parse(output.toString()) as Record<string, string>;
}

describeWith('python-paillier', missing, () => {
  it('encrypts under our key; we add and decrypt', () => {
    const secret = testPrivateKey(2048);
    const key = secret.publicKey;
    const { a, b } = inPython(
      `pub = phe.PaillierPublicKey(n=util.base64_to_int(given['n']))
print(json.dumps({'a': str(pub.raw_encrypt(20)), 'b': str(pub.raw_encrypt(22))}))`,
      exportPublicJwk(key),
    );
    expect(secret.decrypt(addCiphertexts(key, BigInt(a!), BigInt(b!)), systemRandom)).toBe(42n);
  });
  it('decrypts and adds what we encrypt, under the key we export', () => {
    const secret = testPrivateKey(2048);
    const encryptor = new Encryptor(secret.publicKey);
    const [a, b] = [20n, 22n].map((m) => encryptor.encrypt(m, systemRandom));
    const { sum } = inPython(
      `key = given['key']
pub = phe.PaillierPublicKey(n=util.base64_to_int(key['pub']['n']))
priv = phe.PaillierPrivateKey(pub, util.base64_to_int(key['p']), util.base64_to_int(key['q']))
print(json.dumps({'sum': str(priv.raw_decrypt(int(given['a']) * int(given['b']) % pub.nsquare))}))`,
      { key: exportPrivateJwk(secret), a: String(a), b: String(b) },
    );
    expect(sum).toBe('42');
  });
  it('makes keys that we import, private part and all', () => {
    const made = inPython(
      `pub, priv = phe.generate_paillier_keypair(n_length=2048)
public = {'kty': 'DAJ', 'alg': 'PAI-GN1', 'key_ops': ['encrypt'], 'n': util.int_to_base64(pub.n), 'kid': 'made here'}
key = {'kty': 'DAJ', 'key_ops': ['decrypt'], 'p': util.int_to_base64(priv.p), 'q': util.int_to_base64(priv.q), 'pub': public, 'kid': 'made here'}
print(json.dumps({'key': json.dumps(key), 'c': str(pub.raw_encrypt(1234567890123456789))}))`,
      {},
    );
    const secret = importPrivateKey(JSON.parse(made['key']!));
    expect(secret.publicKey.bits).toBe(2048);
    expect(secret.decrypt(BigInt(made['c']!), systemRandom)).toBe(1_234_567_890_123_456_789n);
  });
});
