/** One answer of the doctor. */
export interface Finding {
  readonly check: string;
  /** `fault`: something is lost or refused; `warning`: it will be, or promises less than it seems. */
  readonly status: 'ok' | 'warning' | 'fault';
  readonly result: string;
  /** What to do; there unless all is well. */
  readonly fix?: string;
}

export function ok(check: string, result: string): Finding {
  return { check, status: 'ok', result };
}
