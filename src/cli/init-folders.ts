/** What `init` writes into the four folders, once the keys exist. Throws as files.ts does. */
import { join } from 'node:path';
import { createContributionFile } from '../../processor/contribution-file.node.js';
import { writeSecretFile } from '../keyholder/secret-file.js';
import type { SignedPlan } from '../plan/document.js';
import type { PublicKeyDocument } from '../wire/public-key-document.js';
import { formatAddress } from './addresses.js';
import { createFile, createFolder, createJsonFile, jsonText, PUBLIC_MODE, SECRET_FOLDER_MODE } from './files.js';
import { DEFAULT_PORTS, FILES, FOLDERS } from './layout.js';
import { CONFIG_FILE, type KeyHolderConfigFile, type ReceiverConfigFile } from './service-config.js';
import { wiringModule } from './wiring.js';

export interface InitContents {
  readonly signedPlan: SignedPlan;
  readonly publicKey: PublicKeyDocument;
  /** Sealed documents. */
  readonly privateKey: object;
  readonly ownerKey: object;
  /** Present where they were made up here and not given by the user. */
  readonly passphrases?: { readonly keyHolder: string; readonly owner: string };
}

/** The file of contributions begins at zero, which only an application that has never counted may do. */
export async function writeApplicationFolder(root: string, { signedPlan, publicKey }: InitContents): Promise<void> {
  const countsSubjects = signedPlan.plan.privacy.bounds !== undefined;
  const folder = join(root, FOLDERS.application);
  createFolder(folder);
  createJsonFile(join(folder, FILES.plan), signedPlan, PUBLIC_MODE);
  createJsonFile(join(folder, FILES.publicKey), publicKey, PUBLIC_MODE);
  createFile(
    join(folder, FILES.wiring),
    wiringModule({ ownerKey: signedPlan.signature.publicKey, countsSubjects }),
    PUBLIC_MODE,
  );
  if (countsSubjects) await createContributionFile(join(folder, FILES.contributions));
}

export function writeReceiverFolder(root: string, { signedPlan, publicKey }: InitContents): void {
  const folder = join(root, FOLDERS.receiver);
  const config: ReceiverConfigFile = {
    plans: [FILES.plan],
    ownerKey: signedPlan.signature.publicKey,
    publicKeys: [FILES.publicKey],
    dataFolder: FILES.data,
    keyHolder: { target: `unix:../${FOLDERS.run}/${FILES.socket}` },
    otlpHttp: loopback(DEFAULT_PORTS.otlpHttp),
    otlpGrpc: loopback(DEFAULT_PORTS.otlpGrpc),
    prometheus: loopback(DEFAULT_PORTS.prometheus),
    admin: loopback(DEFAULT_PORTS.receiverAdmin),
  };
  createFolder(folder);
  createJsonFile(join(folder, FILES.plan), signedPlan, PUBLIC_MODE);
  createJsonFile(join(folder, FILES.publicKey), publicKey, PUBLIC_MODE);
  createJsonFile(join(folder, CONFIG_FILE), config, PUBLIC_MODE);
}

export function writeKeyHolderFolder(root: string, contents: InitContents, epsilonPerRelease: string): void {
  const { signedPlan, privateKey, passphrases } = contents;
  const { domain, period, epsilon, delta } = signedPlan.plan.privacy;
  const folder = join(root, FOLDERS.keyHolder);
  const config: KeyHolderConfigFile = {
    plans: [FILES.plan],
    ownerKey: signedPlan.signature.publicKey,
    privateKeys: [FILES.privateKey],
    ...(passphrases === undefined ? {} : { passphraseFile: FILES.passphrase }),
    dataFolder: FILES.data,
    ceilings: {
      epsilonPerPeriod: epsilon,
      period,
      epsilonPerRelease,
      ...(delta === undefined ? {} : { deltaPerPeriod: delta }),
    },
    domains: [domain],
    listen: { socketPath: `../${FOLDERS.run}/${FILES.socket}` },
    admin: loopback(DEFAULT_PORTS.keyHolderAdmin),
  };
  createFolder(folder, SECRET_FOLDER_MODE);
  createFolder(join(root, FOLDERS.run), SECRET_FOLDER_MODE);
  createJsonFile(join(folder, FILES.plan), signedPlan, PUBLIC_MODE);
  writeSecretFile(join(folder, FILES.privateKey), jsonText(privateKey));
  createJsonFile(join(folder, CONFIG_FILE), config, PUBLIC_MODE);
  if (passphrases !== undefined) {
    writeSecretFile(join(folder, FILES.passphrase), `${passphrases.keyHolder}\n`);
  }
}

export function writeOwnerFolder(root: string, { signedPlan, ownerKey, passphrases }: InitContents): void {
  const folder = join(root, FOLDERS.owner);
  createFolder(folder, SECRET_FOLDER_MODE);
  writeSecretFile(join(folder, FILES.ownerKey), jsonText(ownerKey));
  createJsonFile(join(folder, FILES.plan), signedPlan.plan, PUBLIC_MODE);
  if (passphrases !== undefined) writeSecretFile(join(folder, FILES.passphrase), `${passphrases.owner}\n`);
}

function loopback(port: number): string {
  return formatAddress({ host: '127.0.0.1', port });
}
