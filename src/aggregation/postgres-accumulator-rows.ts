/**
 * Contribution ids and accumulators in PostgreSQL: one statement for a whole group. Every run of a receiver has
 * accumulators of its own, its shard: receivers that count for the same cell do not wait for each other, and the
 * shards are multiplied when the window closes.
 */
import { blobBytes } from './blob-bytes.js';
import type { AccumulatorRows, CellContribution } from './accumulator-rows.js';
import type { AccumulatorPlace } from './contribution-products.js';

const TAKE_IDS = `INSERT INTO contributions (cell_id, contribution_id)
  SELECT * FROM unnest(?::bigint[], ?::bytea[]) ON CONFLICT DO NOTHING RETURNING cell_id, contribution_id`;

const PLACES = '?::bigint[], ?::text[], ?::bigint[], ?::bigint[], ?::bigint[]';

const READ = `SELECT p.ordinal, a.ciphertext
  FROM unnest(${PLACES}) WITH ORDINALITY AS p (cell_id, kid, measurement, component, place, ordinal)
  JOIN accumulators a ON a.cell_id = p.cell_id AND a.kid = p.kid AND a.measurement = p.measurement
    AND a.component = p.component AND a.place = p.place AND a.run_id = ?`;

const WRITE = `INSERT INTO accumulators (cell_id, kid, measurement, component, place, ciphertext, run_id)
  SELECT p.*, ?::bigint FROM unnest(${PLACES}, ?::bytea[]) AS p
  ON CONFLICT (cell_id, kid, measurement, component, place, run_id) DO UPDATE SET ciphertext = excluded.ciphertext`;

export const postgresAccumulatorRows: AccumulatorRows = {
  async takeIds(tx, contributions) {
    // In one order everywhere: two receivers that were sent the same contributions must not wait for each other.
    const sorted = Array.from(new Map(contributions.map((each) => [nameOf(each), each])).entries()).sort(byName);
    const rows = (await tx.all(
      TAKE_IDS,
      sorted.map(([, { cellId }]) => cellId),
      sorted.map(([, { id }]) => id),
    )) as { cell_id: number; contribution_id: Uint8Array }[];
    const taken = new Set(rows.map(({ cell_id: cellId, contribution_id: id }) => nameOf({ cellId, id })));
    return contributions.map((each) => taken.delete(nameOf(each)));
  },

  async read(tx, runId, places) {
    const rows = (await tx.all(READ, ...columns(places), runId)) as { ordinal: number; ciphertext: Uint8Array }[];
    const held = new Map(rows.map(({ ordinal, ciphertext }) => [ordinal - 1, blobBytes(ciphertext)]));
    return places.map((_, index) => held.get(index));
  },

  async write(tx, runId, places, ciphertexts) {
    await tx.run(WRITE, runId, ...columns(places), ciphertexts);
  },
};

function columns(places: readonly AccumulatorPlace[]): (string | number)[][] {
  return [
    places.map(({ cellId }) => cellId),
    places.map(({ kid }) => kid),
    places.map(({ measurement }) => measurement),
    places.map(({ component }) => component),
    places.map(({ place }) => place),
  ];
}

function nameOf({ cellId, id }: CellContribution): string {
  return `${String(cellId)} ${Buffer.from(id).toString('hex')}`;
}

function byName([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
