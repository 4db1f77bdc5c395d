/** Makes a Paillier key while showing that something happens: finding primes takes seconds. */
import { generatePrivateKey } from '../keyholder/generate-key.js';
import type { KeyGenerationProgress } from '../paillier/key-generation.js';
import type { PrivateKey } from '../paillier/private-key.js';
import { systemRandom } from '../random.js';
import { writeNote } from './output.js';

/** One line on a terminal, rewritten; a line for each prime elsewhere. Rejects once the signal is aborted. */
export async function generateKeyVisibly(bits: number, signal: AbortSignal): Promise<PrivateKey> {
  writeNote(`making a key of ${String(bits)} bits: two random primes of ${String(bits / 2)} bits`);
  const onProgress = process.stderr.isTTY ? rewriteLine : lineForEachPrime();
  try {
    return await generatePrivateKey(bits, systemRandom, { onProgress, signal });
  } finally {
    if (process.stderr.isTTY) process.stderr.write('\n');
  }
}

function rewriteLine({ primesFound, candidatesTested }: KeyGenerationProgress): void {
  process.stderr.write(`\r  ${describe(primesFound, candidatesTested)}`);
}

function lineForEachPrime(): (progress: KeyGenerationProgress) => void {
  let shown = 0;
  return ({ primesFound, candidatesTested }) => {
    if (primesFound <= shown) return;
    shown = primesFound;
    writeNote(`  ${describe(primesFound, candidatesTested)}`);
  };
}

function describe(primesFound: number, candidatesTested: number): string {
  return `${String(primesFound)} of 2 primes found, ${String(candidatesTested)} candidates tested`;
}
