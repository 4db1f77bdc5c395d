/**
 * Verifies an envelope against the plans and keys a receiver knows. Never throws: every input is either a
 * contribution or one named reason. The rules of time (`late`, `too_early`) and duplicates belong to the
 * receiver; everything else is here, cheap checks first.
 */
import { toBase64Url } from '../bytes.js';
import { SMALL_COMB, type CombShape } from '../math/fixed-base-comb.js';
import { joinSplit } from '../math/split-form.js';
import { ciphertextToBytes } from '../paillier/ciphertext.js';
import type { PublicKey } from '../paillier/public-key.js';
import type { CompiledPlan, CompiledReport } from '../plan/compile.js';
import { contributionId, envelopeChallenge } from '../proofs/transcript.js';
import { MembershipVerifier } from '../proofs/verify-membership.js';
import {
  ENVELOPE_VERSION,
  envelopeBytes,
  headerBytes,
  labelBytes,
  modeCode,
  modeOf,
  PER_SPAN_BOUND,
  readLabels,
  readRawHeader,
  type EnvelopeHeader,
} from './envelope.js';
import { componentReader } from './read-components.js';
import type { RejectionReason } from './rejection.js';

export interface VerifiedContribution {
  /** 32 bytes: the name under which it is counted once. */
  readonly id: Uint8Array;
  readonly header: EnvelopeHeader;
  readonly ciphertexts: readonly VerifiedComponent[];
}

export interface VerifiedComponent {
  readonly measurement: number;
  readonly component: number;
  /** Standard Paillier ciphertexts, big-endian, twice the modulus' bytes each. */
  readonly ciphertexts: readonly Uint8Array[];
}

export interface Rejected {
  readonly ok: false;
  readonly reason: RejectionReason;
}

export type HeaderResult = { readonly ok: true; readonly header: EnvelopeHeader } | Rejected;
export type VerifyResult = { readonly ok: true; readonly contribution: VerifiedContribution } | Rejected;

interface Addressed {
  readonly plan: CompiledPlan;
  readonly key: PublicKey;
  readonly report: CompiledReport;
  readonly header: EnvelopeHeader;
}

export class EnvelopeVerifier {
  readonly #plans: ReadonlyMap<string, CompiledPlan>;
  readonly #keys: ReadonlyMap<string, PublicKey>;
  readonly #verifiers = new Map<string, MembershipVerifier>();
  readonly #comb: CombShape;

  /** Tables are built at the first envelope under a key, or by `warmUp`. */
  constructor(plans: readonly CompiledPlan[], keys: readonly PublicKey[], comb: CombShape = SMALL_COMB) {
    this.#plans = new Map(plans.map((plan) => [plan.hashText, plan]));
    this.#keys = new Map(keys.map((key) => [key.kid, key]));
    this.#comb = comb;
  }

  /** Builds every key's tables now: some hundred milliseconds a key. */
  warmUp(): void {
    for (const key of this.#keys.values()) this.#verifierOf(key);
  }

  /** The cheap part: version, plan, key, report, mode, span bound, length, labels. No arithmetic. */
  readHeader(bytes: Uint8Array): HeaderResult {
    const addressed = this.#address(bytes);
    return typeof addressed === 'string' ? rejected(addressed) : { ok: true, header: addressed.header };
  }

  /** Everything but the rules of time. Milliseconds per branch. */
  verify(bytes: Uint8Array): VerifyResult {
    const addressed = this.#address(bytes);
    if (typeof addressed === 'string') return rejected(addressed);
    const { plan, key, report, header } = addressed;
    const next = componentReader(key, bytes, headerBytes(report.labels.length));
    const components = report.measurements.flatMap(({ components: sets }, measurement) =>
      sets.map((set, component) => ({ measurement, component, set, proven: next(set) })),
    );
    const id = contributionId(
      {
        version: ENVELOPE_VERSION,
        key,
        kid: bytes.subarray(1, 33),
        planHash: plan.hash,
        report: header.report,
        mode: modeCode(header.mode),
        windowStart: header.windowStart,
        spanBound: header.spanBound,
        labels: labelBytes(bytes, report.labels.length),
        measurementCount: report.measurements.length,
      },
      components.map(({ proven, ...component }) => ({ ...component, ciphertexts: proven.encodedCiphertexts })),
    );
    const challenge = envelopeChallenge(
      id,
      components.flatMap(({ proven }) => proven.encodedCommitments),
    );
    const verifier = this.#verifierOf(key);
    for (const { set, proven } of components) {
      const fault = verifier.verify(set, proven, challenge);
      if (fault !== undefined) return rejected(fault);
    }
    const ciphertexts = components.map(({ measurement, component, proven }) => ({
      measurement,
      component,
      ciphertexts: proven.ciphertexts.map((element) => ciphertextToBytes(key, joinSplit(element, key.n))),
    }));
    return { ok: true, contribution: { id, header, ciphertexts } };
  }

  /** Check 1 and everything the header can be refused for. */
  #address(bytes: Uint8Array): Addressed | RejectionReason {
    const raw = readRawHeader(bytes);
    if (raw === undefined) return 'malformed';
    if (raw.version !== ENVELOPE_VERSION) return 'unsupported_version';
    const plan = this.#plans.get(toBase64Url(raw.planHash));
    if (plan === undefined) return 'unknown_plan';
    const kid = toBase64Url(raw.kid);
    const key = plan.plan.keys.includes(kid) ? this.#keys.get(kid) : undefined;
    if (key === undefined) return 'unknown_key';
    const report = plan.reports[raw.report];
    if (report === undefined) return 'unknown_report';
    const mode = modeOf(raw.mode);
    if (mode !== report.report.mode) return 'mode';
    if (raw.spanBound !== PER_SPAN_BOUND) return 'span_bound';
    if (bytes.length !== envelopeBytes(key, report)) return 'malformed';
    const windowStart = Number(raw.windowStart);
    if (!Number.isSafeInteger(windowStart) || windowStart % plan.plan.window.seconds !== 0) return 'malformed';
    const labels = readLabels(labelBytes(bytes, report.labels.length));
    if (!labels.every((label, index) => label < (report.labels[index]?.values.length ?? 0))) return 'labels';
    const header = {
      kid,
      planHash: plan.hashText,
      report: raw.report,
      mode,
      windowStart,
      labels,
      spanBound: raw.spanBound,
    };
    return { plan, key, report, header };
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
