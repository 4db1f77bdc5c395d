/**
 * Keeps the noise of the next two windows drawn. Filling runs between requests, in small pieces, so that
 * neither the time of an answer nor that of the next one depends on a draw.
 */
import { setImmediate as yieldToOthers } from 'node:timers/promises';
import { formatMechanism, type Mechanism } from '../privacy/mechanism.js';
import { NoisePool } from '../privacy/noise-pool.js';
import type { RandomBytes } from '../random.js';
import type { OperationsLog } from './operations-log.js';
import type { NoiseDemand } from './plan-terms.js';

const WINDOWS_AHEAD = 2;
/** About a millisecond of drawing. */
const DRAWS_AT_ONCE = 500;

export class NoiseSupply {
  readonly pool: NoisePool;
  readonly #demand: readonly NoiseDemand[];
  readonly #log: OperationsLog;

  /** `demand`: what one window draws, any number of times per noise. */
  constructor(demand: readonly NoiseDemand[], random: RandomBytes, log: OperationsLog) {
    this.pool = new NoisePool(random);
    this.#demand = sumByMechanism(demand);
    this.#log = log;
  }

  /** Never rejects: a failing generator is logged, and the release that needs it fails by itself. */
  async fill(): Promise<void> {
    try {
      for (const { mechanism, count } of this.#demand) await this.#fillTo(mechanism, WINDOWS_AHEAD * count);
    } catch (error) {
      this.#log.noiseFailed(error);
    }
  }

  /** Yields first, so that an answer that is ready leaves before any draw. */
  async #fillTo(mechanism: Mechanism, target: number): Promise<void> {
    while (this.pool.held(mechanism) < target) {
      await yieldToOthers();
      this.pool.prepare(mechanism, Math.min(target, this.pool.held(mechanism) + DRAWS_AT_ONCE));
    }
  }
}

function sumByMechanism(demand: readonly NoiseDemand[]): NoiseDemand[] {
  const sums = new Map<string, NoiseDemand>();
  for (const { mechanism, count } of demand) {
    const key = formatMechanism(mechanism);
    sums.set(key, { mechanism, count: count + (sums.get(key)?.count ?? 0) });
  }
  return [...sums.values()];
}
