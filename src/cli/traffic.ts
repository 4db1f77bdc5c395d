/**
 * What sealing adds to the spans of a population: the text of all envelopes of a day, by report and key size. Every
 * visit has one in a per-span report, within the bounds or not: a sealed span looks like any other.
 *
 * Coalesced reports are taken to come from one process with the processor's usual flush, each envelope with the
 * smallest span bound that holds its share of the visits.
 */
import { KEY_SIZES, modulusSize, type KeySize } from '../paillier/public-key.js';
import { labelCombinations, type CompiledPlan, type CompiledReport } from '../plan/compile.js';
import { PER_SPAN_BOUND, spanBoundsOf } from '../plan/layout.js';
import { envelopeBytes, envelopeCharacters } from '../wire/envelope.js';

export interface ReportTraffic {
  readonly report: string;
  readonly keyBits: KeySize;
  /** Of one envelope as a span attribute, in base64url. */
  readonly envelopeBytes: number;
  readonly envelopesPerDay: number;
  readonly bytesPerDay: number;
}

/** What the processor does where `flushMillis` is left out. */
const FLUSHES_A_DAY = 86_400 / 10;

/** `visits`: spans of each report in a day. */
export function trafficOf({ reports }: CompiledPlan, visits: number): ReportTraffic[] {
  return reports.flatMap((report) => {
    const { spanBound, envelopesPerDay } = envelopesOf(report, visits);
    return KEY_SIZES.map((keyBits) => {
      const bytes = envelopeCharacters(envelopeBytes(modulusSize(keyBits), report, spanBound));
      const bytesPerDay = Math.round(bytes * envelopesPerDay);
      return { report: report.report.name, keyBits, envelopeBytes: bytes, envelopesPerDay, bytesPerDay };
    });
  });
}

function envelopesOf(report: CompiledReport, visits: number): { spanBound: number; envelopesPerDay: number } {
  if (report.report.mode === 'per-span') return { spanBound: PER_SPAN_BOUND, envelopesPerDay: visits };
  const bounds = spanBoundsOf(report);
  const largest = Math.max(...bounds);
  const cells = FLUSHES_A_DAY * labelCombinations(report).length;
  // No more envelopes than spans, and as many more as the largest bound demands.
  const envelopesPerDay = Math.max(Math.min(visits, cells), visits / largest);
  const spans = visits / envelopesPerDay;
  return { spanBound: bounds.find((bound) => bound >= spans) ?? largest, envelopesPerDay };
}
