import * as fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import {
  addRational,
  approximate,
  compareRational,
  formatRational,
  parseRational,
  ZERO,
} from '../../src/math/rational.js';
import { compileMeasurement } from '../../src/plan/components.js';
import { periodEpsilon } from '../../src/plan/plan-cost.js';
import type { ContributionBounds, Measurement, PlanPrivacy, ProductMeasurement } from '../../src/plan/plan.js';
import { sensitivityOf, touchedWindows } from '../../src/plan/sensitivity.js';
import { slotsOf } from '../../src/plan/slots.js';
import { formatMechanism, mechanismParameter } from '../../src/privacy/mechanism.js';
import { budgetRho, noiseOf, releaseCost } from '../../src/wire/release-noise.js';
import { totalSensitivity } from '../../src/wire/total-sensitivity.js';
import { planOf } from '../support/plans.js';

const flag: Measurement = { name: 'ok', attribute: 'ok', kind: 'flag', epsilon: '0.5' };
const sum: Measurement = {
  name: 'eur',
  attribute: 'eur',
  kind: 'sum',
  min: '-1',
  max: '9',
  scale: '0.5',
  epsilon: '0.5',
  countEpsilon: '0.25',
};
const product: ProductMeasurement = {
  name: 'xy',
  kind: 'product',
  factors: [
    { attribute: 'x', min: 0, max: 3 },
    { attribute: 'y', min: 0, max: 2 },
  ],
  epsilon: '1',
};

const event: PlanPrivacy = { domain: 'shop', unit: 'event', period: 'day', epsilon: '20', noise: 'both' };

function person(bounds: Omit<ContributionBounds, 'subject'>, overrides: Partial<PlanPrivacy> = {}): PlanPrivacy {
  return { ...event, unit: 'user-period', epsilon: '10', bounds: { subject: 'user.id', ...bounds }, ...overrides };
}

/** A plan of one measurement, its noise as text and its cost. */
function released(privacy: PlanPrivacy, measurement: Measurement) {
  const { plan } = planOf([measurement], {}, { privacy });
  const compiled = compileMeasurement(measurement);
  const noise = noiseOf(plan, compiled);
  return { noise: noise.map(formatMechanism), mechanisms: noise, cost: releaseCost(plan, compiled), plan };
}

describe('Laplace noise', () => {
  it.each([
    [event, flag, ['2', '2']],
    [event, sum, ['40', '4']],
    [event, product, ['9', '6', '18']],
    [person({ visits: 3 }), flag, ['6', '6']],
    [person({ visits: 3, visitsPerWindow: 2 }), sum, ['120', '12']],
    [person({ visits: 2, processes: 5 }), product, ['18', '12', '36']],
  ])('of $unit $bounds, %o', (privacy, measurement, scales) => {
    expect(released(privacy, measurement).noise).toEqual(scales.map((scale) => `discrete-laplace ${scale}`));
  });

  it.each([flag, sum, product])('costs what the plan declares for $kind, times processes', (measurement) => {
    for (const privacy of [event, person({ visits: 7, visitsPerWindow: 2 }), person({ visits: 2, processes: 5 })]) {
      const { plan, cost } = released(privacy, measurement);
      const declared = privacy.unit === 'event' ? totalEpsilon(measurement) : periodEpsilon(plan);
      expect(formatRational(cost.epsilon!)).toBe(formatRational(declared));
      expect(cost.delta).toEqual(ZERO);
    }
  });

  test('has less rho where a subject is spread over windows', () => {
    // 8 windows with 1 visit each, scale 8: rho = 8 / (2 * 8^2); all in one window: 64 / (2 * 8^2).
    const spread = released(person({ visits: 8, visitsPerWindow: 1 }), { ...flag, epsilon: '1' });
    const together = released(person({ visits: 8 }), { ...flag, epsilon: '1' });
    expect(spread.noise).toEqual(together.noise);
    expect([spread, together].map(({ cost }) => formatRational(cost.rho))).toEqual(['1/16', '1/2']);
  });
});

