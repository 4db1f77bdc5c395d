/**
 * Where a passphrase comes from: a file, the environment, or a prompt that shows nothing. Never from the
 * command line, which other users of the machine can read.
 */
import { createInterface } from 'node:readline';
import { Writable } from 'node:stream';
import { TelemetryKitError } from '../errors.js';
import { readText } from './files.js';

const PASSPHRASE_VARIABLE = 'TELEMETRY_KIT_PASSPHRASE';
/** Shortest passphrase that a new key is sealed under. */
const LEAST_LENGTH = 12;

/** To open an existing key. Throws `invalid_configuration` where none is given and nobody can be asked. */
export async function readPassphrase(file: string | undefined, what: string): Promise<string> {
  const given = givenPassphrase(file);
  if (given !== undefined) return given;
  const [typed = ''] = await ask(`Passphrase of ${what}: `);
  return typed;
}

/** To seal a new key: long enough, and asked for twice where a person types it. */
export async function readNewPassphrase(file: string | undefined, what: string): Promise<string> {
  const given = givenPassphrase(file);
  if (given !== undefined) return assertLongEnough(given);
  const question = `New passphrase for ${what}, ${String(LEAST_LENGTH)} characters or more: `;
  const [first = '', second] = await ask(question, 'The same again: ');
  if (second === first) return assertLongEnough(first);
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

/** One answer for each question, typed unseen. Throws `invalid_configuration` without a terminal, or at Ctrl-C and Ctrl-D. */
async function ask(...questions: string[]): Promise<string[]> {
  if (!process.stdin.isTTY) throw noPassphrase();
  const reader = createInterface({ input: process.stdin, output: silence(), terminal: true });
  reader.once('SIGINT', () => {
    reader.close();
  });
  const lines = reader[Symbol.asyncIterator]();
  const answers: string[] = [];
  try {
    for (const question of questions) {
      process.stderr.write(question);
      const line = await lines.next();
      process.stderr.write('\n');
      if (line.done === true) throw noPassphrase();
      answers.push(line.value);
    }
    return answers;
  } finally {
    reader.close();
  }
}

function noPassphrase(): TelemetryKitError {
  return new TelemetryKitError('invalid_configuration', 'no passphrase was given', {
    fix: `pass --passphrase-file FILE, set ${PASSPHRASE_VARIABLE}, or type one on a terminal`,
  });
}

/** Takes the echo of what is typed. */
function silence(): Writable {
  return new Writable({
    write: (_chunk, _encoding, done) => {
      done();
    },
  });
}
