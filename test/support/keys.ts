/** Fixed keys, so that tests are fast and reproducible. Never used outside tests. */
import { PrivateKey } from '../../src/paillier/private-key.js';

const PRIMES: Record<number, readonly [string, string]> = {
  512: [
    'fe62f4bbbc51725b2e547d3913c011b2202909d8272f1f4f489e577377db28eb',
    'fea88be73ac08771f1950f4dc5a7e2cd31fec73b6ec0f524ca7f6936ae0a2f1b',
  ],
  1024: [
    'e3c9fafa7afba7ffd6003104e4add24c128c858231f4ef997bec7507d7c2d1352b3c1ba091c0e5995ff362bc0d8c57e06b03ee48307122cfaa9275bd97b8108f',
    'ec0deff4d491b1c080d7f38e2d92e02a6fe165a441a0e256450ba3cb2931952aa460466aadcfadeefa1d3367fa24c695f9000eac57ba78d8a597f85c8bf4bbf3',
  ],
  2048: [
    'f8ebed2e90b1d996077dc505b4f7e36a58ca9da807f1bc86ba18939896476e5936a00a50cd460804cfb22d46b09a2a590c4ad02f7683550f3f9f2a655624c81b16b5ba1f691898ffac7776f92d6e62a379f4bde482462e3a2f009be30c646799f0dcf8f34ada8bc30d30292e9bc122d8e2e075a50f5efadb42f976f07417affb',
    'ebdd4521095b49f7f1876f60d26574d80037fbadec65d4a7b3fc4345973303b5d988c828ba0504df0e98df9e7a88aff0d222a232479b9bac8cee0dea21cb4d62217216be58d2608d0a618271e7a1d69926979efd694a347ee8bba1f71c55dc07a73a3d356fa7c840abfb487f47c656629ab3170bcb6f4dffc3f1381bc17c2a03',
  ],
};

const cache = new Map<number, PrivateKey>();

/** A private key with known primes; 512 bits unless a test needs the real size. */
export function testPrivateKey(bits: 512 | 1024 | 2048 = 512): PrivateKey {
  const [p = '', q = ''] = PRIMES[bits] ?? [];
  const key = cache.get(bits) ?? PrivateKey.fromPrimes(BigInt(`0x${p}`), BigInt(`0x${q}`), { allowTestSize: true });
  cache.set(bits, key);
  return key;
}
