/**
 * To whom an envelope is addressed: the plan, key and report its header names, or why there is none. Check 1
 * of the verifier (lengths, version) and everything else that needs no arithmetic.
 */
import { toBase64Url } from '../bytes.js';
import type { PublicKey } from '../paillier/public-key.js';
import type { CompiledPlan, CompiledReport } from '../plan/compile.js';
import { spanBoundsOf } from '../plan/layout.js';
import {
  ENVELOPE_VERSION,
  envelopeBytes,
  labelBytes,
  modeOf,
  readLabels,
  readRawHeader,
  type EnvelopeHeader,
} from './envelope.js';
import type { RejectionReason } from './rejection.js';

export interface AddressedEnvelope {
  readonly bytes: Uint8Array;
  readonly plan: CompiledPlan;
  readonly key: PublicKey;
  readonly report: CompiledReport;
  readonly header: EnvelopeHeader;
}

/** Plans by hash and keys by kid, both base64url. */
export interface AddressBook {
  readonly plans: ReadonlyMap<string, CompiledPlan>;
  readonly keys: ReadonlyMap<string, PublicKey>;
}

export function addressEnvelope(bytes: Uint8Array, book: AddressBook): AddressedEnvelope | RejectionReason {
  const raw = readRawHeader(bytes);
  if (raw === undefined) return 'malformed';
  if (raw.version !== ENVELOPE_VERSION) return 'unsupported_version';
  const plan = book.plans.get(toBase64Url(raw.planHash));
  if (plan === undefined) return 'unknown_plan';
  const kid = toBase64Url(raw.kid);
  const key = plan.plan.keys.includes(kid) ? book.keys.get(kid) : undefined;
  if (key === undefined) return 'unknown_key';
  const report = plan.reports[raw.report];
  if (report === undefined) return 'unknown_report';
  const mode = modeOf(raw.mode);
  if (mode !== report.report.mode) return 'mode';
  const { spanBound } = raw;
  if (!spanBoundsOf(report).includes(spanBound)) return 'span_bound';
  if (bytes.length !== envelopeBytes(key, report, spanBound)) return 'malformed';
  const windowStart = Number(raw.windowStart);
  if (!Number.isSafeInteger(windowStart) || windowStart % plan.plan.window.seconds !== 0) return 'malformed';
  const labels = readLabels(labelBytes(bytes, report.labels.length));
  if (!labels.every((label, index) => label < (report.labels[index]?.values.length ?? 0))) return 'labels';
  const header = { kid, planHash: plan.hashText, report: raw.report, mode, windowStart, labels, spanBound };
  return { bytes, plan, key, report, header };
}
