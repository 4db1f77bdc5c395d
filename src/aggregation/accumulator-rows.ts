/** The statements that are run for many contributions at once, and so differ between the databases. */
import type { AccumulatorPlace } from './contribution-products.js';
import type { SqlTransaction } from './sql-database.js';

export interface CellContribution {
  readonly cellId: number;
  /** 32 bytes. */
  readonly id: Uint8Array;
}

export interface AccumulatorRows {
  /** Takes the ids that are not there yet, each once; says of each, in order, whether it was taken now. */
  takeIds(tx: SqlTransaction, contributions: readonly CellContribution[]): Promise<boolean[]>;
  /** What a receiver's run has added up so far; `undefined` where it has added nothing. */
  read(tx: SqlTransaction, runId: number, places: readonly AccumulatorPlace[]): Promise<(Uint8Array | undefined)[]>;
  /** One ciphertext per place. */
  write(
    tx: SqlTransaction,
    runId: number,
    places: readonly AccumulatorPlace[],
    ciphertexts: readonly Uint8Array[],
  ): Promise<void>;
}
