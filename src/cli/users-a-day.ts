/** How many users there are in a day: given, asked for on a terminal, or a small shop's. */
import { createInterface } from 'node:readline/promises';
import { TelemetryKitError } from '../errors.js';

/** Where nobody says: small enough that the first values are worth reading. */
const DEFAULT_USERS = 500;

/** Throws `invalid_argument` for what is no positive number. */
export async function usersADay({ users, json }: { users?: string; json?: boolean }): Promise<number> {
  const text = users ?? (process.stdin.isTTY && json !== true ? await ask() : '');
  const number = text === '' ? DEFAULT_USERS : Number(text);
  if (Number.isFinite(number) && number > 0) return number;
  throw new TelemetryKitError('invalid_argument', 'the number of users a day is not a positive number', {
    fix: 'pass --users with digits, for example --users 500',
  });
}

/** Empty where the user just goes on, or ends the input. */
async function ask(): Promise<string> {
  const reader = createInterface({ input: process.stdin, output: process.stderr });
  const ended = new Promise<string>((resolve) => reader.once('close', () => resolve('')));
  try {
    const question = `How many users does the application have a day? [${String(DEFAULT_USERS)}] `;
    return (await Promise.race([reader.question(question), ended])).trim();
  } finally {
    reader.close();
  }
}
