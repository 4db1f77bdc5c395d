/** Structured logs: one JSON object a line on standard error, never a value, a secret or an envelope. */
import { pino, type Logger } from 'pino';

export type { Logger };

export const LOG_LEVELS = ['silent', 'error', 'warn', 'info', 'debug'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** Writes synchronously, so that the last line before an exit is not lost. */
export function createLogger(name: string, level: LogLevel = 'info'): Logger {
  return pino(
    {
      name,
      level,
      base: { service: name },
      timestamp: pino.stdTimeFunctions.isoTime,
      serializers: { err: describeError },
    },
    pino.destination({ fd: 2, sync: true }),
  );
}

/** Name, code, message and fix; no stack with paths, no cause with contents. */
export function describeError(error: unknown): Record<string, string> {
  if (!(error instanceof Error)) return { message: 'unknown error' };
  const { code, fix } = error as { code?: unknown; fix?: unknown };
  return {
    type: error.name,
    message: error.message,
    ...(typeof code === 'string' || typeof code === 'number' ? { code: String(code) } : {}),
    ...(typeof fix === 'string' ? { fix } : {}),
  };
}
