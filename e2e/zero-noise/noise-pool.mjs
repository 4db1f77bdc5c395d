// @ts-check
/** The pool of noise with zeros in it; what it hands out protects nobody. */
import process from 'node:process';

process.stderr.write('this key holder adds NO NOISE: it is for tests only\n');

export class NoisePool {
  prepare() {}

  held() {
    return Infinity;
  }

  take() {
    return 0n;
  }
}
