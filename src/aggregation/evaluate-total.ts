/**
 * A running total on ciphertexts. With x_j the contributions of window j and c_0 >= c_1 >= ... the weights of the
 * square-root mechanism (privacy/continual), what is released after window t is
 *
 *   y_t = sum over k of c_k x_(t-k),   so   Enc(y_t) = product over k of Enc(x_(t-k))^(c_k)
 *
 * and the key holder never sees what an earlier window held. The weights are whole, small and never rise with age:
 * summed by parts, y_t = sum over v = 1 ... c_0 of the sum of all x_(t-k) with c_k >= v. That takes one
 * multiplication a window and one more per unit of c_0, and no exponentiation.
 *
 * It takes milliseconds at real sizes, so it lets others run in between. It takes the same multiplications whatever
 * the windows hold.
 */
import { setImmediate } from 'node:timers/promises';
import { assertArgument } from '../errors.js';
import { addCiphertexts } from '../paillier/ciphertext.js';
import type { PublicKey } from '../paillier/public-key.js';

/** Well below a millisecond of multiplications. */
const MULTIPLICATIONS_AT_ONCE = 32;

/**
 * @param windows an encryption of what each window held, the newest first.
 * @param weights non-negative, never rising; throws `invalid_argument` where there are fewer than windows.
 */
export async function evaluateTotal(
  key: PublicKey,
  windows: readonly bigint[],
  weights: readonly bigint[],
): Promise<bigint> {
  assertArgument(weights.length >= windows.length, 'a window has no weight', 'pass one weight per window');
  let multiplications = 0;
  const multiply = async (a: bigint, b: bigint): Promise<bigint> => {
    multiplications += 1;
    if (multiplications % MULTIPLICATIONS_AT_ONCE === 0) await setImmediate();
    return addCiphertexts(key, a, b);
  };
  let total = 1n;
  let heavyEnough = 1n;
  let next = 0;
  for (let level = weights[0] ?? 0n; level > 0n; level -= 1n) {
    while (next < windows.length && (weights[next] ?? 0n) >= level) {
      heavyEnough = await multiply(heavyEnough, windows[next] ?? 1n);
      next += 1;
    }
    total = await multiply(total, heavyEnough);
  }
  return total;
}
