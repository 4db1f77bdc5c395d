/** `telemetry-kit keys import` and `keys export`: keys of other Paillier libraries, in and out. */
import { join } from 'node:path';
import { TelemetryKitError } from '../errors.js';
import { openPrivateKey, sealPrivateKey } from '../keyholder/key-at-rest.js';
import { writeSecretFile } from '../keyholder/secret-file.js';
import { exportPrivateJwk, importPrivateKey } from '../paillier/foreign-private-key.js';
import { exportPublicJwk, importPublicKey } from '../paillier/foreign-public-key.js';
import type { PublicKey } from '../paillier/public-key.js';
import { decodePublicKey, encodePublicKey } from '../wire/public-key-document.js';
import { assertAbsent, createFolder, createJsonFile, jsonText, PUBLIC_MODE, readJson } from './files.js';
import { FILES } from './layout.js';
import { alignColumns, writeData, writeJson } from './output.js';
import { readNewPassphrase, readPassphrase } from './passphrase.js';

export interface KeysImportOptions {
  readonly out: string;
  readonly passphraseFile?: string;
}

/** A public key becomes public-key.json; a private one private-key.json, sealed, as well. */
export async function keysImport(path: string, { out, passphraseFile }: KeysImportOptions): Promise<void> {
  const document = readJson(path, 'the key');
  const isPrivate = typeof document === 'object' && document !== null && 'p' in document;
  const publicFile = join(out, FILES.publicKey);
  const privateFile = join(out, FILES.privateKey);
  assertAbsent(isPrivate ? [publicFile, privateFile] : [publicFile]);
  createFolder(out);
  let key: PublicKey;
  if (isPrivate) {
    const secret = importPrivateKey(document);
    const passphrase = await readNewPassphrase(passphraseFile, 'the private key');
    writeSecretFile(privateFile, jsonText(await sealPrivateKey(secret, passphrase)));
    key = secret.publicKey;
  } else {
    key = importPublicKey(document);
  }
  createJsonFile(publicFile, encodePublicKey(key), PUBLIC_MODE);
  writeData(
    alignColumns([
      ['key id', key.kid],
      ['written to', out],
    ]),
  );
}

export interface KeysExportOptions {
  readonly private?: boolean;
  readonly passphraseFile?: string;
}

/** As python-paillier's JWK on standard output; a private key in clear only where `--private` asks for it. */
export async function keysExport(path: string, options: KeysExportOptions): Promise<void> {
  const document = readJson(path, 'the key');
  const { type } = (document ?? {}) as { type?: unknown };
  if (type === 'telemetry-kit/paillier-public-key') {
    writeJson(exportPublicJwk(decodePublicKey(document)));
    return;
  }
  if (options.private !== true) {
    throw new TelemetryKitError('invalid_argument', 'this would print a private key in clear', {
      fix: 'add --private if that is meant, and send the output to a file that only you can read',
    });
  }
  const passphrase = await readPassphrase(options.passphraseFile, 'the private key');
  writeJson(exportPrivateJwk(await openPrivateKey(document, passphrase)));
}
