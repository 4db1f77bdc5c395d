/**
 * Verifies envelopes against the plans and keys a receiver knows. Never throws: every input is either a
 * contribution or one named reason. The rules of time (`late`, `too_early`) and duplicates belong to the
 * receiver; everything else is here, cheap checks first.
 */
import { SMALL_COMB, type CombShape } from '../math/fixed-base-comb.js';
import type { PublicKey } from '../paillier/public-key.js';
import type { CompiledPlan } from '../plan/compile.js';
import { MembershipVerifier } from '../proofs/verify-membership.js';
import { addressEnvelope, type AddressBook } from './address.js';
import type { EnvelopeHeader } from './envelope.js';
import { openEnvelope, type VerifiedComponent } from './open-envelope.js';
import type { RejectionReason } from './rejection.js';

export type { VerifiedComponent } from './open-envelope.js';

export interface VerifiedContribution {
  /** 32 bytes: the name under which it is counted once. */
  readonly id: Uint8Array;
  readonly header: EnvelopeHeader;
  readonly ciphertexts: readonly VerifiedComponent[];
}

export interface Rejected {
  readonly ok: false;
  readonly reason: RejectionReason;
}

export type HeaderResult = { readonly ok: true; readonly header: EnvelopeHeader } | Rejected;
export type VerifyResult = { readonly ok: true; readonly contribution: VerifiedContribution } | Rejected;

export class EnvelopeVerifier {
  readonly #book: AddressBook;
  readonly #verifiers = new Map<string, MembershipVerifier>();
  readonly #comb: CombShape;

  /** Tables are built at the first envelope under a key, or by `warmUp`. */
  constructor(plans: readonly CompiledPlan[], keys: readonly PublicKey[], comb: CombShape = SMALL_COMB) {
    this.#book = {
      plans: new Map(plans.map((plan) => [plan.hashText, plan])),
      keys: new Map(keys.map((key) => [key.kid, key])),
    };
    this.#comb = comb;
  }

  /** Builds every key's tables now: some hundred milliseconds a key. */
  warmUp(): void {
    for (const key of this.#book.keys.values()) this.#verifierOf(key);
  }

  /** The cheap part: version, plan, key, report, mode, span bound, length, labels. No arithmetic. */
  readHeader(bytes: Uint8Array): HeaderResult {
    const addressed = addressEnvelope(bytes, this.#book);
    return typeof addressed === 'string' ? rejected(addressed) : { ok: true, header: addressed.header };
  }

  /** Everything but the rules of time. Milliseconds per branch. */
  verify(bytes: Uint8Array): VerifyResult {
    const addressed = addressEnvelope(bytes, this.#book);
    if (typeof addressed === 'string') return rejected(addressed);
    const { id, subjects, fold } = openEnvelope(addressed);
    const verifier = this.#verifierOf(addressed.key);
    for (const subject of subjects) {
      const fault = subject === undefined ? 'not_coprime' : verifier.verify(subject.set, subject, subject.challenge);
      if (fault !== undefined) return rejected(fault);
    }
    return { ok: true, contribution: { id, header: addressed.header, ciphertexts: fold() } };
  }

  #verifierOf(key: PublicKey): MembershipVerifier {
    const known = this.#verifiers.get(key.kid);
    if (known !== undefined) return known;
    const verifier = new MembershipVerifier(key, this.#comb);
    this.#verifiers.set(key.kid, verifier);
    return verifier;
  }
}

function rejected(reason: RejectionReason): Rejected {
  return { ok: false, reason };
}
