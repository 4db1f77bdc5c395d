/**
 * A decryptor as a user may supply one: it opens aggregates with the test key and adds no noise, so that
 * tests see exact totals. It remembers what it was asked, and can be out of reach.
 */
import { TelemetryKitError } from '../../src/errors.js';
import { addCiphertexts, ciphertextFromBytes } from '../../src/paillier/ciphertext.js';
import { decodeSlots } from '../../src/paillier/slots.js';
import type { CompiledPlan } from '../../src/plan/compile.js';
import { systemRandom } from '../../src/random.js';
import type {
  AggregateDecryptor,
  CellAggregate,
  CellOutcome,
  WindowReleaseRequest,
  WindowReleaseResponse,
} from '../../src/wire/release.js';
import { testPrivateKey } from '../support/keys.js';

export class TestDecryptor implements AggregateDecryptor {
  readonly #plan: CompiledPlan;
  readonly requests: WindowReleaseRequest[] = [];
  /** While set, requests are answered with it instead. */
  failure: Error | undefined;
  /** Changes outcomes on their way out. */
  override: ((outcome: CellOutcome, cell: CellAggregate) => CellOutcome) | undefined;

  constructor(plan: CompiledPlan) {
    this.#plan = plan;
  }

  static outOfReach(): Error {
    return new TelemetryKitError('unavailable', 'out of reach', { fix: 'wait' });
  }

  releaseWindow(request: WindowReleaseRequest): Promise<WindowReleaseResponse> {
    this.requests.push(request);
    if (this.failure !== undefined) return Promise.reject(this.failure);
    const cells = request.cells.map((cell, index) => {
      const outcome = this.#release(request, cell, index);
      return this.override?.(outcome, cell) ?? outcome;
    });
    const consumed = String(this.requests.length);
    return Promise.resolve({
      cells,
      budget: { domain: 'shop', periodStart: 0, measure: 'epsilon', limit: '20', consumed, remaining: '1/2' },
    });
  }

  #release({ report }: WindowReleaseRequest, { measurement, aggregates }: CellAggregate, index: number): CellOutcome {
    const { publicKey } = testPrivateKey();
    const sum = aggregates.reduce(
      (product, { ciphertext }) => addCiphertexts(publicKey, product, ciphertextFromBytes(publicKey, ciphertext)!),
      1n,
    );
    const slots = this.#plan.reports[report]!.measurements[measurement]!.slots.length;
    const values = decodeSlots(publicKey, testPrivateKey().decrypt(sum, systemRandom), slots);
    return {
      status: 'released',
      releaseId: `r${String(index)}`,
      values,
      ledger: { sequence: index, hash: `h${String(index)}` },
    };
  }
}
