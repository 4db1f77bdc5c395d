/** What is wrong with a configuration: where, which key, and what to do. */
import { TelemetryKitError } from '../../errors.js';

export interface ConfigFault {
  /** `config.yaml:12`, or the variable or option that says it. */
  readonly place: string;
  /** Dotted path of the setting; empty where the whole is meant. */
  readonly path: string;
  readonly message: string;
  /** One sentence in the imperative. */
  readonly fix: string;
}

export function describeFault({ place, path, message, fix }: ConfigFault): string {
  return `${place}: ${path === '' ? '' : `${path} `}${message}; ${fix}`;
}

/** One error for all faults; the last one's fix is the error's own. */
export function faultsAsError(faults: readonly ConfigFault[]): TelemetryKitError {
  const earlier = faults.slice(0, -1).map(describeFault);
  const last = faults.at(-1);
  const message = last === undefined ? '' : `${last.place}: ${last.path === '' ? '' : `${last.path} `}${last.message}`;
  return new TelemetryKitError('invalid_configuration', [...earlier, message].join('; '), {
    fix: last?.fix ?? 'run `telemetry-kit config check`',
  });
}
