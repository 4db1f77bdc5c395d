/**
 * Errors, split by who must act. Every error carries a stable `code`, a sentence saying what is wrong
 * and a `fix` saying what to do; neither ever contains a secret or a sealed value.
 * A bad proof or a rejected contribution is not an error: see `RejectionReason` in wire/rejection.ts.
 */

/** Stable, documented codes. The comment names who must act. */
export type ErrorCode =
  | 'invalid_argument' // the calling programmer
  | 'invalid_plan' // the author of the measurement plan
  | 'untrusted_plan' // whoever distributes plans: signature, pin or sequence is wrong
  | 'invalid_key' // the owner of the key
  | 'wrong_passphrase' // the operator unlocking a key
  | 'invalid_configuration' // the operator
  | 'address_in_use' // the operator: another process holds the port or socket
  | 'already_running' // the operator: another process holds the store or ledger
  | 'storage' // the operator: disk full, not writable, corrupted
  | 'ledger_corrupt' // the auditor: the chain does not verify
  | 'randomness' // nobody can continue: the system's random source failed
  | 'unavailable'; // nobody: a peer is down or overloaded, try again later

export interface TelemetryKitErrorOptions {
  /** What the reader can do about it, one sentence in the imperative. */
  readonly fix: string;
  readonly cause?: unknown;
}

export class TelemetryKitError extends Error {
  readonly code: ErrorCode;
  readonly fix: string;

  constructor(code: ErrorCode, message: string, options: TelemetryKitErrorOptions) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'TelemetryKitError';
    this.code = code;
    this.fix = options.fix;
  }
}

/** Throws `invalid_argument` unless the condition holds. */
export function assertArgument(condition: boolean, message: string, fix: string): asserts condition {
  if (!condition) throw new TelemetryKitError('invalid_argument', message, { fix });
}
