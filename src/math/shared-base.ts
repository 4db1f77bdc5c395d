/**
 * Many powers of one base that is used only a few times: the squarings are shared, the digits are gathered
 * in buckets. Reference: A. C. Yao, "On the evaluation of powers", SIAM J. Comput. 5(1), 1976.
 */
const DIGIT_BITS = 4n;
const BUCKETS = 1 << Number(DIGIT_BITS);

/** Returns a function exponent -> base^exponent mod modulus for 0 <= exponent < 2^exponentBits. */
export function sharedBasePowers(base: bigint, modulus: bigint, exponentBits: number): (exponent: bigint) => bigint {
  const digits = Math.ceil(exponentBits / Number(DIGIT_BITS));
  const ladder = [base % modulus];
  while (ladder.length < digits) {
    let power = ladder[ladder.length - 1] ?? 1n;
    for (let squaring = 0n; squaring < DIGIT_BITS; squaring += 1n) power = (power * power) % modulus;
    ladder.push(power);
  }
  return (exponent) => combine(gather(exponent, ladder, modulus), modulus);
}

/** bucket[d] = product of base^(16^i) over the positions i whose digit is d. */
function gather(exponent: bigint, ladder: readonly bigint[], modulus: bigint): (bigint | undefined)[] {
  const buckets = new Array<bigint | undefined>(BUCKETS).fill(undefined);
  const text = exponent.toString(BUCKETS);
  for (let position = 0; position < text.length; position += 1) {
    const digit = parseInt(text.charAt(text.length - 1 - position), BUCKETS);
    if (digit === 0) continue;
    const held = buckets[digit];
    const power = ladder[position] ?? 1n;
    buckets[digit] = held === undefined ? power : (held * power) % modulus;
  }
  return buckets;
}

/** product of bucket[d]^d by two running products. */
function combine(buckets: readonly (bigint | undefined)[], modulus: bigint): bigint {
  let running = 1n;
  let result = 1n;
  for (let digit = BUCKETS - 1; digit > 0; digit -= 1) {
    const bucket = buckets[digit];
    if (bucket !== undefined) running = (running * bucket) % modulus;
    result = (result * running) % modulus;
  }
  return result % modulus;
}
