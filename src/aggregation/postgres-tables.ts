/**
 * The tables of the shared store, version 1. They are those of the embedded store (sqlite-schema.ts), with shards of
 * accumulators and with leases. Text is compared byte by byte.
 */
export const POSTGRES_TABLES_1: readonly string[] = [
  `CREATE TABLE runs (
    run_id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    started BIGINT NOT NULL,
    last_alive BIGINT NOT NULL
  )`,
  `CREATE TABLE reports (
    report_id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    plan_hash TEXT COLLATE "C" NOT NULL,
    report BIGINT NOT NULL,
    next_window_start BIGINT NOT NULL,
    accepts_from BIGINT NOT NULL DEFAULT 0,
    UNIQUE (plan_hash, report)
  )`,
  `CREATE TABLE open_cells (
    cell_id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    report_id BIGINT NOT NULL,
    window_start BIGINT NOT NULL,
    labels TEXT COLLATE "C" NOT NULL,
    open_key TEXT COLLATE "C",
    UNIQUE (report_id, window_start, labels)
  )`,
  `CREATE INDEX open_cells_by_key ON open_cells (report_id, window_start, open_key) WHERE open_key IS NOT NULL`,
  `CREATE TABLE key_counts (
    report_id BIGINT NOT NULL,
    window_start BIGINT NOT NULL,
    keys BIGINT NOT NULL,
    PRIMARY KEY (report_id, window_start)
  )`,
  `CREATE TABLE contributions (
    cell_id BIGINT NOT NULL,
    contribution_id BYTEA NOT NULL,
    PRIMARY KEY (cell_id, contribution_id)
  )`,
  // Rows are replaced all the time: room beside them keeps that out of the index.
  `CREATE TABLE accumulators (
    cell_id BIGINT NOT NULL,
    kid TEXT COLLATE "C" NOT NULL,
    measurement BIGINT NOT NULL,
    component BIGINT NOT NULL,
    place BIGINT NOT NULL,
    run_id BIGINT NOT NULL,
    ciphertext BYTEA NOT NULL,
    PRIMARY KEY (cell_id, kid, measurement, component, place, run_id)
  ) WITH (fillfactor = 50)`,
  `CREATE TABLE windows (
    window_id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    report_id BIGINT NOT NULL,
    window_start BIGINT NOT NULL,
    window_end BIGINT NOT NULL,
    publish_at BIGINT NOT NULL,
    state TEXT COLLATE "C" NOT NULL CHECK (state IN ('aggregated', 'answered', 'published')),
    skipped BIGINT NOT NULL,
    budget TEXT,
    publication BIGINT,
    period_end BIGINT,
    UNIQUE (report_id, window_start)
  )`,
  `CREATE INDEX windows_by_state ON windows (state, publish_at)`,
  `CREATE INDEX windows_by_period ON windows (report_id, period_end, window_start)`,
  `CREATE TABLE window_cells (
    window_id BIGINT NOT NULL,
    position BIGINT NOT NULL,
    measurement BIGINT NOT NULL,
    labels TEXT COLLATE "C" NOT NULL,
    count BIGINT NOT NULL,
    digest BYTEA NOT NULL,
    outcome TEXT,
    total TEXT,
    PRIMARY KEY (window_id, position)
  )`,
  `CREATE TABLE window_aggregates (
    window_id BIGINT NOT NULL,
    position BIGINT NOT NULL,
    ordinal BIGINT NOT NULL,
    kid TEXT COLLATE "C" NOT NULL,
    ciphertext BYTEA NOT NULL,
    PRIMARY KEY (window_id, position, ordinal)
  )`,
  `CREATE TABLE period_products (
    report_id BIGINT NOT NULL,
    measurement BIGINT NOT NULL,
    labels TEXT COLLATE "C" NOT NULL,
    kid TEXT COLLATE "C" NOT NULL,
    window_start BIGINT NOT NULL,
    period_end BIGINT NOT NULL,
    ciphertext BYTEA NOT NULL,
    PRIMARY KEY (report_id, measurement, labels, kid, window_start)
  )`,
  `CREATE INDEX period_products_by_end ON period_products (report_id, period_end, kid)`,
  `CREATE TABLE selections (
    selection_id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    report_id BIGINT NOT NULL,
    window_start BIGINT NOT NULL,
    window_end BIGINT NOT NULL,
    publish_at BIGINT NOT NULL,
    UNIQUE (report_id, window_start)
  )`,
  `CREATE TABLE selection_keys (
    selection_id BIGINT NOT NULL,
    open_key TEXT COLLATE "C" NOT NULL,
    ordinal BIGINT NOT NULL,
    kid TEXT COLLATE "C" NOT NULL,
    ciphertext BYTEA NOT NULL,
    PRIMARY KEY (selection_id, open_key, ordinal)
  )`,
  // A receiver works on a window while its token is here and not past its time, by the database's clock.
  `CREATE SEQUENCE lease_tokens`,
  `CREATE TABLE leases (
    plan_hash TEXT COLLATE "C" NOT NULL,
    report BIGINT NOT NULL,
    window_start BIGINT NOT NULL,
    token BIGINT NOT NULL,
    expires TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (plan_hash, report, window_start)
  )`,
];
