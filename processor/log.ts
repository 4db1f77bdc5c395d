/** Messages to the application's own diagnostics. A logger that throws must not reach `span.end()`. */
import { diag } from '@opentelemetry/api';

export function logWarning(message: string): void {
  safely(() => diag.warn(`telemetry-kit: ${message}`));
}

export function logError(message: string): void {
  safely(() => diag.error(`telemetry-kit: ${message}`));
}

function safely(log: () => void): void {
  try {
    log();
  } catch {
    // The application's logger failed: there is nowhere left to say so.
  }
}