describe('Gaussian noise', () => {
  const gaussian: Partial<PlanPrivacy> = { mechanism: 'discrete-gaussian', delta: '0.000001', epsilon: '1' };

  test('is calibrated to the whole of rho by a measurement of the whole budget', () => {
    const { mechanisms } = released({ ...event, ...gaussian }, { ...flag, epsilon: '1' });
    // rho = 0.0243559..., sigma = 4.5309; the variance is rounded up by at most a thousandth.
    const sigma = Math.sqrt(approximate(mechanismParameter(mechanisms[0]!)));
    expect(sigma).toBeGreaterThanOrEqual(4.53089);
    expect(sigma).toBeLessThan(4.5332);
  });

  test('grows with the square root of the windows that a subject touches', () => {
    const one = released(person({ visits: 1 }, gaussian), flag);
    const many = released(person({ visits: 64, visitsPerWindow: 1 }, gaussian), flag);
    const [a, b] = [one, many].map(({ mechanisms }) => approximate(mechanismParameter(mechanisms[0]!)));
    expect(b! / a!).toBeCloseTo(64, 6);
  });

  test('of all measurements fits the budget, and takes its parts of it', () => {
    const bounds = fc.record({
      visits: fc.integer({ min: 1, max: 100 }),
      visitsPerWindow: fc.integer({ min: 1, max: 100 }),
    });
    fc.assert(
      fc.property(bounds, fc.constantFrom('0.25', '0.1', '0.015625'), ({ visits, visitsPerWindow }, epsilon) => {
        const privacy = person({ visits, visitsPerWindow: Math.min(visits, visitsPerWindow) }, gaussian);
        const { plan } = planOf([flag], {}, { privacy });
        const measurements = [
          { ...flag, epsilon },
          { ...sum, epsilon, countEpsilon: epsilon },
          { ...product, epsilon },
        ];
        const costs = measurements.map((each) => releaseCost(plan, compileMeasurement(each)));
        const total = costs.map(({ rho }) => rho).reduce(addRational, ZERO);
        // Four parts of epsilon; rounding variances up leaves at most two thousandths of it unused.
        const parts = 4 * approximate(parseRational(epsilon)) * approximate(budgetRho(privacy));
        expect(approximate(total)).toBeLessThanOrEqual(parts * (1 + 1e-12));
        expect(approximate(total)).toBeGreaterThan(parts * 0.997);
        expect(compareRational(total, budgetRho(privacy))).toBeLessThanOrEqual(0);
        expect(costs.map((cost) => cost.epsilon)).toEqual([undefined, undefined, undefined]);
      }),
    );
  });

  test('costs the square of the processes', () => {
    const bounds = { visits: 3, visitsPerWindow: 2 };
    const alone = released(person(bounds, gaussian), { ...flag, epsilon: '0.01' });
    const six = released(person({ ...bounds, processes: 6 }, gaussian), { ...flag, epsilon: '0.01' });
    expect(six.noise).toEqual(alone.noise);
    expect(approximate(six.cost.rho) / approximate(alone.cost.rho)).toBeCloseTo(36, 9);
  });
});

describe('the noise of running totals', () => {
  const gaussian: Partial<PlanPrivacy> = { mechanism: 'discrete-gaussian', delta: '0.000001', epsilon: '1' };
  const total = <Kind extends Measurement>(measurement: Kind): Kind => ({ ...measurement, release: 'total' });

  it.each([
    ['an event', { ...event, ...gaussian }],
    ['a subject', person({ visits: 5, visitsPerWindow: 2 }, gaussian)],
  ])('is scaled to what %s changes in all totals of a period', (_, privacy) => {
    for (const measurement of [flag, sum, product].map(total)) {
      const { mechanisms, plan, cost } = released(privacy, { ...measurement, epsilon: '0.25' });
      const { slotDetails } = compileMeasurement({ ...measurement, epsilon: '0.25' });
      const rho = approximate(budgetRho(privacy));
      mechanisms.forEach((noise, slot) => {
        const { bound, epsilon } = slotDetails[slot]!;
        const exact = (Number(bound) ** 2 * Number(totalSensitivity(plan))) / (2 * rho * approximate(epsilon));
        const variance = approximate(mechanismParameter(noise));
        expect(variance / exact).toBeGreaterThanOrEqual(1 - 1e-12);
        expect(variance / exact).toBeLessThanOrEqual(1.001);
      });
      const declared = approximate(totalEpsilon({ ...measurement, epsilon: '0.25' })) * rho;
      expect(approximate(cost.rho)).toBeLessThanOrEqual(declared * (1 + 1e-12));
      expect(approximate(cost.rho)).toBeGreaterThan(declared * 0.998);
    }
  });

  test('costs the square of the processes', () => {
    const [alone, six] = [{}, { processes: 6 }].map((more) =>
      released(person({ visits: 3, ...more }, gaussian), total({ ...flag, epsilon: '0.01' })),
    );
    expect(six!.noise).toEqual(alone!.noise);
    expect(approximate(six!.cost.rho) / approximate(alone!.cost.rho)).toBeCloseTo(36, 9);
  });

  test('is refused where it is not Gaussian, or does not fit a slot', () => {
    const { plan } = planOf([flag], {}, { privacy: event });
    expect(() => noiseOf(plan, compileMeasurement(total(flag)))).toThrow(invalidPlan);
    const { plan: many } = planOf([flag], {}, { privacy: person({ visits: 1440 }, gaussian) });
    const [x, y] = product.factors;
    const large: Measurement = {
      ...product,
      factors: [
        { ...x, max: 1000 },
        { ...y, max: 1000 },
      ],
    };
    expect(() => noiseOf(many, { ...compileMeasurement(flag), ...slotsFor(large) })).not.toThrow();
    const tiny = total({ ...large, epsilon: '0.000001' });
    expect(() => noiseOf(many, { ...compileMeasurement(flag), ...slotsFor(tiny) })).toThrow(invalidPlan);
  });

  const invalidPlan = expect.objectContaining({ code: 'invalid_plan' }) as unknown;
  /** Without the sets that a proof would need, which nobody computes here. */
  const slotsFor = (measurement: Measurement) => ({ measurement, slotDetails: slotsOf(measurement) });
});

