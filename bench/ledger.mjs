// @ts-check
/**
 * The key holder's ledger. A charge is a release without its decryption: decided and reserved, sealed, published, each
 * durable before the next step, for many requests that wait at the same time. Opening is measured just before the next
 * snapshot was due, the longest tail there can be; with BENCH_LEDGER_ENTRIES=1000000 on a million entries, which take
 * some minutes to write.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { openLedger } from '../dist/src/keyholder/ledger.js';
import { releaseIdOf } from '../dist/src/keyholder/release-id.js';
import { Rounds } from '../dist/src/keyholder/rounds.js';
import { medianMillis } from './harness.mjs';

const CHARGES = 20_000;
const WAITING = 256;
const ENTRIES = Number(process.env['BENCH_LEDGER_ENTRIES'] ?? 100_000);
/** Entries between two snapshots. */
const SNAPSHOT_EVERY = 10_000;
const MILLION = 1_000_000;
const HASH = 'A'.repeat(43);
let written = 0;

/** @typedef {import('../dist/src/keyholder/ledger.js').Ledger} Ledger */

/** @returns {Promise<import('./harness.mjs').Result[]>} */
export async function ledger() {
  const folder = mkdtempSync(join(tmpdir(), 'telemetry-kit-bench-ledger-'));
  try {
    const seconds = await chargeAll(join(folder, 'charge.sqlite'));
    const path = join(folder, 'long.sqlite');
    fill(path);
    const millis = medianMillis({ rounds: 5, calls: 1, run: () => openLedger(path).close() });
    return [
      { name: 'ledger.charge', median: (60 * CHARGES) / seconds, unit: 'charges/min', bits: 0 },
      {
        name: `ledger.open.${ENTRIES === MILLION ? 'million' : String(ENTRIES)}`,
        median: millis / 1000,
        unit: 's',
        bits: 0,
      },
    ];
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/**
 * Seconds of `CHARGES` charges, `WAITING` of them at the same time.
 * @param {string} path
 */
async function chargeAll(path) {
  const book = openLedger(path);
  const rounds = new Rounds({
    handle: (/** @type {readonly number[]} */ charges) => Promise.resolve(charge(book, charges)),
    weightOf: () => 1,
    maxWeight: WAITING,
    between: () => Promise.resolve(),
  });
  let next = 0;
  const requester = async () => {
    while (next < CHARGES) await rounds.submit(next++);
  };
  const start = performance.now();
  await Promise.all(Array.from({ length: WAITING }, requester));
  const seconds = (performance.now() - start) / 1000;
  book.close();
  return seconds;
}

/**
 * The steps of a round of the release service.
 * @param {Ledger} book
 * @param {readonly number[]} charges
 */
function charge(book, charges) {
  const ids = charges.map((index) => reserve(book, index));
  book.commit();
  book.append(
    ids.map((releaseId) => ({ state: 'SEALED', releaseId, outcome: { status: 'released', values: ['17', '-3'] } })),
  );
  book.commit();
  book.append(ids.map((releaseId) => ({ state: 'PUBLISHED', releaseId })));
  book.commit();
  return ids;
}

/**
 * Cells of minutes of a year, ten in each.
 * @param {Ledger} book
 * @param {number} index
 */
function reserve(book, index) {
  const minute = Math.floor(index / 10);
  /** @type {import('../dist/src/keyholder/ledger-entry.js').ReservedBody['cell']} */
  const cell = {
    kind: 'window',
    planHash: HASH,
    report: 0,
    measurement: index % 10,
    labels: [3],
    rangeStart: 60 * minute,
    rangeEnd: 60 * minute + 60,
    kids: [HASH],
  };
  /** @type {import('../dist/src/keyholder/ledger-state.js').ReservedDraft} */
  const draft = {
    state: 'RESERVED',
    at: 60 * minute + 90,
    releaseId: releaseIdOf(cell),
    cell,
    aggregateDigest: HASH,
    domain: 'shop',
    unit: 'event',
    period: 'day',
    share: 'streams',
    mechanism: 'discrete-laplace',
    noise: [
      { parameter: '1000', bound: '1' },
      { parameter: '1000', bound: '1' },
    ],
    changes: 'one',
    payment: {
      by: 'release',
      cost: { epsilon: '1/1000', rho: '1/2000000', delta: '0' },
      limits: [{ period: 'day', measure: 'epsilon', most: '20', delta: '0' }],
    },
  };
  book.append([{ ...draft, decision: book.state.decideRelease(draft).decision }]);
  return draft.releaseId;
}

/** @param {string} path */
function fill(path) {
  const tail = SNAPSHOT_EVERY - 4;
  fillUpTo(path, ENTRIES - tail, SNAPSHOT_EVERY);
  // No snapshot of the rest, as if it were due with the next entry.
  fillUpTo(path, ENTRIES, Number.MAX_SAFE_INTEGER);
}

/**
 * @param {string} path
 * @param {number} entries
 * @param {number} snapshotEvery
 */
function fillUpTo(path, entries, snapshotEvery) {
  const book = openLedger(path, { snapshotEvery });
  while (book.head.sequence < entries) {
    const size = Math.min(1000, Math.ceil((entries - book.head.sequence) / 3));
    charge(
      book,
      Array.from({ length: size }, () => written++),
    );
  }
  book.close();
}
