/**
 * The law of a selection, by enumeration: every draw of both servers with its probability, through encryption,
 * decryption and decision. Neighbours differ by one subject.
 */
import { describe, expect, test } from 'vitest';
import { openSelection } from '../../src/keyholder/open-selection.js';
import type { AdmittedSelection } from '../../src/keyholder/release-policy.js';
import { ciphertextFromBytes } from '../../src/paillier/ciphertext.js';
import { NoisePool } from '../../src/privacy/index.js';
import { systemRandom } from '../../src/random.js';
import { keyThreshold, selectionNoise, selectionServers } from '../../src/wire/selection-noise.js';
import { testPrivateKey } from '../support/keys.js';
import { openPlan } from '../support/open-plans.js';
import { aggregateOf } from '../support/releases.js';

const key = testPrivateKey();
const DELTA = 1e-6;

/** Hands out the same draw every time. */
class FixedNoise extends NoisePool {
  readonly #draw: bigint;

  constructor(draw: bigint) {
    super(systemRandom);
    this.#draw = draw;
  }

  override take(): bigint {
    return this.#draw;
  }
}

/** Whether a key is selected whose subjects are so many, with these draws. */
async function isSelected(terms: AdmittedSelection['terms'], noisedByReceiver: bigint, draw: bigint): Promise<boolean> {
  const { ciphertext } = aggregateOf([noisedByReceiver]);
  const aggregates = [{ key, ciphertext: ciphertextFromBytes(key.publicKey, ciphertext)! }];
  const identity = { kind: 'selection' as const, planHash: '', report: 0, measurement: 0, labels: [], kids: [] };
  const admitted: AdmittedSelection = {
    identity: { ...identity, rangeStart: 0, rangeEnd: 3600 },
    releaseId: '',
    aggregateDigest: '',
    terms,
    keys: [{ key: 'feature', aggregates }],
  };
  const outcome = await openSelection(admitted, new FixedNoise(draw), systemRandom);
  return outcome.status === 'selected' && outcome.keys.length === 1;
}

describe.each<['keyholder' | 'both', string, number]>([
  ['keyholder', '1', 1],
  ['both', '2', 1],
  ['keyholder', '2', 2],
])('with noise of %s, epsilon %s and %i keys a subject', (noise, selectionEpsilon, keysPerSubject) => {
  const plan = openPlan({ label: { keysPerSubject }, report: { selectionEpsilon }, privacy: { epsilon: '9', noise } });
  const [report] = plan.reports;
  const terms = {
    noise: selectionNoise(report!),
    threshold: keyThreshold(plan, report!),
    keysPerSubject,
    servers: selectionServers(plan.plan.privacy),
  };
  const p = Math.exp(-Number(selectionEpsilon) / keysPerSubject);
  const reach = Math.ceil(40 / -Math.log(p));
  const law = (value: number): number => ((1 - p) / (1 + p)) * p ** Math.abs(value);
  const epsilonOfKey = Number(selectionEpsilon) / keysPerSubject;

  /** P[a key of so many subjects is selected], every draw decided by the real thing once. */
  async function chanceOf(subjects: number): Promise<number> {
    const decided = new Map<number, Promise<boolean>>();
    const receiver = noise === 'both' ? reach : 0;
    let chance = 0;
    for (let first = -receiver; first <= receiver; first += 1) {
      for (let second = -reach; second <= reach; second += 1) {
        const sum = first + second;
        const known = decided.get(sum) ?? isSelected(terms, BigInt(subjects + first), BigInt(second));
        decided.set(sum, known);
        if (await known) chance += (noise === 'both' ? law(first) : 1) * law(second);
      }
    }
    return chance;
  }

  test('a key of one subject is absent with probability 1 - delta, one more subject changes little', async () => {
    const top = Number(terms.threshold) + 3;
    const chances = [];
    for (let subjects = 0; subjects <= top; subjects += 1) chances.push(await chanceOf(subjects));
    expect(chances[1]! * keysPerSubject).toBeLessThanOrEqual(DELTA);
    // From one subject on a key is there with and without one more: the definition, both ways.
    for (let subjects = 1; subjects < top; subjects += 1) {
      const [fewer, more] = [chances[subjects]!, chances[subjects + 1]!];
      const factor = Math.exp(epsilonOfKey) * (1 + 1e-9);
      expect(more).toBeLessThanOrEqual(factor * fewer);
      expect(1 - fewer).toBeLessThanOrEqual(factor * (1 - more));
      expect(more).toBeGreaterThan(fewer);
    }
    expect(chances.at(-1)!).toBeGreaterThan(0.5);
  });
});
