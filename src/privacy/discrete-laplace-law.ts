/**
 * The law of one discrete Laplace draw of scale t, and of the sum of two.
 *
 * Symbols: p = exp(-1/t). One draw: P[X > m] = p^(m+1) / (1 + p). The sum of two independent draws:
 * P[S = s] = ((1-p)/(1+p))^2 * p^s * (s + 1 + 2p^2/(1-p^2)) for s >= 0, symmetric.
 */
import type { NoiseLaw, NoiseServers } from './noise-law.js';

interface Parameters {
  /** 1/t, so that p^k = exp(-k/t) where p itself would round to 1. */
  readonly rate: number;
  readonly p: number;
  /** 1 - p, without the cancellation that a subtraction would suffer at large scales. */
  readonly complement: number;
}

export function discreteLaplaceLaw(scale: number, servers: NoiseServers): NoiseLaw {
  const parameters = { rate: 1 / scale, p: Math.exp(-1 / scale), complement: -Math.expm1(-1 / scale) };
  const tail = servers === 1 ? oneSidedTail : oneSidedTailOfTwo;
  return {
    variance: (servers * 2 * parameters.p) / parameters.complement ** 2,
    tail: (bound) => tail(parameters, bound),
  };
}

function oneSidedTail({ rate, p }: Parameters, bound: number): number {
  return Math.exp(-rate * (bound + 1)) / (1 + p);
}

/** Sum of P[S = s] over s >= a = bound + 1: a geometric series and its derivative. */
function oneSidedTailOfTwo({ rate, p, complement }: Parameters, bound: number): number {
  const constant = (2 * p * p) / (complement * (1 + p));
  const series = (bound + 2 + constant) / complement + p / complement ** 2;
  return (complement / (1 + p)) ** 2 * Math.exp(-rate * (bound + 1)) * series;
}
