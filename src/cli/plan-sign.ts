/** `telemetry-kit plan sign`: the owner's signature on a plan, as applications and services demand it. */
import { openOwnerSeed } from '../keyholder/key-at-rest.js';
import { compilePlan } from '../plan/compile.js';
import { signPlan } from '../plan/document.js';
import { assertAbsent, createJsonFile, PUBLIC_MODE, readJson } from './files.js';
import { alignColumns, writeData } from './output.js';
import { readPassphrase } from './passphrase.js';
import { loadPlan } from './plan-file.js';

export interface PlanSignOptions {
  readonly ownerKey: string;
  readonly out: string;
  readonly passphraseFile?: string;
}

/** Throws `invalid_plan` before the key is opened, `wrong_passphrase`, or `invalid_configuration` if `out` exists. */
export async function planSign(path: string, options: PlanSignOptions): Promise<void> {
  const plan = loadPlan(path);
  assertAbsent([options.out]);
  const document = readJson(options.ownerKey, 'the owner key');
  const seed = await openOwnerSeed(document, await readPassphrase(options.passphraseFile, 'the owner key'));
  const signed = signPlan(plan, seed);
  seed.fill(0);
  createJsonFile(options.out, signed, PUBLIC_MODE);
  writeData(
    alignColumns([
      ['plan', `${plan.name}, sequence ${String(plan.sequence)}`],
      ['hash', compilePlan(plan).hashText],
      ['signed by', signed.signature.publicKey],
      ['written to', options.out],
    ]),
  );
}
