/**
 * What bad input gets, in one table: every attack and every odd but valid input that docs/PROTOCOL.md has a rule
 * about. library.test.ts asks the library; test/receiver/corpus.test.ts asks a running receiver over OTLP/HTTP and
 * OTLP/gRPC. Beside it stand what only a caller of the proofs can hand in (object-rows.ts), what a key holder is
 * asked (release-rows.ts), verifiers with one check less or with predictable randomness (test/proofs), and clients:
 * records used twice, threads that die, forks (test/processor/worker.test.ts and randomness-pool.test.ts), plans that
 * are foreign, older or unsigned (test/plan/plan.test.ts, test/cli).
 */
import { BATCH_ROWS } from './batch-rows.js';
import { ENVELOPE_ROWS } from './envelope-rows.js';
import { PROOF_ROWS } from './proof-rows.js';
import { RANGE_ROWS } from './range-rows.js';
import type { SentRow } from './row.js';

export const SENT_ROWS: readonly SentRow[] = [...PROOF_ROWS, ...ENVELOPE_ROWS, ...BATCH_ROWS, ...RANGE_ROWS];
