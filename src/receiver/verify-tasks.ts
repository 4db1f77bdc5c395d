/** Cuts one request's envelopes into tasks for workers: short ones, so that no request waits long behind another. */

/** An envelope whose header was read. */
export interface ReadableEnvelope {
  readonly bytes: Uint8Array;
  /** Proof branches it has: what verifying it costs. */
  readonly branches: number;
}

export interface TaskBounds {
  readonly envelopes: number;
  readonly branches: number;
}

/** A batch gets cheaper an envelope up to about this; at 2048 bits a branch of it costs half a millisecond. */
export const FULL_TASK: TaskBounds = { envelopes: 128, branches: 1024 };
/** For sources whose batches fail. */
export const SMALL_TASK: TaskBounds = { envelopes: 8, branches: 64 };

/** A single envelope beyond the bounds is a task of its own. */
export function verifyTasks(envelopes: readonly ReadableEnvelope[], bounds: TaskBounds): Uint8Array[][] {
  const tasks: Uint8Array[][] = [];
  let branches = Infinity;
  for (const envelope of envelopes) {
    const task = tasks.at(-1);
    if (task !== undefined && task.length < bounds.envelopes && branches + envelope.branches <= bounds.branches) {
      task.push(envelope.bytes);
      branches += envelope.branches;
    } else {
      tasks.push([envelope.bytes]);
      branches = envelope.branches;
    }
  }
  return tasks;
}
