/** Contribution ids and accumulators in SQLite, row by row: there is one receiver, and no way to the server. */
import { blobBytes } from './blob-bytes.js';
import type { AccumulatorRows } from './accumulator-rows.js';
import type { AccumulatorPlace } from './contribution-products.js';

const ADD_ID = 'INSERT OR IGNORE INTO contributions (cell_id, contribution_id) VALUES (?, ?)';
const READ =
  'SELECT ciphertext FROM accumulators WHERE cell_id = ? AND kid = ? AND measurement = ? AND component = ? AND place = ?';
const WRITE = 'INSERT OR REPLACE INTO accumulators VALUES (?, ?, ?, ?, ?, ?)';

export const sqliteAccumulatorRows: AccumulatorRows = {
  async takeIds(tx, contributions) {
    const taken: boolean[] = [];
    for (const { cellId, id } of contributions) taken.push((await tx.run(ADD_ID, cellId, id)) > 0);
    return taken;
  },

  async read(tx, _runId, places) {
    const held: (Uint8Array | undefined)[] = [];
    for (const place of places) {
      const row = (await tx.get(READ, ...columns(place))) as { ciphertext: Uint8Array } | undefined;
      held.push(row && blobBytes(row.ciphertext));
    }
    return held;
  },

  async write(tx, _runId, places, ciphertexts) {
    for (const [index, place] of places.entries()) {
      await tx.run(WRITE, ...columns(place), ciphertexts[index] ?? new Uint8Array(0));
    }
  },
};

function columns({ cellId, kid, measurement, component, place }: AccumulatorPlace): (string | number)[] {
  return [cellId, kid, measurement, component, place];
}
