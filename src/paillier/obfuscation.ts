/**
 * The fixed base of obfuscation. Everyone derives it from the modulus, so the public key stays n alone.
 * Reference: I. Damgard, M. Jurik, J. B. Nielsen, "A generalization of Paillier's public-key system with
 * applications to electronic voting", Int. J. Inf. Secur. 9(6), 2010, section 4.2 (h = -x^2, hs = h^n).
 * Exponents are half as long as the modulus: O. Goldreich, V. Rosen, J. Cryptology 16(2), 2003.
 */
import { bigIntToBytes, bytesToBigInt, concatBytes } from '../bytes.js';
import { TelemetryKitError } from '../errors.js';
import { hashFramed, u64 } from '../framing.js';
import type { GroupKernel } from '../math/group-kernel.js';
import { gcd, mod, modPow } from '../math/modular.js';
import { splitStandard, type SplitElement } from '../math/split-form.js';
import type { ModulusSize, PublicKey } from './public-key.js';

/** Bits of an obfuscation exponent alpha, uniform in [0, 2^A): A = ceil(|n| / 2). */
export function obfuscatorBits(key: ModulusSize): number {
  return Math.ceil(key.bits / 2);
}

/**
 * hs = h^n mod n^2 in split form, h = -(x^2) mod n with x hashed from n. About n.bits squarings: by `kernel`, or by
 * plain square-and-multiply without one.
 */
export function obfuscationBase(key: PublicKey, kernel?: GroupKernel): SplitElement {
  const x = hashedResidue(key);
  const h = mod(-(x * x), key.n);
  const [power] = kernel?.powersOf(h, [key.n]) ?? [modPow(h, key.n, key.nSquared)];
  return splitStandard(power ?? h, key.n);
}

/** |n| + 128 bits of SHA-256 in counter mode, reduced modulo n: statistically uniform. */
function hashedResidue(key: PublicKey): bigint {
  const modulus = bigIntToBytes(key.n, key.modulusBytes);
  const length = Math.ceil((key.bits + 128) / 8);
  const blocks = Array.from({ length: Math.ceil(length / 32) }, (_, counter) =>
    hashFramed('telemetry-kit/v1/h', [modulus, u64(counter)]),
  );
  const x = bytesToBigInt(concatBytes(blocks).subarray(0, length)) % key.n;
  if (gcd(x, key.n) !== 1n) {
    throw new TelemetryKitError('invalid_key', 'the modulus shares a factor with its own hash', {
      fix: 'generate another key',
    });
  }
  return x;
}
