/**
 * The tables of the shared contribution store, and the statements on them. A period that is over keeps its row
 * without its key, so that it is never opened again; its counters are deleted.
 */

/** Harmless where the tables are there. */
export const CREATE_TABLES = `
CREATE TABLE IF NOT EXISTS telemetry_kit_periods (
  period_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  kind text NOT NULL,
  start bigint NOT NULL,
  hash_key bytea,
  UNIQUE (kind, start)
);
CREATE TABLE IF NOT EXISTS telemetry_kit_counters (
  period_id bigint NOT NULL REFERENCES telemetry_kit_periods,
  counter text COLLATE "C" NOT NULL,
  used integer NOT NULL,
  granted integer NOT NULL,
  bound integer NOT NULL,
  PRIMARY KEY (period_id, counter)
);
`;

/**
 * $1 kind, $2 start, $3 key, $4 seconds by which a period may be ahead. A period that two newer ones of its kind have
 * ended was either opened before, and its row is there, or it was not, and has no counters to begin again.
 */
export const OPEN_PERIOD = `
INSERT INTO telemetry_kit_periods (kind, start, hash_key)
SELECT $1, $2::bigint, $3
WHERE $2::bigint <= extract(epoch FROM now()) + $4
  AND (SELECT count(*) FROM telemetry_kit_periods WHERE kind = $1 AND start > $2::bigint) < 2
ON CONFLICT (kind, start) DO NOTHING
`;

/** $1 kind. Waits for whoever reserves in such a period at this moment. */
export const END_PERIODS = `
UPDATE telemetry_kit_periods SET hash_key = NULL
WHERE kind = $1 AND hash_key IS NOT NULL
  AND start < (SELECT start FROM telemetry_kit_periods WHERE kind = $1 ORDER BY start DESC OFFSET 1 LIMIT 1)
`;

export const DELETE_COUNTERS = `
DELETE FROM telemetry_kit_counters
WHERE period_id IN (SELECT period_id FROM telemetry_kit_periods WHERE hash_key IS NULL)
`;

/** $1 kind, $2 start. */
export const FIND_KEY = 'SELECT hash_key FROM telemetry_kit_periods WHERE kind = $1 AND start = $2::bigint';

/**
 * $1 kind, $2 start, then as lists of one length: $3 counters, $4 amounts, $5 bounds. The lock keeps the period open
 * for as long as the statement runs. Everyone takes the rows in the same order, so that nobody waits in a circle.
 * What a row that is at its bound would be granted is nothing: it is neither changed nor returned.
 */
export const RESERVE = `
WITH period AS MATERIALIZED (
  SELECT period_id FROM telemetry_kit_periods
  WHERE kind = $1 AND start = $2::bigint AND hash_key IS NOT NULL
  FOR SHARE
)
INSERT INTO telemetry_kit_counters AS held (period_id, counter, used, granted, bound)
SELECT period_id, asked.counter, least(amount, asked.bound), least(amount, asked.bound), asked.bound
FROM period, unnest($3::text[], $4::integer[], $5::integer[]) AS asked (counter, amount, bound)
ORDER BY asked.counter COLLATE "C"
ON CONFLICT (period_id, counter) DO UPDATE
SET used = least(held.used + excluded.used, excluded.bound),
    granted = least(excluded.used, excluded.bound - held.used),
    bound = excluded.bound
WHERE held.used < excluded.bound
RETURNING counter, granted
`;
