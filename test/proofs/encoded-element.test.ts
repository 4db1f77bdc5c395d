import { describe, expect, it } from 'vitest';
import { bigIntToBytes, bytesToBigInt, concatBytes } from '../../src/bytes.js';
import { mod } from '../../src/math/modular.js';
import { elementWriter, omegaOf } from '../../src/proofs/encoded-element.js';
import { testPrivateKey } from '../support/keys.js';

describe('encoded elements', () => {
  const key = testPrivateKey().publicKey;
  const { n, modulusBytes } = key;
  const end = 1n << 256n;
  /** The highest number with the first byte that n has not. */
  const first = (n >> BigInt(8 * (modulusBytes - 1))) << BigInt(8 * (modulusBytes - 1));
  const omegas = [0n, 1n, end - 1n, end, end + 1n, first - 1n, first, n / 2n, n - 1n, (n / 2n / end) * end];
  const shifts: readonly bigint[] = [0n, 1n, -1n, 3n << 127n, -(3n << 127n), end - 1n, -end, n - 1n, -n];

  it('are written with omega shifted modulo n, whatever it carries into', () => {
    const unit = bigIntToBytes(n - 2n, modulusBytes);
    for (const omega of omegas) {
      for (const shift of shifts) {
        const element = { bytes: concatBytes([unit, bigIntToBytes(omega, modulusBytes)]), shift };
        const out = new Uint8Array(2 * modulusBytes + 2).fill(7);
        elementWriter(key, out)(element, 1);
        expect(omegaOf(key, element)).toBe(mod(omega + shift, n));
        expect(bytesToBigInt(out.subarray(1 + modulusBytes, 1 + 2 * modulusBytes))).toBe(mod(omega + shift, n));
        expect(out.subarray(1, 1 + modulusBytes)).toEqual(unit);
        expect([out[0], out.at(-1)]).toEqual([7, 7]);
      }
    }
  });
});
