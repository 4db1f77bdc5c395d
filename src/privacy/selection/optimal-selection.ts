/**
 * The optimal rule for showing a label: with a probability that depends on the number of its units and on nothing
 * else, the largest that (epsilon, delta) allows. It shows more labels than a threshold, but no count: what is
 * published of a label needs noise of its own.
 *
 * Symbols: pi(0) = 0, pi(n + 1) = min(e^epsilon pi(n) + delta, 1 - e^-epsilon (1 - pi(n) - delta), 1).
 * Every bound is rounded down to a multiple of 2^-128, with e^epsilon rounded down and e^-epsilon up: neighbouring
 * probabilities then satisfy the definition exactly.
 * Reference: Desfontaines, Voss, Gipson, Mandayam (arXiv 2006.03684), theorem 1.
 */
import { assertArgument } from '../../errors.js';
import { compareRational, rational, type Rational } from '../../math/rational.js';
import { bernoulli } from '../bernoulli.js';
import { deltaOf, epsilonOf, positiveDeltaOf, type Quantity } from '../quantity.js';
import type { UniformSource } from '../uniform-source.js';
import { expDown, negativeExpUp, ONE } from './fixed-point-exp.js';

const MAX_EPSILON = rational(10n, 1n);
const MIN_DELTA = rational(1n, 10n ** 12n);
/** With the smallest delta and epsilon allowed, certainty comes before this many units. */
const MAX_UNITS = 100_000;

export class OptimalSelection {
  /** pi(n) * 2^128, up to the first that is certain. */
  readonly #probabilities: readonly bigint[];

  /**
   * (epsilon, delta) of the labels of one unit together, of which it may bring `labels` in a period. Throws
   * `invalid_argument` unless 1/1000 <= epsilon / labels <= 10 and delta / labels >= 1e-12.
   */
  constructor(options: { readonly epsilon: Quantity; readonly delta: Quantity; readonly labels?: number }) {
    const { labels = 1 } = options;
    const valid = Number.isSafeInteger(labels) && labels >= 1;
    assertArgument(valid, 'the number of labels of one unit is not a whole number', 'pass 1 or more');
    const epsilon = shared(epsilonOf(options.epsilon), labels);
    const delta = shared(positiveDeltaOf(options.delta), labels);
    assertArgument(
      compareRational(epsilon, MAX_EPSILON) <= 0 && epsilon.numerator * 1000n >= epsilon.denominator,
      'the epsilon of one label is not within 0.001 and 10',
      'allow fewer labels, or declare another epsilon',
    );
    assertArgument(compareRational(delta, MIN_DELTA) >= 0, 'the delta of one label is below 1e-12', 'declare more');
    this.#probabilities = probabilities(epsilon, deltaOf(delta));
  }

  /** Units from which on a label is always shown. */
  get certainFrom(): number {
    return this.#probabilities.length - 1;
  }

  /** pi(units), exactly. Throws `invalid_argument` for negative or fractional units. */
  probability(units: number): Rational {
    assertArgument(Number.isSafeInteger(units) && units >= 0, 'not a number of units', 'pass a whole number');
    return rational(this.#probabilities[units] ?? ONE, ONE);
  }

  /** One decision, to be made once and kept. Throws `randomness` where the generator fails. */
  select(source: UniformSource, units: number): boolean {
    const { numerator, denominator } = this.probability(units);
    return bernoulli(source, numerator, denominator);
  }
}

function probabilities(epsilon: Rational, delta: Rational): bigint[] {
  const [growth, decay] = [expDown(epsilon), negativeExpUp(epsilon)];
  const chance = (delta.numerator * ONE) / delta.denominator;
  const result = [0n];
  for (let last = 0n; last < ONE; result.push(last)) {
    assertArgument(
      result.length <= MAX_UNITS,
      'no number of units would be certain',
      'declare a larger epsilon or delta',
    );
    const rising = (growth * last) / ONE + chance;
    // Rounded up before it is subtracted.
    const missing = (decay * (ONE - last - chance) + ONE - 1n) / ONE;
    last = [rising, ONE - missing, ONE].reduce((least, each) => (each < least ? each : least));
  }
  return result;
}

function shared({ numerator, denominator }: Rational, labels: number): Rational {
  return rational(numerator, denominator * BigInt(labels));
}
