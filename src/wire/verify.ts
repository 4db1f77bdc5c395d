/**
 * Verifies envelopes against the plans and keys a receiver knows. Never throws: every input is either a
 * contribution or one named reason. The rules of time (`late`, `too_early`) and duplicates belong to the
 * receiver; everything else is here, cheap checks first.
 */
import { SMALL_COMB, type CombShape } from '../math/fixed-base-comb.js';
import { createGroupKernel, type GroupKernel, type KernelOptions } from '../math/group-kernel.js';
import type { PublicKey } from '../paillier/public-key.js';
import type { CompiledPlan } from '../plan/compile.js';
import { BatchVerifier } from '../proofs/batch-verify.js';
import type { ProofFault, Subject } from '../proofs/membership-checks.js';
import { VERSION_1 } from '../proofs/parameters.js';
import { MembershipVerifier } from '../proofs/verify-membership.js';
import type { RandomBytes } from '../random.js';
import { addressEnvelope, type AddressBook, type AddressedEnvelope } from './address.js';
import type { EnvelopeHeader } from './envelope.js';
import { openEnvelope, type OpenedEnvelope, type VerifiedComponent } from './open-envelope.js';
import type { RejectionReason } from './rejection.js';

export interface VerifiedContribution {
  /** 32 bytes: the name under which it is counted once. */
  readonly id: Uint8Array;
  readonly header: EnvelopeHeader;
  readonly ciphertexts: readonly VerifiedComponent[];
}

interface Rejected {
  readonly ok: false;
  readonly reason: RejectionReason;
}

export type HeaderResult = { readonly ok: true; readonly header: EnvelopeHeader } | Rejected;
export type VerifyResult = { readonly ok: true; readonly contribution: VerifiedContribution } | Rejected;

export class EnvelopeVerifier {
  readonly #book: AddressBook;
  readonly #kernels = new Map<string, GroupKernel>();
  readonly #singles = new Map<string, MembershipVerifier>();
  readonly #batches = new Map<string, BatchVerifier>();
  readonly #comb: CombShape;
  readonly #kernel: KernelOptions;

  /** Tables are built at the first envelope under a key, or by `warmUp`. */
  constructor(
    plans: readonly CompiledPlan[],
    keys: readonly PublicKey[],
    comb: CombShape = SMALL_COMB,
    kernel: KernelOptions = {},
  ) {
    this.#book = {
      plans: new Map(plans.map((plan) => [plan.hashText, plan])),
      keys: new Map(keys.map((key) => [key.kid, key])),
    };
    this.#comb = comb;
    this.#kernel = kernel;
  }

  /** Builds what batches need under every key now: some hundred milliseconds a key. */
  warmUp(): void {
    for (const key of this.#book.keys.values()) this.#batchOf(key);
  }

  /** The cheap part: version, plan, key, report, mode, span bound, length, labels. No arithmetic. */
  readHeader(bytes: Uint8Array): HeaderResult {
    const addressed = addressEnvelope(bytes, this.#book);
    return typeof addressed === 'string' ? rejected(addressed) : { ok: true, header: addressed.header };
  }

  /** Everything but the rules of time, proof by proof. Milliseconds per branch. */
  verify(bytes: Uint8Array): VerifyResult {
    const addressed = addressEnvelope(bytes, this.#book);
    if (typeof addressed === 'string') return rejected(addressed);
    const opened = openEnvelope(addressed);
    const verifier = this.#singleOf(addressed.key);
    for (const subject of opened.subjects) {
      const fault = subject === undefined ? 'not_coprime' : verifier.verify(subject.set, subject, subject.challenge);
      if (fault !== undefined) return rejected(fault);
    }
    return accepted(addressed, opened);
  }

  /**
   * The same verdicts for many envelopes of one source, with one equation a key: several times cheaper. A wrong
   * batch passes with probability 2^-96; `random` must be the system's generator. Pass envelopes of one sender
   * only, so that a hostile one spoils no other's batch.
   */
  verifyMany(envelopes: readonly Uint8Array[], random: RandomBytes): VerifyResult[] {
    const results: VerifyResult[] = envelopes.map(() => rejected('malformed'));
    const byKey = new Map<PublicKey, { index: number; addressed: AddressedEnvelope; opened: OpenedEnvelope }[]>();
    envelopes.forEach((bytes, index) => {
      const addressed = addressEnvelope(bytes, this.#book);
      if (typeof addressed === 'string') {
        results[index] = rejected(addressed);
      } else {
        const group = byKey.get(addressed.key) ?? [];
        group.push({ index, addressed, opened: openEnvelope(addressed) });
        byKey.set(addressed.key, group);
      }
    });
    for (const [key, group] of byKey) {
      const faults = this.#batchOf(key).verify(
        group.map(({ opened }) => opened.subjects.filter(isPresent)),
        random,
      );
      group.forEach(({ index, addressed, opened }, position) => {
        const fault: ProofFault | undefined =
          faults[position] ?? (opened.subjects.every(isPresent) ? undefined : 'not_coprime');
        results[index] = fault === undefined ? accepted(addressed, opened) : rejected(fault);
      });
    }
    return results;
  }

  /** Which kernel verifies under a key, and why. */
  kernelOf(key: PublicKey): { readonly name: string; readonly reason: string } {
    return this.#batchOf(key).kernel;
  }

  #singleOf(key: PublicKey): MembershipVerifier {
    const make = (): MembershipVerifier => new MembershipVerifier(key, this.#comb, VERSION_1, this.#kernelFor(key));
    return remembered(this.#singles, key.kid, make);
  }

  #batchOf(key: PublicKey): BatchVerifier {
    return remembered(this.#batches, key.kid, () => {
      return new BatchVerifier(key, this.#kernelFor(key), () => this.#singleOf(key), this.#comb);
    });
  }

  #kernelFor(key: PublicKey): GroupKernel {
    return remembered(this.#kernels, key.kid, () => createGroupKernel(key.n, this.#kernel));
  }
}

function remembered<Value>(known: Map<string, Value>, name: string, make: () => Value): Value {
  const value = known.get(name) ?? make();
  known.set(name, value);
  return value;
}

function isPresent(subject: Subject | undefined): subject is Subject {
  return subject !== undefined;
}

function accepted({ header }: AddressedEnvelope, { id, fold }: OpenedEnvelope): VerifyResult {
  return { ok: true, contribution: { id, header, ciphertexts: fold() } };
}

function rejected(reason: RejectionReason): Rejected {
  return { ok: false, reason };
}
