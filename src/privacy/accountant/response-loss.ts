/**
 * The privacy loss of randomised response, repeated: a binomial on two losses, epsilon and -epsilon. Whatever is
 * (epsilon, delta) loses no more than randomised response that fails with probability delta, and discrete Laplace noise
 * of sensitivity 1 is exactly that with delta 0.
 *
 * Reference: Kairouz, Oh, Viswanath, "The composition theorem for differential privacy" (arXiv 1311.0776).
 */
import { approximate, type Rational } from '../../math/rational.js';
import { trimmed, type LossDistribution } from './loss-distribution.js';

/** Of each factor of a binomial probability. */
const RELATIVE_ERROR = 1e-13;

/** `delta`: of one of them. */
export function responseLoss(epsilon: Rational, delta: Rational, times: number): LossDistribution {
  const failure = approximate(delta);
  const survives = Math.exp(times * Math.log1p(-failure));
  return trimmed({
    first: -BigInt(times) * epsilon.numerator,
    step: 2n * epsilon.numerator,
    denominator: epsilon.denominator,
    masses: binomial(times, approximate(epsilon)).map((mass) => mass * survives),
    infinite: -Math.expm1(times * Math.log1p(-failure)),
    relativeError: RELATIVE_ERROR * (times + 1),
    rounded: false,
  });
}

/** P[i of k] with odds e^epsilon for each: outwards from the likeliest, so that nothing overflows. */
function binomial(k: number, epsilon: number): Float64Array {
  const weights = new Float64Array(k + 1);
  const against = Math.exp(-epsilon);
  const mode = Math.min(k, Math.floor((k + 1) / (1 + against)));
  weights[mode] = 1;
  for (let i = mode; i < k; i += 1) weights[i + 1] = ((weights[i] ?? 0) * (k - i)) / ((i + 1) * against);
  for (let i = mode; i > 0; i -= 1) weights[i - 1] = ((weights[i] ?? 0) * i * against) / (k - i + 1);
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return weights.map((weight) => weight / total);
}
