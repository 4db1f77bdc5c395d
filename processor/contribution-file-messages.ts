/** What the application's thread and the worker that keeps a contribution file say to each other. */
import type { ErrorCode } from '../src/errors.js';
import type { BudgetPeriod, CounterRequest, OpenedPeriod } from './contribution-store.js';

export interface FileWorkerData {
  readonly path: string;
}

export type FileTask =
  | { readonly do: 'open' }
  | { readonly do: 'create' }
  | { readonly do: 'open-period'; readonly period: BudgetPeriod }
  | { readonly do: 'reserve'; readonly period: BudgetPeriod; readonly requests: readonly CounterRequest[] }
  | { readonly do: 'close' };

/** What had become of the file before it was opened. */
export type FileCondition = 'found' | 'missing' | 'corrupt';

export interface FileFailure {
  readonly code: ErrorCode;
  readonly message: string;
  readonly fix: string;
}

export interface FileAnswer {
  /** Of the task that opened the file. */
  readonly condition?: FileCondition;
  readonly failure?: FileFailure;
  readonly opened?: OpenedPeriod;
  readonly granted?: readonly number[];
}
