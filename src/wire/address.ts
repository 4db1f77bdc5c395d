/**
 * To whom an envelope is addressed: the plan, key and report its header names, or why there is none. Check 1
 * of the verifier (lengths, version) and everything else that needs no arithmetic.
 */
import { toBase64Url } from '../bytes.js';
import type { PublicKey } from '../paillier/public-key.js';
import type { CompiledPlan, CompiledReport } from '../plan/compile.js';
import { isOpen } from '../plan/labels.js';
import { spanBoundsOf } from '../plan/layout.js';
import { ENVELOPE_VERSION, envelopeBytes, modeOf, readLabels, readRawHeader, type EnvelopeHeader } from './envelope.js';
import type { ReadEntries } from './label-entries.js';
import type { RejectionReason } from './rejection.js';

export interface AddressedEnvelope {
  readonly bytes: Uint8Array;
  readonly plan: CompiledPlan;
  readonly key: PublicKey;
  readonly report: CompiledReport;
  readonly header: EnvelopeHeader;
  /** Where its components begin. */
  readonly headerEnd: number;
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
  const read = readLabels(bytes, report.labels);
  if (read === undefined || bytes.length !== envelopeBytes(key, report, spanBound, read.keyBytes)) return 'malformed';
  const windowStart = Number(raw.windowStart);
  if (!Number.isSafeInteger(windowStart) || windowStart % plan.plan.window.seconds !== 0) return 'malformed';
  if (!areAllowed(report, read)) return 'labels';
  const { labels, end: headerEnd } = read;
  const header = { kid, planHash: plan.hashText, report: raw.report, mode, windowStart, labels, spanBound };
  return { bytes, plan, key, report, header, headerEnd };
}

/** Positions within the listed values, a key no longer than the plan's longest. */
function areAllowed({ labels, openLabel }: CompiledReport, { labels: values, keyBytes = 0 }: ReadEntries): boolean {
  const arePositions = labels.every((label, index) => isOpen(label) || Number(values[index]) < label.values.length);
  return arePositions && keyBytes <= (openLabel?.longest ?? 0);
}
