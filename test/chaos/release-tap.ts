/**
 * Stands between the receivers and the key holder and reads what they ask for with the data owner's private key, so
 * that totals are exact; notes a window that is asked for with other bytes than before, and a cell that is refused.
 */
import { status } from '@grpc/grpc-js';
import { startReleaseServer, type ReleaseServer } from '../../src/keyholder/server.js';
import { ciphertextFromBytes } from '../../src/paillier/ciphertext.js';
import type { PrivateKey } from '../../src/paillier/private-key.js';
import { decodeSlots } from '../../src/paillier/slots.js';
import type { CompiledPlan } from '../../src/plan/compile.js';
import { systemRandom } from '../../src/random.js';
import { createKeyHolderClient, type KeyHolderClient } from '../../src/receiver/keyholder-client.js';
import { decodeWindowReleaseRequest, encodeWindowReleaseResponse } from '../../src/wire/release-messages.js';
import type { WindowReleaseRequest, WindowReleaseResponse } from '../../src/wire/release.js';

/** Counts of a cell's slots, by measurement and label. */
export type WindowTotals = ReadonlyMap<string, readonly bigint[]>;

export function cellName(measurement: number, label: number): string {
  return `${String(measurement)} ${String(label)}`;
}

export class ReleaseTap {
  /** What is wrong, in words. */
  readonly faults: string[] = [];
  /** Calls that were answered, and windows that were asked for, repeatedly or not. */
  answered = 0;
  readonly #requests = new Map<number, Buffer>();
  readonly #released = new Set<number>();
  readonly #plan: CompiledPlan;
  readonly #privateKey: PrivateKey;
  readonly #upstream: KeyHolderClient;
  #server: ReleaseServer | undefined;

  constructor(plan: CompiledPlan, privateKey: PrivateKey, keyHolderSocket: string) {
    this.#plan = plan;
    this.#privateKey = privateKey;
    this.#upstream = createKeyHolderClient({ target: `unix:${keyHolderSocket}`, timeoutMillis: 20_000 });
  }

  async listen(socketPath: string): Promise<void> {
    const unknown = { code: status.UNIMPLEMENTED, details: 'the plan has no open label' };
    const stranger = { code: status.PERMISSION_DENIED, details: 'the tap admits everybody' };
    this.#server = await startReleaseServer(
      {
        handle: (bytes) => this.#pass(bytes),
        select: () => Promise.resolve(unknown),
        turnAway: () => stranger,
        isServing: () => true,
      },
      { socketPath },
    );
  }

  /** Windows, by their start, for which the key holder has answered. */
  get released(): ReadonlySet<number> {
    return this.#released;
  }

  /** What the receivers counted in a window; `undefined` where nobody asked for it. */
  totals(windowStart: number): WindowTotals | undefined {
    const bytes = this.#requests.get(windowStart);
    const decoded = bytes && decodeWindowReleaseRequest(bytes);
    return decoded?.ok === true ? this.#open(decoded.message) : undefined;
  }

  async close(): Promise<void> {
    this.#upstream.close();
    await this.#server?.close();
  }

  async #pass(bytes: Uint8Array): Promise<Uint8Array | { code: status; details: string }> {
    const decoded = decodeWindowReleaseRequest(bytes);
    if (!decoded.ok) throw new Error(`a receiver asked for what nobody understands: ${decoded.fault}`);
    this.#compare(decoded.message.windowStart, Buffer.from(bytes));
    try {
      const response = await this.#upstream.releaseWindow(decoded.message);
      this.#note(decoded.message, response);
      return encodeWindowReleaseResponse(response);
    } catch {
      return { code: status.UNAVAILABLE, details: 'the key holder is out of reach' };
    }
  }

  #compare(windowStart: number, bytes: Buffer): void {
    const earlier = this.#requests.get(windowStart);
    if (earlier === undefined) this.#requests.set(windowStart, bytes);
    else if (!earlier.equals(bytes)) this.faults.push(`window ${String(windowStart)} was asked for with other bytes`);
  }

  #note({ windowStart }: WindowReleaseRequest, { cells }: WindowReleaseResponse): void {
    this.answered += 1;
    for (const cell of cells) {
      if (cell.status === 'refused') this.faults.push(`window ${String(windowStart)} was refused: ${cell.reason}`);
      if (cell.status === 'suppressed') this.faults.push(`window ${String(windowStart)} is suppressed: ${cell.reason}`);
    }
    this.#released.add(windowStart);
  }

  #open({ report, cells }: WindowReleaseRequest): WindowTotals {
    const { publicKey } = this.#privateKey;
    const totals = new Map<string, readonly bigint[]>();
    for (const { measurement, labels, aggregates } of cells) {
      const [aggregate] = aggregates;
      const slots = this.#plan.reports[report]?.measurements[measurement]?.slots.length ?? 0;
      const ciphertext = aggregate && ciphertextFromBytes(publicKey, aggregate.ciphertext);
      if (ciphertext === undefined) throw new Error('a receiver asked for what is no ciphertext');
      const plaintext = this.#privateKey.decrypt(ciphertext, systemRandom);
      totals.set(cellName(measurement, Number(labels[0])), decodeSlots(publicKey, plaintext, slots));
    }
    return totals;
  }
}
