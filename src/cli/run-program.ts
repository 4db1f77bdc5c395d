/** Runs a command and turns whatever happened into one line on standard error and an exit code. */
import { CommanderError, type Command } from 'commander';
import { TelemetryKitError } from '../errors.js';
import { writeError } from './output.js';

const EXIT_OK = 0;
/** The thing that was asked for failed or was answered with no. */
const EXIT_FAILED = 1;
/** The command line itself is wrong. */
const EXIT_USAGE = 2;

export const EXIT_CODES_HELP = `
Exit codes:
  0  done
  1  failed, or the check found a fault; one line on standard error says why and what to do
  2  the command line is wrong`;

/** Thrown where the answer was already printed and only the exit code is left to say. */
export class AnsweredNo extends Error {}

/** Never throws. */
export async function runProgram(program: Command, argv: readonly string[]): Promise<number> {
  try {
    await program.parseAsync(argv);
    return EXIT_OK;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT_OK : EXIT_USAGE;
    if (!(error instanceof AnsweredNo)) writeError(describeFailure(error));
    return EXIT_FAILED;
  }
}

/** `error [code] what is wrong; what to do`, without a stack trace. */
function describeFailure(error: unknown): string {
  if (error instanceof TelemetryKitError) return `error [${error.code}] ${error.message}; ${error.fix}`;
  const message = error instanceof Error ? error.message : 'unknown failure';
  return `error [unexpected] ${message}; please report this with the command you ran`;
}
