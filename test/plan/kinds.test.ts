import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatRational } from '../../src/math/rational.js';
import { checkPlan } from '../../src/plan/check.js';
import { classifyValue, membersOf } from '../../src/plan/classify.js';
import { packSlots } from '../../src/paillier/slots.js';
import { compileMeasurement } from '../../src/plan/components.js';
import type { Measurement } from '../../src/plan/plan.js';
import { releaseEpsilon } from '../../src/plan/slots.js';
import { testPlanDocument } from '../support/plans.js';

const flag: Measurement = { name: 'ok', attribute: 'ok', kind: 'flag', epsilon: '1' };
const trueOnly: Measurement = { ...flag, trueOnly: true };
const category: Measurement = {
  name: 'plan',
  attribute: 'plan',
  kind: 'category',
  values: ['free', 'team', 'enterprise'],
  other: true,
  epsilon: '1',
};
const closed: Measurement = { ...category, other: false };
const histogram: Measurement = {
  name: 'ms',
  attribute: 'ms',
  kind: 'histogram',
  boundaries: [0, 10, 100],
  epsilon: '1',
};
const sum: Measurement = {
  name: 'amount',
  attribute: 'amount',
  kind: 'sum',
  min: '-5',
  max: '500',
  scale: '0.01',
  epsilon: '0.75',
  countEpsilon: '0.25',
};
const int64: Measurement = { ...sum, min: '0', max: '9223372036854775807', scale: '1' };
const offset: Measurement = { ...sum, min: '1700000000000000001', max: '1700000000000000009', scale: '1' };
const product: Measurement = {
  name: 'xy',
  kind: 'product',
  factors: [
    { attribute: 'x', min: 1, max: 3 },
    { attribute: 'y', min: 0, max: 1 },
  ],
  epsilon: '1',
};
const ALL = [flag, trueOnly, category, closed, histogram, sum, product];

describe('every value has one outcome', () => {
  it.each<[string, Measurement, unknown[], string, bigint[]]>([
    ['true', flag, [true], 'measured', [1n, 0n]],
    ['false', flag, [false], 'measured', [0n, 1n]],
    ['true only', trueOnly, [true], 'measured', [1n]],
    ['false of true only', trueOnly, [false], 'measured', [0n]],
    ['no flag', flag, [undefined], 'absent', [0n, 0n]],
    ['null', flag, [null], 'absent', [0n, 0n]],
    ['a string as flag', flag, ['true'], 'wrong_type', [0n, 0n]],
    ['a category', category, ['team'], 'measured', [0n, 1n, 0n, 0n]],
    ['an undeclared category', category, ['gold'], 'other', [0n, 0n, 0n, 1n]],
    ['an undeclared one without other', closed, ['gold'], 'undeclared', [0n, 0n, 0n]],
    ['a number as category', category, [5], 'wrong_type', [0n, 0n, 0n, 0n]],
    ['a list as category', category, [['free']], 'wrong_type', [0n, 0n, 0n, 0n]],
    ['below the first boundary', histogram, [-1], 'measured', [1n, 0n, 0n, 0n]],
    ['on a boundary: (a, b]', histogram, [10], 'measured', [0n, 1n, 0n, 0n]],
    ['just above', histogram, [10.000001], 'measured', [0n, 0n, 1n, 0n]],
    ['above the last', histogram, [1e300], 'measured', [0n, 0n, 0n, 1n]],
    ['infinity', histogram, [Infinity], 'measured', [0n, 0n, 0n, 1n]],
    ['minus infinity', histogram, [-Infinity], 'measured', [1n, 0n, 0n, 0n]],
    ['NaN', histogram, [NaN], 'wrong_type', [0n, 0n, 0n, 0n]],
    ['a sum', sum, [12.34], 'measured', [1734n, 1n]],
    ['a sum that needs rounding', sum, [0.125], 'measured', [513n, 1n]],
    ['a sum as doubles have it', sum, [0.1 + 0.2], 'measured', [530n, 1n]],
    ['a sum at min', sum, [-5], 'measured', [0n, 1n]],
    ['a double that lies just above an exact bound', int64, [2 ** 63], 'clamped', [2n ** 63n - 1n, 1n]],
    ['a double that lies just below an exact bound', offset, [1_700_000_000_000_000_000], 'clamped', [0n, 1n]],
    ['a sum below min', sum, [-6], 'clamped', [0n, 1n]],
    ['a sum above max', sum, [501], 'clamped', [50_500n, 1n]],
    ['an infinite sum', sum, [Infinity], 'clamped', [50_500n, 1n]],
    ['NaN as sum', sum, [NaN], 'wrong_type', [0n, 0n]],
    ['a bigint as sum', sum, [5n], 'wrong_type', [0n, 0n]],
    ['a symbol as sum', sum, [Symbol('x')], 'wrong_type', [0n, 0n]],
    ['a product', product, [2, true], 'measured', [2n, 1n, 2n]],
    ['a product of half', product, [2.4, 1], 'clamped', [2n, 1n, 2n]],
    ['a product out of range', product, [9, -1], 'clamped', [3n, 0n, 0n]],
    ['half a product', product, [2, undefined], 'absent', [0n, 0n, 0n]],
    ['a product with a string', product, [2, '1'], 'wrong_type', [0n, 0n, 0n]],
  ])('%s', (_name, measurement, values, outcome, increments) => {
    expect(classifyValue(compileMeasurement(measurement), values)).toEqual({ outcome, increments });
  });

  it('and its members add up to its increments, whatever is given', () => {
    const anything = fc.oneof(fc.anything(), fc.double(), fc.integer({ min: -10, max: 600 }), fc.boolean());
    fc.assert(
      fc.property(fc.constantFrom(...ALL), anything, anything, (measurement, first, second) => {
        const compiled = compileMeasurement(measurement);
        const values = [first, second].slice(0, compiled.attributes.length);
        const { increments } = classifyValue(compiled, values);
        const members = membersOf(compiled, increments);
        const total = members.reduce((all, member, index) => all + compiled.components[index]!.tuples[member]![0]!, 0n);
        expect(total).toBe(packSlots(increments, compiled.slotBits));
      }),
      { numRuns: 500 },
    );
  });
});

