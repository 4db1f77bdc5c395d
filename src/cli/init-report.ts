/** What `init` tells its user: what was made, where it belongs, what to paste and what to run next. */
import { join } from 'node:path';
import { FILES, FOLDERS } from './layout.js';
import { alignColumns } from './output.js';
import { wiringModule, type WiringFacts } from './wiring.js';

export interface InitFacts extends WiringFacts {
  readonly bits: number;
  readonly kid: string;
  readonly planHash: string;
  /** Whether passphrases were made up and written beside the keys. */
  readonly passphraseFiles: boolean;
}

export function initReport(root: string, facts: InitFacts): string {
  return [
    alignColumns([
      ['key', `${String(facts.bits)} bits, id ${facts.kid}`],
      ['plan', `hash ${facts.planHash}`],
      ['owner', facts.ownerKey],
    ]),
    '',
    alignColumns([
      [join(root, FOLDERS.application), 'ship with the application; nothing secret'],
      [join(root, FOLDERS.receiver), "the receiver's machine; nothing secret"],
      [join(root, FOLDERS.keyHolder), "the key holder's machine; the private key, sealed"],
      [join(root, FOLDERS.owner), 'keep offline; the key that signs plans, sealed, and the plan to edit'],
    ]),
    ...(facts.passphraseFiles ? ['', passphraseAdvice(root)] : []),
    ...(facts.countsSubjects ? ['', countingAdvice(root)] : []),
    '',
    `The wiring, also in ${join(root, FOLDERS.application, FILES.wiring)} (node --import it, or paste it):`,
    '',
    indented(wiringModule(facts)),
    'Next:',
    `  telemetry-kit plan check ${join(root, FOLDERS.application, FILES.plan)}`,
    `  telemetry-kit up --data ${root}`,
  ].join('\n');
}

function passphraseAdvice(root: string): string {
  const files = [FOLDERS.keyHolder, FOLDERS.owner].map((folder) => join(root, folder, FILES.passphrase));
  return `Passphrases were made up: move ${files.join(' and ')} to your secret store.`;
}

function countingAdvice(root: string): string {
  const file = join(root, FOLDERS.application, FILES.contributions);
  return `How much each subject contributed is kept in ${file}: on a local disk that outlives the process, for one process at a time.`;
}

function indented(text: string): string {
  return text.replaceAll(/^(?=.)/gm, '  ');
}
