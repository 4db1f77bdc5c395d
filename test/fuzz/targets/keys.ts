/** Key documents: our own, those of other libraries, and what holds a private key at rest. */
import { isDeepStrictEqual } from 'node:util';
import { TelemetryKitError } from '../../../src/errors.js';
import { parseSealedSecret } from '../../../src/keyholder/sealed-secret.js';
import { exportPrivateJwk, importPrivateKey } from '../../../src/paillier/foreign-private-key.js';
import { exportPublicJwk, importPublicKey } from '../../../src/paillier/foreign-public-key.js';
import { decodePublicKey, encodePublicKey } from '../../../src/wire/public-key-document.js';
import { testPrivateKey } from '../../support/keys.js';
import { promise, type Target } from '../target.js';
import { bytesOf, jsonOf, readOr } from './texts.js';

const secret = testPrivateKey();
const { publicKey } = secret;
const { p, q } = secret.exportPrimes();
const options = { allowTestSize: true };
const simple = { n: String(publicKey.n), g: String(publicKey.n + 1n) };

export const publicKeys: Target = {
  name: 'public-key',
  form: 'json',
  seeds: () => [bytesOf(encodePublicKey(publicKey))],
  check: (input) => {
    const document = jsonOf(input);
    const key = document && readOr([TelemetryKitError], () => decodePublicKey(document.value, options))?.value;
    if (key === undefined) return 'refused';
    const { kid, n } = document?.value as { kid: string; n: string };
    const written = encodePublicKey(key);
    promise(written.kid === kid && written.n.endsWith(n.slice(2)), 'the key is written as another one');
    return 'accepted';
  },
};

export const foreignKeys: Target = {
  name: 'foreign-key',
  form: 'json',
  seeds: () => [
    bytesOf(exportPublicJwk(publicKey)),
    bytesOf(simple),
    bytesOf(exportPrivateJwk(secret)),
    bytesOf({ p: String(p), q: String(q), publicKey: simple }),
  ],
  words: ['DAJ', 'PAI-GN1', 'kty', 'alg', 'pub'],
  check: (input) => {
    const document = jsonOf(input);
    if (document === undefined) return 'refused';
    const imported = readOr([TelemetryKitError], () => importPublicKey(document.value, options))?.value;
    if (imported !== undefined) {
      promise(
        importPublicKey(exportPublicJwk(imported), options).n === imported.n,
        'the key is exported as another one',
      );
    }
    const opened = readOr([TelemetryKitError], () => importPrivateKey(document.value, options))?.value;
    if (opened === undefined) return imported === undefined ? 'refused' : 'accepted';
    const again = importPrivateKey(exportPrivateJwk(opened), options);
    promise(isDeepStrictEqual(again.exportPrimes(), opened.exportPrimes()), 'the key is exported as another one');
    return 'accepted';
  },
};

/** As if sealed: nobody has the passphrase, and only the form is read here. */
const sealed = {
  kind: 'telemetry-kit/private-key',
  version: 1,
  kid: publicKey.kid,
  kdf: { name: 'scrypt', cost: 2 ** 17, blockSize: 8, parallelization: 1, salt: 'A'.repeat(22) },
  cipher: { name: 'aes-256-gcm', nonce: 'A'.repeat(16) },
  sealed: 'A'.repeat(44),
};

export const sealedSecrets: Target = {
  name: 'sealed-secret',
  form: 'json',
  seeds: () => [bytesOf(sealed), bytesOf({ ...sealed, kind: 'telemetry-kit/owner-key' })],
  words: ['scrypt', 'aes-256-gcm'],
  check: (input) => {
    const document = jsonOf(input);
    if (document === undefined) return 'refused';
    const kind = 'telemetry-kit/private-key';
    const parsed = readOr([TelemetryKitError], () => parseSealedSecret(kind, document.value))?.value;
    if (parsed === undefined) return 'refused';
    promise(parsed.kdf.cost === 2 ** 17 && parsed.kdf.blockSize === 8, 'the document chooses what a guess costs');
    promise(
      isDeepStrictEqual(parseSealedSecret(kind, parsed), parsed),
      'means something else when it is written again',
    );
    return 'accepted';
  },
};
