/** Cuts a request's envelopes into tasks for workers: short ones, so that no request waits long behind another. */

/** Most envelopes and bytes in one task; a single larger envelope is a task of its own. */
const TASK_ENVELOPES = 64;
const TASK_BYTES = 128 * 1024;

export function verifyTasks(envelopes: readonly Uint8Array[]): Uint8Array[][] {
  const tasks: Uint8Array[][] = [];
  let bytes = Infinity;
  for (const envelope of envelopes) {
    const task = tasks.at(-1);
    if (task !== undefined && task.length < TASK_ENVELOPES && bytes + envelope.length <= TASK_BYTES) {
      task.push(envelope);
      bytes += envelope.length;
    } else {
      tasks.push([envelope]);
      bytes = envelope.length;
    }
  }
  return tasks;
}