/** What noise is scaled to is the worst that spans within the bounds can do to all slots, cells and windows together. */
test('no spread of visits over windows, cells and slots exceeds the sensitivity, and one reaches it', () => {
  const bounds = fc
    .record({ visits: fc.integer({ min: 1, max: 30 }), visitsPerWindow: fc.integer({ min: 1, max: 30 }) })
    .map(({ visits, visitsPerWindow }) => ({ visits, visitsPerWindow: Math.min(visits, visitsPerWindow) }));
  const spans = fc.array(fc.record({ window: fc.nat(5), place: fc.nat(3) }), { maxLength: 40 });
  fc.assert(
    fc.property(bounds, spans, (allowed, wanted) => {
      const privacy = person(allowed);
      const changes = new Map<string, bigint>();
      const perWindow = new Map<number, number>();
      let counted = 0;
      for (const { window, place } of wanted) {
        const used = perWindow.get(window) ?? 0;
        if (counted === allowed.visits || used === allowed.visitsPerWindow) continue;
        counted += 1;
        perWindow.set(window, used + 1);
        const key = `${String(window)} ${String(place)}`;
        changes.set(key, (changes.get(key) ?? 0n) + 1n);
      }
      const { l1, l2Squared } = sensitivityOf(privacy, 1n);
      expect([...changes.values()].reduce((total, change) => total + change, 0n)).toBeLessThanOrEqual(l1);
      expect([...changes.values()].reduce((total, change) => total + change * change, 0n)).toBeLessThanOrEqual(
        l2Squared,
      );
      // All spans of each touched window in one slot.
      const worst = touchedWindows(privacy).map((each) => BigInt(each));
      expect(worst.reduce((total, each) => total + each, 0n)).toBe(BigInt(allowed.visits));
      expect(worst.reduce((total, each) => total + each * each, 0n)).toBe(l2Squared);
    }),
  );
});

/** The bounds that noise is scaled to are those that the proofs enforce: no tuple puts more into a slot. */
it.each([flag, sum, product])('bounds fit what the proofs of $kind allow', (measurement) => {
  const { components, slotDetails, slotBits } = compileMeasurement(measurement);
  const mask = (1n << BigInt(slotBits)) - 1n;
  const largest = slotDetails.map((_, slot) =>
    components.reduce((total, { tuples }) => {
      const inSlot = tuples.map(([member = 0n]) => (member >> BigInt(slotBits * slot)) & mask);
      return total + inSlot.reduce((most, value) => (value > most ? value : most), 0n);
    }, 0n),
  );
  expect(slotDetails.map(({ bound }) => bound)).toEqual(largest);
});

function totalEpsilon(measurement: Measurement) {
  const epsilon = parseRational(measurement.epsilon);
  return measurement.kind === 'sum' ? addRational(epsilon, parseRational(measurement.countEpsilon)) : epsilon;
}
