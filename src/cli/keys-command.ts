/** `telemetry-kit keys`: make a key pair, look at the public facts of one. */
import { join } from 'node:path';
import { TelemetryKitError } from '../errors.js';
import { sealPrivateKey } from '../keyholder/key-at-rest.js';
import { writeSecretFile } from '../keyholder/secret-file.js';
import { decodePublicKey, encodePublicKey } from '../wire/public-key-document.js';
import { assertAbsent, createFolder, createJsonFile, jsonText, PUBLIC_MODE, readJson } from './files.js';
import { interruptible } from './interruptible.js';
import { generateKeyVisibly } from './key-progress.js';
import { FILES } from './layout.js';
import { alignColumns, writeData, writeJson } from './output.js';
import { readNewPassphrase } from './passphrase.js';

export interface KeysGenerateOptions {
  readonly bits: string;
  readonly out: string;
  readonly passphraseFile?: string;
}

/** Throws `invalid_configuration` if either file exists, before any time is spent. Stopped, it writes neither. */
export async function keysGenerate({ bits, out, passphraseFile }: KeysGenerateOptions): Promise<void> {
  const publicFile = join(out, FILES.publicKey);
  const privateFile = join(out, FILES.privateKey);
  assertAbsent([publicFile, privateFile]);
  createFolder(out);
  const passphrase = await readNewPassphrase(passphraseFile, 'the private key');
  await interruptible(async (signal) => {
    const key = await generateKeyVisibly(Number(bits), signal);
    const sealed = jsonText(await sealPrivateKey(key, passphrase));
    signal.throwIfAborted();
    writeSecretFile(privateFile, sealed);
    createJsonFile(publicFile, encodePublicKey(key.publicKey), PUBLIC_MODE);
    writeData(
      alignColumns([
        ['key id', key.publicKey.kid],
        ['public key', `${publicFile} (for applications and the receiver)`],
        ['private key', `${privateFile} (for the key holder only; sealed, mode 0600)`],
      ]),
    );
  });
}

/** Public facts only, whichever of the files it is. Throws `invalid_key` for a file that is neither. */
export function keysShow(path: string, options: { json?: boolean }): void {
  const facts = factsOf(readJson(path, 'the key'));
  if (options.json === true) writeJson(facts);
  else writeData(alignColumns(Object.entries(facts)));
}

function factsOf(document: unknown): Record<string, string> {
  const { type, kind, kid } = (document ?? {}) as { type?: unknown; kind?: unknown; kid?: unknown };
  if (type === 'telemetry-kit/paillier-public-key') {
    const key = decodePublicKey(document);
    return { kind: 'Paillier public key', kid: key.kid, bits: String(key.bits), modulus: key.n.toString(16) };
  }
  if (kind === 'telemetry-kit/private-key' && typeof kid === 'string') {
    return { kind: 'Paillier private key, sealed', kid };
  }
  if (kind === 'telemetry-kit/owner-key' && typeof kid === 'string') {
    return { kind: 'key that signs plans, sealed', kid };
  }
  throw new TelemetryKitError('invalid_key', 'the file holds no key that this version knows', {
    fix: 'pass a public-key.json, private-key.json or owner-key.json',
  });
}
