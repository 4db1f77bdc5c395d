/**
 * When a service ends: at the first SIGTERM or SIGINT it drains, at the second it dies at once. A service
 * that a parent supervises (they share an IPC channel) leaves SIGINT to the parent, which the terminal
 * signals too, and ends when the parent is gone, so that nothing is ever left behind.
 */

/** Exit code after a second signal, as shells report an interrupt. */
const INTERRUPTED = 130;
/** How long after closing something may still hold the process open. */
const LINGER_MILLIS = 2000;

export interface StopRequest {
  /** What asked: a signal's name, or that the parent is gone. */
  readonly reason: string;
}

/** Call before anything is started. `abandon` runs at the second signal, before the process dies. */
export function onStopRequest(abandon: () => void = () => undefined): Promise<StopRequest> {
  const supervised = process.channel !== undefined;
  return new Promise((resolve) => {
    let asked = false;
    const ask = (reason: string): void => {
      if (asked) {
        abandon();
        process.exit(INTERRUPTED);
      }
      asked = true;
      resolve({ reason });
    };
    process.on('SIGTERM', ask);
    process.on('SIGINT', supervised ? ignore : ask);
    if (supervised) {
      process.once('disconnect', () => {
        resolve({ reason: 'the parent process is gone' });
      });
    }
  });
}

/** Call after everything is closed: lets go of the parent, and does not wait for what should be closed. */
export function leave(): void {
  if (process.connected) process.disconnect();
  setTimeout(() => process.exit(), LINGER_MILLIS).unref();
}

function ignore(): void {
  // The parent decides.
}
