/**
 * Where a passphrase comes from: a file, the environment, or a prompt that shows nothing. Never from the
 * command line, which other users of the machine can read.
 */
import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';
import { TelemetryKitError } from '../errors.js';
import { readText } from './files.js';

export const PASSPHRASE_VARIABLE = 'TELEMETRY_KIT_PASSPHRASE';
/** Shortest passphrase that a new key is sealed under. */
const LEAST_LENGTH = 12;

/** To open an existing key. Throws `invalid_configuration` where none is given and nobody can be asked. */
export async function readPassphrase(file: string | undefined, what: string): Promise<string> {
  const given = givenPassphrase(file);
  if (given !== undefined) return given;
  return ask(`Passphrase of ${what}: `);
}

/** To seal a new key: long enough, and asked for twice where a person types it. */
export async function readNewPassphrase(file: string | undefined, what: string): Promise<string> {
  const given = givenPassphrase(file);
  if (given !== undefined) return assertLongEnough(given);
  const first = assertLongEnough(await ask(`New passphrase for ${what}, ${String(LEAST_LENGTH)} characters or more: `));
  if ((await ask('The same again: ')) === first) return first;
  throw new TelemetryKitError('wrong_passphrase', 'the two passphrases differ', { fix: 'run the command again' });
}

/** From the file or the environment; `undefined` where neither is given. A final line break is not part of it. */
export function givenPassphrase(file: string | undefined): string | undefined {
  const text = file === undefined ? process.env[PASSPHRASE_VARIABLE] : readText(file, 'the passphrase file');
  if (text === undefined) return undefined;
  const passphrase = text.replace(/\r?\n$/, '');
  if (passphrase !== '') return passphrase;
  throw new TelemetryKitError('invalid_configuration', `the passphrase in ${file ?? PASSPHRASE_VARIABLE} is empty`, {
    fix: 'write the passphrase there, on one line',
  });
}

/** The passphrase itself; throws `invalid_argument` where it is too short for a new key. */
export function assertLongEnough(passphrase: string): string {
  if (passphrase.length >= LEAST_LENGTH) return passphrase;
  throw new TelemetryKitError('invalid_argument', 'the passphrase is too short for a new key', {
    fix: `use ${String(LEAST_LENGTH)} characters or more`,
  });
}

async function ask(question: string): Promise<string> {
  if (!process.stdin.isTTY) {
    throw new TelemetryKitError('invalid_configuration', 'no passphrase was given', {
      fix: `pass --passphrase-file FILE, set ${PASSPHRASE_VARIABLE}, or run on a terminal`,
    });
  }
  process.stderr.write(question);
  const silence = new Writable({
    write: (_chunk, _encoding, done) => {
      done();
    },
  });
  const reader = createInterface({ input: process.stdin, output: silence, terminal: true });
  try {
    return await new Promise((resolve, reject) => {
      reader.once('SIGINT', () => {
        reject(new TelemetryKitError('invalid_configuration', 'no passphrase was given', { fix: 'run it again' }));
      });
      reader.question('').then(resolve, reject);
    });
  } finally {
    reader.close();
    process.stderr.write('\n');
  }
}
