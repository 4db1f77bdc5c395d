/** Tables of the embedded store (docs/DATA_MODEL.md) and how an older file becomes a newer one. */
import { TelemetryKitError } from '../errors.js';
import type { SqliteDatabase } from '../service/sqlite.js';

/** Version n of the schema is made by the first n scripts. A script that was released never changes. */
const MIGRATIONS: readonly string[] = [
  `
  CREATE TABLE liveness (
    only_row INTEGER PRIMARY KEY CHECK (only_row = 1),
    last_alive INTEGER NOT NULL
  ) STRICT;

  CREATE TABLE reports (
    report_id INTEGER PRIMARY KEY,
    plan_hash TEXT NOT NULL,
    report INTEGER NOT NULL,
    next_window_start INTEGER NOT NULL,
    UNIQUE (plan_hash, report)
  ) STRICT;

  -- One combination of labels in one open window.
  CREATE TABLE open_cells (
    cell_id INTEGER PRIMARY KEY,
    report_id INTEGER NOT NULL,
    window_start INTEGER NOT NULL,
    labels TEXT NOT NULL,
    UNIQUE (report_id, window_start, labels)
  ) STRICT;

  CREATE TABLE contributions (
    cell_id INTEGER NOT NULL,
    contribution_id BLOB NOT NULL,
    PRIMARY KEY (cell_id, contribution_id)
  ) STRICT, WITHOUT ROWID;

  -- Product of the ciphertexts of one component, at one place of its tuple, under one key.
  CREATE TABLE accumulators (
    cell_id INTEGER NOT NULL,
    kid TEXT NOT NULL,
    measurement INTEGER NOT NULL,
    component INTEGER NOT NULL,
    place INTEGER NOT NULL,
    ciphertext BLOB NOT NULL,
    PRIMARY KEY (cell_id, kid, measurement, component, place)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE windows (
    window_id INTEGER PRIMARY KEY,
    report_id INTEGER NOT NULL,
    window_start INTEGER NOT NULL,
    window_end INTEGER NOT NULL,
    publish_at INTEGER NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('aggregated', 'answered', 'published')),
    skipped INTEGER NOT NULL,
    budget TEXT,
    publication INTEGER,
    UNIQUE (report_id, window_start)
  ) STRICT;
  CREATE INDEX windows_by_state ON windows (state, publish_at);

  CREATE TABLE window_cells (
    window_id INTEGER NOT NULL,
    position INTEGER NOT NULL,
    measurement INTEGER NOT NULL,
    labels TEXT NOT NULL,
    count INTEGER NOT NULL,
    digest BLOB NOT NULL,
    outcome TEXT,
    PRIMARY KEY (window_id, position)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE window_aggregates (
    window_id INTEGER NOT NULL,
    position INTEGER NOT NULL,
    ordinal INTEGER NOT NULL,
    kid TEXT NOT NULL,
    ciphertext BLOB NOT NULL,
    PRIMARY KEY (window_id, position, ordinal)
  ) STRICT, WITHOUT ROWID;
  `,
  // A window that is being closed takes no contributions any more, and is not yet aggregated.
  'ALTER TABLE reports ADD COLUMN accepts_from INTEGER NOT NULL DEFAULT 0',
  `
  -- What closed windows of a running total hold under one key, until their budget period is over.
  CREATE TABLE period_products (
    report_id INTEGER NOT NULL,
    measurement INTEGER NOT NULL,
    labels TEXT NOT NULL,
    kid TEXT NOT NULL,
    window_start INTEGER NOT NULL,
    period_end INTEGER NOT NULL,
    ciphertext BLOB NOT NULL,
    PRIMARY KEY (report_id, measurement, labels, kid, window_start)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX period_products_by_end ON period_products (report_id, period_end, kid);

  -- The budget period of a window with running totals; the totals that its releases and the earlier ones add up to.
  ALTER TABLE windows ADD COLUMN period_end INTEGER;
  CREATE INDEX windows_by_period ON windows (report_id, period_end, window_start);
  ALTER TABLE window_cells ADD COLUMN total TEXT;
  `,
  `
  -- The key of an open label, in the labels' cell.
  ALTER TABLE open_cells ADD COLUMN open_key TEXT;
  CREATE INDEX open_cells_by_key ON open_cells (report_id, window_start, open_key) WHERE open_key IS NOT NULL;

  -- How many keys an open window holds.
  CREATE TABLE key_counts (
    report_id INTEGER NOT NULL,
    window_start INTEGER NOT NULL,
    keys INTEGER NOT NULL,
    PRIMARY KEY (report_id, window_start)
  ) STRICT, WITHOUT ROWID;

  -- A closed window whose keys the key holder has not selected yet, and what it is asked with.
  CREATE TABLE selections (
    selection_id INTEGER PRIMARY KEY,
    report_id INTEGER NOT NULL,
    window_start INTEGER NOT NULL,
    window_end INTEGER NOT NULL,
    publish_at INTEGER NOT NULL,
    UNIQUE (report_id, window_start)
  ) STRICT;

  CREATE TABLE selection_keys (
    selection_id INTEGER NOT NULL,
    open_key TEXT NOT NULL,
    ordinal INTEGER NOT NULL,
    kid TEXT NOT NULL,
    ciphertext BLOB NOT NULL,
    PRIMARY KEY (selection_id, open_key, ordinal)
  ) STRICT, WITHOUT ROWID;
  `,
  `
  -- One receiver from its start to its last mark. Of those before this version only the last mark is known.
  CREATE TABLE runs (
    run_id INTEGER PRIMARY KEY,
    started INTEGER NOT NULL,
    last_alive INTEGER NOT NULL
  ) STRICT;
  INSERT INTO runs (started, last_alive) SELECT 0, last_alive FROM liveness;
  DROP TABLE liveness;
  `,
];

const SCHEMA_VERSION = MIGRATIONS.length;

/** Brings the file to this version. Throws `storage` where it was written by a newer one. */
export function migrate(database: SqliteDatabase): void {
  database.exec('CREATE TABLE IF NOT EXISTS schema_version (version INTEGER NOT NULL) STRICT');
  const row = database.prepare('SELECT max(version) AS version FROM schema_version').get() as {
    version: number | null;
  };
  const found = row.version ?? 0;
  if (found > SCHEMA_VERSION) {
    throw new TelemetryKitError('storage', `the store has schema version ${String(found)}, newer than this program`, {
      fix: 'run the version of telemetry-kit that wrote it, or a newer one',
    });
  }
  MIGRATIONS.slice(found).forEach((script, index) => {
    database.transaction(() => {
      database.exec(script);
      database.prepare('INSERT INTO schema_version (version) VALUES (?)').run(found + index + 1);
    })();
  });
}
