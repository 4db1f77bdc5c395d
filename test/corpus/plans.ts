/** The plans and keys of the corpus: every library and every server that runs it knows all of them. */
import { PublicKey } from '../../src/paillier/public-key.js';
import type { CompiledPlan } from '../../src/plan/compile.js';
import type { Measurement, Plan } from '../../src/plan/plan.js';
import { testPrivateKey } from '../support/keys.js';
import { openPlan } from '../support/open-plans.js';
import { planOf, testPlan } from '../support/plans.js';

export const secret = testPrivateKey();
export const key = secret.publicKey;
/** Larger than `key` and as long: every number of an envelope under `key` is in range under this one too. */
export const otherKey = PublicKey.fromModulus(((1n << 256n) - 189n) * ((1n << 256n) - 357n), { allowTestSize: true });
export const KEYS: readonly PublicKey[] = [key, otherKey];

const privacy: Plan['privacy'] = { domain: 'shop', unit: 'event', period: 'day', epsilon: '20', noise: 'both' };
const common = { keys: KEYS.map(({ kid }) => kid), privacy };
const epsilon = '0.1';
const flag = (name: string): Measurement => ({ name, attribute: name, kind: 'flag', epsilon });

/** A flag and a category under a label. */
export const shop = testPlan(common);
/** Another plan with the very same sets. */
export const shopNext = testPlan({ ...common, sequence: 2 });
/** Two measurements whose components look alike. */
export const twins = planOf([flag('left'), flag('right')], { name: 'twins' }, { ...common, name: 'twins' });

/** The largest range that a slot has room for, over the longest range of time (docs/PROTOCOL.md, section 3). */
const LARGEST_STEPS = 1n << 106n;
export const SUM_STEPS: readonly bigint[] = [1n, 1n << 53n, LARGEST_STEPS];
export const sums = planOf(
  SUM_STEPS.map((steps, index) => ({
    name: `sum_${String(index)}`,
    attribute: `sum_${String(index)}`,
    kind: 'sum',
    min: '0',
    max: String(steps),
    scale: '1',
    epsilon,
    countEpsilon: epsilon,
  })),
  { name: 'sums' },
  { ...common, name: 'sums' },
);

/** Four products of 256 tuples each: 2^10 branches in one envelope. */
export const wide = planOf(
  ['a', 'b', 'c', 'd'].map((name) => ({
    name,
    kind: 'product',
    factors: [
      { attribute: `${name}.x`, min: 1, max: 15 },
      { attribute: `${name}.y`, min: 1, max: 17 },
    ],
    epsilon,
  })),
  { name: 'wide' },
  { ...common, name: 'wide' },
);

export const coalesced = planOf(
  [flag('flushed')],
  { name: 'coalesced', mode: 'coalesced', spanBounds: [3, 15] },
  { ...common, name: 'coalesced' },
);

/** A label whose values nobody lists, and so the only field of an envelope that has no fixed width. */
export const open = openPlan({
  label: { longest: 20 },
  report: { name: 'open' },
  plan: { name: 'open', keys: common.keys },
});

export const PLANS: readonly CompiledPlan[] = [shop, shopNext, twins, sums, wide, coalesced, open];

/** Unix seconds: a window that is open at `NOW`, by every plan. */
export const WINDOW = 1_800_000_000;
export const NOW = WINDOW + 1;
