/** Measurements of every kind with any parameters that a plan allows, and attribute values of every type. */
import fc from 'fast-check';
import type { Measurement } from '../../src/plan/plan.js';

const epsilon = '0.001';

/** A whole number of hundredths as a decimal. */
function hundredths(count: bigint): string {
  const digits = String(count < 0n ? -count : count).padStart(3, '0');
  return `${count < 0n ? '-' : ''}${digits.slice(0, -2)}.${digits.slice(-2)}`;
}

const flag = fc.record({ trueOnly: fc.boolean() }).map((own) => ({ kind: 'flag' as const, ...own }));
const category = fc.record({ count: fc.integer({ min: 1, max: 7 }), other: fc.boolean() }).map(({ count, other }) => ({
  kind: 'category' as const,
  values: Array.from({ length: count }, (_, index) => `value-${String(index)}`),
  other,
}));
const histogram = fc
  .uniqueArray(
    fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e9, max: 1e9 }).map((x) => x + 0),
    {
      minLength: 1,
      maxLength: 7,
    },
  )
  .map((boundaries) => ({ kind: 'histogram' as const, boundaries: boundaries.sort((a, b) => a - b) }));
/** Ranges of one step, of few, and of the most that a slot has room for in an envelope of fifteen spans. */
const steps = fc.oneof(
  fc.bigInt({ min: 1n, max: 40n }),
  fc.bigInt({ min: 1n, max: 1n << 53n }),
  fc.bigInt({ min: 1n, max: 1n << 102n }),
);
const sum = fc.record({ from: fc.bigInt({ min: -500n, max: 500n }), steps }).map((own) => ({
  kind: 'sum' as const,
  min: hundredths(own.from),
  max: hundredths(own.from + own.steps),
  scale: '0.01',
  countEpsilon: epsilon,
}));
const factor = fc
  .record({ min: fc.nat(3), more: fc.nat(4) })
  .map(({ min, more }) => ({ min, max: Math.max(1, min + more) }));
const product = fc.tuple(factor, factor).map((factors) => ({ kind: 'product' as const, factors }));

/** From one to three measurements, with an attribute each (of products two) that nothing else has. */
export const anyMeasurements: fc.Arbitrary<Measurement[]> = fc
  .array(fc.oneof(flag, category, histogram, sum, product), { minLength: 1, maxLength: 3 })
  .map((kinds) =>
    kinds.map((own, index): Measurement => {
      const name = `m${String(index)}`;
      if (own.kind !== 'product') return { ...own, name, attribute: name, epsilon };
      const [x, y] = own.factors;
      const factors = [
        { ...x, attribute: `${name}.x` },
        { ...y, attribute: `${name}.y` },
      ] as const;
      return { ...own, name, factors, epsilon };
    }),
  );

/** What an application may put into an attribute, and some things it may not. */
export const anyValue: fc.Arbitrary<unknown> = fc.oneof(
  fc.boolean(),
  fc.integer({ min: -10, max: 10 }),
  fc.double(),
  fc.constantFrom('value-0', 'value-3', 'value-6', 'elsewhere', ''),
  fc.constantFrom(undefined, null, Infinity, -Infinity, NaN, -0, 1e300, '1', ['value-0'], {}),
  fc.anything(),
);
