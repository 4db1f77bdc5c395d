/** Contribution stores for tests. */
import type { ContributionDatabase } from '../../processor/contribution-database.node.js';
import type {
  BudgetPeriod,
  ContributionStore,
  CounterRequest,
  OpenedPeriod,
} from '../../processor/contribution-store.js';

/** The database of a contribution file as a store, in this thread; the worker is tested on the built package. */
export class DatabaseStore implements ContributionStore {
  readonly #database: ContributionDatabase;

  constructor(database: ContributionDatabase) {
    this.#database = database;
  }

  async openPeriod(period: BudgetPeriod): Promise<OpenedPeriod> {
    return Promise.resolve(this.#database.openPeriod(period));
  }

  async reserve(period: BudgetPeriod, requests: readonly CounterRequest[]): Promise<readonly number[]> {
    return Promise.resolve(this.#database.reserve(period, requests));
  }
}