describe('slots', () => {
  it('say what they count, how much one event changes them and what releasing them costs', () => {
    const details = (measurement: Measurement): string[] =>
      compileMeasurement(measurement).slotDetails.map(
        ({ name, bound, epsilon }) => `${name} ${String(bound)} ${formatRational(epsilon)}`,
      );
    expect(details(histogram)).toEqual(['(-inf, 0] 1 1', '(0, 10] 1 1', '(10, 100] 1 1', '(100, +inf] 1 1']);
    expect(details(sum)).toEqual(['sum 50500 3/4', 'count 1 1/4']);
    expect(details(product)).toEqual(['x 3 1/3', 'y 1 1/3', 'xy 3 1/3']);
    expect(ALL.map((measurement) => formatRational(releaseEpsilon(measurement)))).toEqual(ALL.map(() => '1'));
  });
});

describe('plans with these kinds', () => {
  const check = (measurement: unknown): string[] => {
    const [report] = testPlanDocument().reports;
    const plan = { ...testPlanDocument(), reports: [{ ...report!, measurements: [measurement] }] };
    return checkPlan(plan).issues.map(
      ({ path, message }) => `${path.replace('reports[0].measurements[0]', '')} ${message}`,
    );
  };
  it('are accepted', () => {
    for (const measurement of ALL) expect(check(measurement)).toEqual([]);
  });
  it.each<[string, unknown, RegExp]>([
    ['unsorted boundaries', { ...histogram, boundaries: [1, 3, 2] }, /boundaries must increase/],
    ['repeated boundaries', { ...histogram, boundaries: [1, 1] }, /boundaries must increase/],
    ['too many boundaries', { ...histogram, boundaries: Array.from({ length: 32 }, (_, i) => i) }, /more than 31/],
    ['no boundaries', { ...histogram, boundaries: [] }, /at least one/],
    ['a zero-width range', { ...sum, max: '-5' }, /max is not above min/],
    ['a reversed range', { ...sum, max: '-6' }, /max is not above min/],
    ['a scale that loses digits', { ...sum, scale: '0.3' }, /scale does not divide/],
    ['scale 0', { ...sum, scale: '0' }, /scale is not positive/],
    ['a negative scale', { ...sum, scale: '-0.01' }, /scale is not positive/],
    ['a float as bound', { ...sum, max: 500 }, /floats are refused/],
    ['a sum over capacity', { ...sum, max: `1${'0'.repeat(31)}` }, /overflow its slot/],
    ['a count without epsilon', { ...sum, countEpsilon: undefined }, /countEpsilon/],
    [
      'a reversed factor',
      { ...product, factors: [{ attribute: 'x', min: 3, max: 1 }, product.factors[1]] },
      /min above max/,
    ],
    ['a product with a minimum', { ...product, minimum: 5 }, /minimum has no count to be compared with/],
    ['one factor', { ...product, factors: [product.factors[0]] }, /factors/],
    [
      'too many pairs',
      { ...product, factors: [{ attribute: 'x', min: 0, max: 300 }, product.factors[1]] },
      /more than 256/,
    ],
    [
      'a product that is always 0',
      { ...product, factors: [{ attribute: 'x', min: 0, max: 0 }, product.factors[1]] },
      /always 0/,
    ],
    ['a product with an attribute of its own', { ...product, attribute: 'z' }, /unknown fields attribute/],
  ])('%s', (_name, measurement, message) => {
    expect(check(JSON.parse(JSON.stringify(measurement))).join('; ')).toMatch(message);
  });
  it('must not ask for unbounded proofs or joins', () => {
    const [report] = testPlanDocument().reports;
    const values = Array.from({ length: 32 }, (_, index) => `v${String(index)}`);
    const wide = ['a', 'b'].map((name) => ({ ...closed, name, attribute: name, values }));
    const many = { ...report!, mode: 'coalesced' as const, spanBounds: [1_048_575], measurements: wide, labels: [] };
    expect(checkPlan({ ...testPlanDocument(), reports: [many] }).issues[0]?.message).toMatch(/2640 proofs an envelope/);
    const region = {
      key: 'region',
      values: Array.from({ length: 20 }, (_, index) => `r${String(index)}`),
      otherwise: 'r0',
    };
    const joined = { ...many, spanBounds: [15], measurements: wide.slice(0, 1), labels: ['region'] };
    const plan = { ...testPlanDocument(), labels: [region], reports: [joined] };
    expect(checkPlan(plan).issues[0]?.message).toMatch(/640 coalesced totals/);
  });
  it('span bounds must increase', () => {
    const [report] = testPlanDocument().reports;
    const plan = { ...testPlanDocument(), reports: [{ ...report!, mode: 'coalesced', spanBounds: [15, 15] }] };
    expect(checkPlan(plan).issues[0]?.message).toMatch(/must increase/);
  });
});
