/**
 * What the receiver multiplies into every cell when a window closes: an encryption of its own full noise, one
 * independent draw a slot, which re-randomises the product as well. Where the plan leaves noise to the key
 * holder, and under further keys of the plan, it is an encryption of 0.
 *
 * Nothing here depends on what was contributed, so it is made ahead of time: a window closes without waiting
 * for it, and the time it takes says nothing about the noise. Of a report with an open label nobody knows the
 * cells beforehand: of those only the noise is drawn ahead. Each factor is used once, and lives in memory only.
 */
import { setImmediate } from 'node:timers/promises';
import type { ClosingCell, KeyInUse, SelectingWindow } from '../aggregation/store.js';
import { TelemetryKitError } from '../errors.js';
import { Encryptor } from '../paillier/encrypt.js';
import type { PublicKey } from '../paillier/public-key.js';
import { encodeSlots, type SlotBits } from '../paillier/slots.js';
import { labelCombinations, type CompiledPlan, type CompiledReport } from '../plan/compile.js';
import type { CompiledMeasurement } from '../plan/components.js';
import { slotShiftOf, UNIT_COUNT_BITS } from '../plan/layout.js';
import { NoisePool, type Mechanism } from '../privacy/index.js';
import type { RandomBytes } from '../random.js';
import { noiseOf } from '../wire/release-noise.js';
import { selectionNoise } from '../wire/selection-noise.js';

/** Draws of every noise that are held for the keys of a report: a few milliseconds. */
const KEYS_AHEAD = 1000;

export class ClosingFactors {
  readonly #random: RandomBytes;
  readonly #noise: NoisePool;
  readonly #encryptors: ReadonlyMap<string, Encryptor>;
  readonly #ahead = new Map<CompiledReport, Promise<ClosingCell[]>>();

  /** Builds a table a key: some hundred milliseconds each. */
  constructor(keys: readonly PublicKey[], random: RandomBytes) {
    this.#random = random;
    this.#noise = new NoisePool(random);
    this.#encryptors = new Map(keys.map((key) => [key.kid, new Encryptor(key)]));
  }

  /** Public keys of a plan that there are factors for. */
  kidsOf({ plan }: CompiledPlan): string[] {
    return plan.keys.filter((kid) => this.#encryptors.has(kid));
  }

  /** Starts making the factors of the report's next window, or draws the noise for as many keys as it may have. */
  prepare(plan: CompiledPlan, report: CompiledReport): void {
    if (this.#ahead.has(report)) return;
    const made = report.openLabel === undefined ? this.make(plan, report) : this.#drawAhead(plan, report);
    // A failure is told to whoever takes the factors.
    made.catch(() => undefined);
    this.#ahead.set(report, made);
  }

  /** One factor per key for every declared cell of a report without an open label. Rejects with `randomness`. */
  async take(plan: CompiledPlan, report: CompiledReport): Promise<ClosingCell[]> {
    this.prepare(plan, report);
    const made = this.#ahead.get(report);
    this.#ahead.delete(report);
    return (await made) ?? [];
  }

  /**
   * The same, made now, never the same twice: of an open label with cells for these keys, and for all others
   * together. Rejects with `randomness`.
   */
  async make(plan: CompiledPlan, report: CompiledReport, keys: readonly string[] = []): Promise<ClosingCell[]> {
    const cells: ClosingCell[] = [];
    for (const [measurement, compiled] of report.measurements.entries()) {
      const noise = noiseOf(plan.plan, compiled);
      for (const labels of labelCombinations(report, keys)) {
        await setImmediate();
        cells.push({
          measurement,
          labels,
          slotShift: slotShiftOf(report, compiled),
          accumulators: accumulatorsOf(report, compiled),
          factors: this.#factors(plan, noise, compiled.slotBits),
        });
      }
    }
    return cells;
  }

  /** Factors for the unit count of every key of an open label, in the order given. Rejects with `randomness`. */
  async forKeys(plan: CompiledPlan, report: CompiledReport, keys: readonly string[]): Promise<SelectingWindow['keys']> {
    const noise = [selectionNoise(report)];
    const made: { key: string; factors: ClosingCell['factors'] }[] = [];
    for (const key of keys) {
      await setImmediate();
      made.push({ key, factors: this.#factors(plan, noise, UNIT_COUNT_BITS) });
    }
    return made;
  }

  async #drawAhead({ plan }: CompiledPlan, report: CompiledReport): Promise<ClosingCell[]> {
    const noises = [
      selectionNoise(report),
      ...report.measurements.flatMap((measurement) => noiseOf(plan, measurement)),
    ];
    for (const noise of noises) {
      await setImmediate();
      this.#noise.prepare(noise, KEYS_AHEAD);
    }
    return [];
  }

  /** One per key of the plan that is configured; the first carries the noise, so that it is there once. */
  #factors({ plan }: CompiledPlan, noise: readonly Mechanism[], slotBits: SlotBits): ClosingCell['factors'] {
    const encryptors = plan.keys.flatMap((kid) => this.#encryptors.get(kid) ?? []);
    return encryptors.map((encryptor, index) => {
      const noisy = plan.privacy.noise === 'both' && index === 0;
      const plaintext = noisy ? encodeSlots(encryptor.key, this.#draw(noise), slotBits) : 0n;
      return { kid: encryptor.key.kid, ciphertext: encryptor.encrypt(plaintext, this.#random) };
    });
  }

  /** Full noise for every slot. */
  #draw(noise: readonly Mechanism[]): bigint[] {
    return noise.map((mechanism) => this.#noise.take(mechanism));
  }
}

/** One of all slots, or where envelopes are coalesced one a slot. */
function accumulatorsOf({ report }: CompiledReport, { slots }: CompiledMeasurement): number {
  return report.mode === 'per-span' ? 1 : slots.length;
}

/** Throws `invalid_configuration` where a plan has no usable key. */
export function assertKeysFor(plans: readonly CompiledPlan[], keys: readonly PublicKey[]): void {
  const known = new Set(keys.map(({ kid }) => kid));
  for (const { plan } of plans) {
    const [active = ''] = plan.keys;
    if (known.has(active)) continue;
    throw new TelemetryKitError('invalid_configuration', `plan ${plan.name} seals under a key that is not configured`, {
      fix: `add the public key document of ${active}`,
    });
  }
}

/** Throws `invalid_configuration` where contributions wait under a key of these plans that is not configured. */
export function assertKeysInUse(
  inUse: readonly KeyInUse[],
  plans: readonly CompiledPlan[],
  keys: readonly PublicKey[],
): void {
  const known = new Set(keys.map(({ kid }) => kid));
  for (const { planHash, kid } of inUse) {
    const plan = plans.find(({ hashText }) => hashText === planHash);
    if (plan === undefined || known.has(kid)) continue;
    throw new TelemetryKitError(
      'invalid_configuration',
      `contributions to plan ${plan.plan.name} wait under the public key ${kid}, which is not configured`,
      { fix: 'configure it again, at least until their windows are closed and the periods of running totals are over' },
    );
  }
}
