/** `telemetry-kit init`: everything a first installation needs, apart by party, and what to do next. */
import { join } from 'node:path';
import { toBase64Url } from '../bytes.js';
import { largestLoss } from '../keyholder/ceilings.js';
import { sealOwnerSeed, sealPrivateKey } from '../keyholder/key-at-rest.js';
import type { Rational } from '../math/rational.js';
import type { PrivateKey } from '../paillier/private-key.js';
import { compilePlan } from '../plan/compile.js';
import { signPlan } from '../plan/document.js';
import type { Plan } from '../plan/plan.js';
import { systemRandom } from '../random.js';
import { encodePublicKey } from '../wire/public-key-document.js';
import { assertAbsent } from './files.js';
import { initReport, type InitFacts } from './init-report.js';
import {
  writeApplicationFolder,
  writeKeyHolderFolder,
  writeOwnerFolder,
  writeReceiverFolder,
  type InitContents,
} from './init-folders.js';
import { interruptible } from './interruptible.js';
import { generateKeyVisibly } from './key-progress.js';
import { FOLDERS } from './layout.js';
import { writeData, writeJson, writeNote } from './output.js';
import { assertLongEnough, givenPassphrase } from './passphrase.js';
import { usersADay } from './users-a-day.js';
import { planFromFile, starterPlan } from './starter-plan.js';

export interface InitOptions {
  readonly bits: string;
  readonly name: string;
  readonly domain?: string;
  readonly plan?: string;
  readonly users?: string;
  readonly subject: string;
  readonly passphraseFile?: string;
  readonly json?: boolean;
}

/** 144 random bits, typed by nobody. */
const PASSPHRASE_BYTES = 18;

/**
 * Throws `invalid_configuration` where a folder exists, `invalid_plan` for a plan or name that cannot be. Stopped
 * before the first folder is made, it makes none.
 */
export async function init(root: string, options: InitOptions): Promise<void> {
  assertAbsent(Object.values(FOLDERS).map((folder) => join(root, folder)));
  const starter = { ...options, users: options.plan === undefined ? await usersADay(options) : 0 };
  checkPlanEarly(starter);
  if (options.plan === undefined)
    writeNote(`planning for ${String(starter.users)} users a day; --users says otherwise`);
  const passphrases = choosePassphrases(options.passphraseFile);
  await interruptible(async (signal) => {
    const key = await generateKeyVisibly(Number(options.bits), signal);
    const plan = planFor(starter, key.publicKey.kid);
    writeNote('sealing the keys and signing the plan');
    const contents = await sealedContents(key, plan, passphrases);
    signal.throwIfAborted();
    await writeApplicationFolder(root, contents);
    writeReceiverFolder(root, contents);
    writeKeyHolderFolder(root, contents, largestEpsilon(plan));
    writeOwnerFolder(root, contents);
    tell(root, options, {
      bits: key.publicKey.bits,
      kid: key.publicKey.kid,
      ownerKey: contents.signedPlan.signature.publicKey,
      planHash: compilePlan(plan).hashText,
      passphraseFiles: !passphrases.given,
      countsSubjects: plan.privacy.bounds !== undefined,
    });
  });
}

interface Passphrases {
  readonly keyHolder: string;
  readonly owner: string;
  readonly given: boolean;
}

async function sealedContents(key: PrivateKey, plan: Plan, passphrases: Passphrases): Promise<InitContents> {
  const seed = systemRandom(32);
  const contents: InitContents = {
    signedPlan: signPlan(plan, seed),
    publicKey: encodePublicKey(key.publicKey),
    privateKey: await sealPrivateKey(key, passphrases.keyHolder),
    ownerKey: await sealOwnerSeed(seed, passphrases.owner),
    ...(passphrases.given ? {} : { passphrases }),
  };
  seed.fill(0);
  return contents;
}

/** The options of `init`, with the number of users known. */
type StarterOptions = Omit<InitOptions, 'users'> & { readonly users: number };

function planFor({ plan, name, domain, users, subject }: StarterOptions, kid: string): Plan {
  return plan === undefined
    ? starterPlan({ name, domain: domain ?? name, kid, users, subject })
    : planFromFile(plan, kid);
}

/** With a key id of the right form in place of the one to come: a typing error is found before a key is made. */
function checkPlanEarly(options: StarterOptions): void {
  planFor(options, toBase64Url(new Uint8Array(32)));
}

function choosePassphrases(file: string | undefined): Passphrases {
  const given = givenPassphrase(file);
  if (given !== undefined) return { keyHolder: assertLongEnough(given), owner: given, given: true };
  const [keyHolder, owner] = [systemRandom(PASSPHRASE_BYTES), systemRandom(PASSPHRASE_BYTES)].map(toBase64Url);
  return { keyHolder: keyHolder ?? '', owner: owner ?? '', given: false };
}

/** The key holder's ceiling for one release: what the plan asks for today, so that a later plan cannot ask for more. */
function largestEpsilon(plan: Plan): string {
  return decimalText(largestLoss(compilePlan(plan)));
}

/** Rounded up to 12 decimal places, which is exact but under Gaussian noise. */
function decimalText({ numerator, denominator }: Rational): string {
  const digits = String((numerator * 10n ** 12n + denominator - 1n) / denominator).padStart(13, '0');
  return `${digits.slice(0, -12)}.${digits.slice(-12)}`.replace(/\.?0+$/, '');
}

function tell(root: string, options: InitOptions, facts: InitFacts): void {
  if (options.json === true) writeJson(facts);
  else writeData(initReport(root, facts));
}
