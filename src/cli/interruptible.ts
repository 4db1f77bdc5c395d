/**
 * A command that can be stopped in the middle and leaves nothing half written: SIGINT (Ctrl-C) and SIGTERM abort
 * the signal that its work is given; when the work has let go, the process ends by that signal, as a shell
 * expects. A second one ends it at once.
 */
import { writeNote } from './output.js';
import { AnsweredNo } from './run-program.js';

const SIGNALS = ['SIGINT', 'SIGTERM'] as const;

/** `work` writes nothing after it has seen the signal aborted; what it rejects with passes through otherwise. */
export async function interruptible(work: (signal: AbortSignal) => Promise<void>): Promise<void> {
  const controller = new AbortController();
  let received: NodeJS.Signals | undefined;
  const stopListening = (): void => {
    for (const name of SIGNALS) process.off(name, stop);
  };
  const stop = (name: NodeJS.Signals): void => {
    received = name;
    stopListening();
    controller.abort();
  };
  for (const name of SIGNALS) process.on(name, stop);
  try {
    await work(controller.signal);
  } catch (error) {
    if (received === undefined || error !== controller.signal.reason) throw error;
    writeNote('stopped: nothing was written');
    process.kill(process.pid, received);
    throw new AnsweredNo();
  } finally {
    stopListening();
  }
}
