/** What the plan says about a span: whether it holds anything to take out, and which report it belongs to. */
import type { ReadableSpan } from '@opentelemetry/sdk-trace-base';
import type { CompiledPlan, CompiledReport } from '../src/plan/compile.js';
import { SPAN_KINDS, type SpanSelector } from '../src/plan/plan.js';

interface ReportMatcher {
  readonly report: CompiledReport;
  readonly names: ReadonlySet<string> | undefined;
  /** By the numeric kinds of the OpenTelemetry API, which SPAN_KINDS lists in order. */
  readonly kinds: ReadonlySet<number> | undefined;
  readonly scopes: ReadonlySet<string> | undefined;
}

export class SpanSelection {
  /** Every attribute key that never leaves in clear: measured in any report, redacted, or the subject's. */
  readonly keys: ReadonlySet<string>;
  readonly #matchers: readonly ReportMatcher[];

  constructor({ plan, reports }: CompiledPlan) {
    const measured = reports.flatMap(({ measurements }) => measurements.flatMap(({ attributes }) => attributes));
    const { bounds } = plan.privacy;
    this.keys = new Set([...measured, ...plan.redact, ...(bounds === undefined ? [] : [bounds.subject])]);
    this.#matchers = reports.map((report) => createMatcher(report, report.report.spans));
  }

  /** The first report in plan order that takes this span. */
  reportOf(span: ReadableSpan): CompiledReport | undefined {
    for (const matcher of this.#matchers) if (matches(matcher, span)) return matcher.report;
    return undefined;
  }
}

function createMatcher(report: CompiledReport, { names, kinds, scopes }: SpanSelector): ReportMatcher {
  return {
    report,
    names: names && new Set(names),
    kinds: kinds && new Set(kinds.map((kind) => SPAN_KINDS.indexOf(kind))),
    scopes: scopes && new Set(scopes),
  };
}

function matches({ names, kinds, scopes }: ReportMatcher, span: ReadableSpan): boolean {
  return (
    (names === undefined || names.has(span.name)) &&
    (kinds === undefined || kinds.has(span.kind)) &&
    (scopes === undefined || scopes.has(span.instrumentationScope.name))
  );
}
