/** Seals contributions for tests, with randomness computed in the same thread. */
import type { PublicKey } from '../../src/paillier/public-key.js';
import type { CompiledPlan } from '../../src/plan/compile.js';
import { pairBytes, PairComputer, type PairKind } from '../../src/proofs/pairs.js';
import { systemRandom } from '../../src/random.js';
import { decodeEnvelope } from '../../src/wire/envelope.js';
import { EnvelopeSealer, type Contribution, type PairRecords } from '../../src/wire/seal.js';

const computers = new Map<string, PairComputer>();

/** One for each key: its tables take longer to build than most tests to run. */
export function testPairComputer(key: PublicKey): PairComputer {
  const computer = computers.get(key.kid) ?? new PairComputer(key, { teeth: 8, tables: 4 });
  computers.set(key.kid, computer);
  return computer;
}

export class TestSealer {
  readonly sealer: EnvelopeSealer;
  readonly #key: PublicKey;
  readonly #computer: PairComputer;

  constructor(plan: CompiledPlan, key: PublicKey) {
    this.sealer = new EnvelopeSealer(plan, key);
    this.#key = key;
    this.#computer = testPairComputer(key);
  }

  /** Fresh records for one envelope of the contribution's report. */
  records(contribution: Contribution): PairRecords {
    const { obfuscators, masks } = this.sealer.demand(contribution.report, contribution.spanBound);
    return { obfuscators: this.#take('obfuscator', obfuscators), masks: this.#take('mask', masks) };
  }

  seal(contribution: Contribution): string {
    return this.sealer.seal(contribution, this.records(contribution), systemRandom);
  }

  sealBytes(contribution: Contribution): Uint8Array {
    return decodeEnvelope(this.seal(contribution)) ?? new Uint8Array(0);
  }

  #take(kind: PairKind, count: number): Uint8Array[] {
    const width = pairBytes(this.#key, kind);
    const chunk = this.#computer.compute(kind, count, systemRandom);
    return Array.from({ length: count }, (_, index) => chunk.subarray(width * index, width * (index + 1)));
  }
}
