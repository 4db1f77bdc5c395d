/**
 * The ledger's tables. The database itself refuses to change or remove an entry, to leave a gap (but where entries
 * are known to be lost), to reserve a cell twice and to seal what is not reserved; the hash chain catches whoever
 * edits the file another way.
 */
export const LEDGER_SCHEMA_VERSION = 3;

export const LEDGER_SCHEMA = `
CREATE TABLE IF NOT EXISTS entries (
  sequence INTEGER PRIMARY KEY,
  state TEXT NOT NULL,
  release_id TEXT,
  cell_id TEXT UNIQUE,
  previous_hash TEXT NOT NULL,
  hash TEXT NOT NULL,
  body TEXT NOT NULL,
  UNIQUE (release_id, state),
  CHECK ((state IN ('RESERVED', 'SEALED', 'PUBLISHED')) = (release_id IS NOT NULL)),
  CHECK ((state = 'RESERVED') = (cell_id IS NOT NULL))
) STRICT;

CREATE INDEX IF NOT EXISTS snapshot_entries ON entries (sequence) WHERE state = 'SNAPSHOT';

-- What the entries up to a SNAPSHOT add up to; the entry holds its hash. Only the newest is kept.
CREATE TABLE IF NOT EXISTS snapshots (
  sequence INTEGER PRIMARY KEY,
  state TEXT NOT NULL
) STRICT;

CREATE TRIGGER IF NOT EXISTS entries_are_not_changed BEFORE UPDATE ON entries
BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;

CREATE TRIGGER IF NOT EXISTS entries_are_not_removed BEFORE DELETE ON entries
BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;

CREATE TRIGGER IF NOT EXISTS entries_follow_each_other BEFORE INSERT ON entries
WHEN NEW.sequence <> (SELECT COALESCE(MAX(sequence), 0) + 1 FROM entries)
  AND NOT (NEW.state = 'BURNED' AND NEW.sequence > (SELECT COALESCE(MAX(sequence), 0) FROM entries))
BEGIN SELECT RAISE(ABORT, 'the ledger has no gaps'); END;

CREATE TRIGGER IF NOT EXISTS states_follow_each_other BEFORE INSERT ON entries
WHEN NEW.state IN ('SEALED', 'PUBLISHED') AND NOT EXISTS (
  SELECT 1 FROM entries WHERE release_id = NEW.release_id
    AND state = CASE NEW.state WHEN 'SEALED' THEN 'RESERVED' ELSE 'SEALED' END)
BEGIN SELECT RAISE(ABORT, 'a release is reserved, then sealed, then published'); END;

PRAGMA user_version = ${String(LEDGER_SCHEMA_VERSION)};
`;
