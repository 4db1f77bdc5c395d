/** Runs one service from start to drained end, and says when it is ready. */
import { leave, onStopRequest } from './lifetime.js';
import { writeData, writeNote } from './output.js';

export interface RunningService {
  /** One JSON object for programs that started this service. */
  readonly ready: ReadyLine;
  /** The same for people. */
  readonly description: string;
  /** At SIGHUP: read certificates and tokens again. */
  reload(): void;
  close(): Promise<void>;
}

export interface ReadyLine {
  readonly ready: 'keyholder' | 'receiver' | 'up';
  readonly pid: number;
  readonly endpoints: Readonly<Record<string, string>>;
  /** Process ids of the services that `up` supervises. */
  readonly children?: { readonly keyHolder: number; readonly receiver: number };
}

export interface ServiceOptions {
  readonly readyJson?: boolean;
}

/** Resolves when the service was asked to stop and has drained. */
export async function runService(start: () => Promise<RunningService>, options: ServiceOptions): Promise<void> {
  const stop = onStopRequest();
  try {
    const service = await start();
    process.on('SIGHUP', () => {
      service.reload();
    });
    announce(service, options);
    await stop;
    await service.close();
  } finally {
    leave();
  }
}

/** The ready line on standard output where asked for, else the description on standard error. */
export function announce(service: Pick<RunningService, 'ready' | 'description'>, options: ServiceOptions): void {
  if (options.readyJson === true) writeData(JSON.stringify(service.ready));
  else writeNote(service.description);
}
