// @ts-check
/**
 * python-paillier under the same keys, with GMP where its Python has gmpy2. Only where the environment variable
 * PAILLIER_PYTHON names a Python that has phe.
 */
import { execFileSync } from 'node:child_process';
import process from 'node:process';
import { makeKey } from './keys.mjs';

/** Milliseconds of one call: the median over rounds, as in harness.mjs. */
const SCRIPT = `
import json, statistics, sys, time
import phe, phe.util
given = json.load(sys.stdin)
public = phe.PaillierPublicKey(n=int(given['n']))
private = phe.PaillierPrivateKey(public, int(given['p']), int(given['q']))
a, b = public.raw_encrypt(20), public.raw_encrypt(22)
modulus = public.nsquare
if phe.util.HAVE_GMP:
    import gmpy2
    a, b, modulus = gmpy2.mpz(a), gmpy2.mpz(b), gmpy2.mpz(modulus)
assert private.raw_decrypt(int(a * b % modulus)) == 42
def millis(calls, run):
    times = []
    for _ in range(7):
        start = time.perf_counter()
        for _ in range(calls):
            run()
        times.append((time.perf_counter() - start) * 1000 / calls)
    return statistics.median(times)
print(json.dumps({
    'encrypt': millis(10, lambda: public.raw_encrypt(1)),
    'decrypt': millis(20, lambda: private.raw_decrypt(int(a))),
    'add': millis(5000, lambda: a * b % modulus),
    'arithmetic': 'gmp' if phe.util.HAVE_GMP else 'python',
}))
`;

/** @returns {import('./harness.mjs').Result[]} */
export function pythonPaillier() {
  const python = process.env['PAILLIER_PYTHON'];
  if (python === undefined || python === '') return [];
  return [2048, 3072].flatMap((bits) => {
    const secret = makeKey(bits);
    const { p, q } = secret.exportPrimes();
    const input = JSON.stringify({ n: String(secret.publicKey.n), p: String(p), q: String(q) });
    const { arithmetic, ...figures } = JSON.parse(execFileSync(python, ['-c', SCRIPT], { input }).toString());
    return Object.entries(figures).map(([name, median]) => ({
      name: `python-paillier.${name}`,
      median: Number(median),
      unit: 'ms',
      bits,
      kernel: arithmetic,
    }));
  });
}
