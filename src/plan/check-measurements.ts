/** Rules of single measurements: sets that are sets, ranges that hold something, totals that fit their slots. */
import { isWholeSteps, parseDecimal, type Decimal } from '../math/decimal.js';
import { checkEpsilon } from './check-epsilon.js';
import {
  DEFAULT_SPAN_BOUNDS,
  type Measurement,
  type Plan,
  type PlanPrivacy,
  type Report,
  type SumMeasurement,
} from './plan.js';
import { notIncreasing, repeated, type PlanIssue } from './plan-issue.js';
import { sensitivityOf } from './sensitivity.js';
import { OTHER, slotsOf } from './slots.js';

/** Most tuples in one set: what a proof of it costs grows with them. */
const MAX_TUPLES = 256;
/** Envelopes over the longest range that is ever added up. */
const RANGE_FACTOR = 1n << 20n;
/** The coefficients of a running total add up to 10,945 where it has 1440 windows. */
const TOTAL_FACTOR = 1n << 14n;
const NOISE_FACTOR = 64n;

export function checkMeasurements(plan: Plan): PlanIssue[] {
  return plan.reports.flatMap((report, r) =>
    report.measurements.flatMap((measurement, m) => {
      const path = `reports[${String(r)}].measurements[${String(m)}]`;
      // Capacity divides by epsilon, and reads ranges.
      const own = [...checkKind(path, measurement), ...checkEpsilons(path, measurement)];
      return own.length > 0 ? own : checkCapacity(path, plan.privacy, report, measurement);
    }),
  );
}

function checkKind(path: string, measurement: Measurement): PlanIssue[] {
  switch (measurement.kind) {
    case 'flag':
      return [];
    case 'category': {
      const clash = measurement.other === true && measurement.values.includes(OTHER);
      return [
        ...repeated(`${path}.values`, measurement.values),
        ...(clash
          ? [{ path: `${path}.values`, message: `declares "${OTHER}" beside other: true: drop one of the two` }]
          : []),
      ];
    }
    case 'histogram':
      return notIncreasing(`${path}.boundaries`, measurement.boundaries);
    case 'sum':
      return checkSum(path, measurement);
    case 'product': {
      if (measurement.minimum !== undefined) {
        return [{ path: `${path}.minimum`, message: 'has no count to be compared with in a product: remove it' }];
      }
      const [x, y] = measurement.factors;
      const reversed = measurement.factors.findIndex(({ min, max }) => min > max);
      if (reversed >= 0) {
        return [{ path: `${path}.factors[${String(reversed)}]`, message: 'has min above max: swap them' }];
      }
      const tuples = (x.max - x.min + 1) * (y.max - y.min + 1) + 1;
      if (x.max * y.max === 0) {
        return [{ path: `${path}.factors`, message: 'has a product that is always 0: raise a max' }];
      }
      return tuples > MAX_TUPLES
        ? [
            {
              path: `${path}.factors`,
              message: `spans ${String(tuples)} pairs, more than ${String(MAX_TUPLES)}: narrow a factor`,
            },
          ]
        : [];
    }
  }
}

function checkSum(path: string, { min, max, scale }: SumMeasurement): PlanIssue[] {
  const [from, to, unit] = [min, max, scale].map(parseDecimal) as [Decimal, Decimal, Decimal];
  if (unit.coefficient <= 0n)
    return [{ path: `${path}.scale`, message: 'is not positive: declare the step, such as "0.01"' }];
  if (!isAbove(to, from))
    return [{ path: `${path}.max`, message: 'is not above min: the range would hold nothing, raise max' }];
  return isWholeSteps(from, to, unit)
    ? []
    : [
        {
          path: `${path}.scale`,
          message: 'does not divide max - min: values near max would lose digits, choose a scale that does',
        },
      ];
}

function isAbove(high: Decimal, low: Decimal): boolean {
  return high.coefficient * 10n ** BigInt(low.places) > low.coefficient * 10n ** BigInt(high.places);
}

function checkEpsilons(path: string, measurement: Measurement): PlanIssue[] {
  const parts = measurement.kind === 'sum' ? ['epsilon', 'countEpsilon'] : ['epsilon'];
  const epsilons = measurement.kind === 'sum' ? [measurement.epsilon, measurement.countEpsilon] : [measurement.epsilon];
  return epsilons.flatMap((epsilon, index) => checkEpsilon(`${path}.${parts[index] ?? ''}`, epsilon));
}

/** The largest total and 64 times the noise scale stay within a slot, so that no value is ever refused later. */
function checkCapacity(path: string, privacy: PlanPrivacy, report: Report, measurement: Measurement): PlanIssue[] {
  const limit = measurement.kind === 'sum' ? 1n << 126n : 1n << 46n;
  const spans = BigInt(report.mode === 'coalesced' ? Math.max(...(report.spanBounds ?? DEFAULT_SPAN_BOUNDS)) : 1);
  const overflows = slotsOf(measurement).some(({ bound, epsilon }) => {
    const noise = (sensitivityOf(privacy, bound).l1 * epsilon.denominator * NOISE_FACTOR) / epsilon.numerator;
    const range = measurement.release === 'total' ? RANGE_FACTOR * TOTAL_FACTOR : RANGE_FACTOR;
    return spans * bound * range > limit || noise > limit;
  });
  return overflows
    ? [
        {
          path,
          message: 'could overflow its slot over a long range: lower max, use a coarser scale or a smaller span bound',
        },
      ]
    : [];
}
