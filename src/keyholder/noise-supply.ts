/**
 * Keeps the noise of the next two windows drawn. Filling runs between requests, in small pieces, so that
 * neither the time of an answer nor that of the next one depends on a draw.
 */
import { setImmediate as yieldToOthers } from 'node:timers/promises';
import { formatRational, type Rational } from '../math/rational.js';
import { NoisePool } from '../privacy/noise-pool.js';
import type { RandomBytes } from '../random.js';
import type { OperationsLog } from './operations-log.js';

interface Demand {
  readonly scale: Rational;
  readonly count: number;
}

const WINDOWS_AHEAD = 2;
/** About a millisecond of drawing. */
const DRAWS_AT_ONCE = 500;

export class NoiseSupply {
  readonly pool: NoisePool;
  readonly #demand: readonly Demand[];
  readonly #log: OperationsLog;

  /** `demand`: what one window draws, any number of times per scale. */
  constructor(demand: readonly Demand[], random: RandomBytes, log: OperationsLog) {
    this.pool = new NoisePool(random);
    this.#demand = sumByScale(demand);
    this.#log = log;
  }

  /** Never rejects: a failing generator is logged, and the release that needs it fails by itself. */
  async fill(): Promise<void> {
    try {
      for (const { scale, count } of this.#demand) await this.#fillTo(scale, WINDOWS_AHEAD * count);
    } catch (error) {
      this.#log.noiseFailed(error);
    }
  }

  /** Yields first, so that an answer that is ready leaves before any draw. */
  async #fillTo(scale: Rational, target: number): Promise<void> {
    while (this.pool.held(scale) < target) {
      await yieldToOthers();
      this.pool.prepare(scale, Math.min(target, this.pool.held(scale) + DRAWS_AT_ONCE));
    }
  }
}

function sumByScale(demand: readonly Demand[]): Demand[] {
  const sums = new Map<string, Demand>();
  for (const { scale, count } of demand) {
    const key = formatRational(scale);
    sums.set(key, { scale, count: count + (sums.get(key)?.count ?? 0) });
  }
  return [...sums.values()];
}
