/**
 * Local totals of coalesced reports, per labels and window: what a process adds up before it seals. SECRET:
 * holds exact totals, in memory only. A crash loses what was added since the last flush: at most
 * `flushMillis` of spans, and never more than the largest span bound per cell.
 */
import type { ReadableSpan } from '@opentelemetry/sdk-trace-base';
import type { CompiledReport } from '../src/plan/compile.js';
import { coalescedMembers, spanBoundsOf } from '../src/plan/layout.js';
import type { Contribution } from '../src/wire/seal.js';
import type { ClassifiedSpan } from './contribution.js';

/** Totals that are ready to be sealed. */
export interface Flush {
  readonly contribution: Contribution;
  /** How many spans were added up. */
  readonly spans: number;
  /** Of the first span: an envelope travels under the resource of the application that made it. */
  readonly resource: ReadableSpan['resource'];
}

interface Cell {
  readonly report: CompiledReport;
  readonly windowStart: number;
  readonly labels: readonly number[];
  readonly largestBound: number;
  readonly resource: ReadableSpan['resource'];
  /** Per measurement, per slot. */
  readonly totals: bigint[][];
  spans: number;
}

export class Coalescer {
  readonly #cells = new Map<string, Cell>();

  /** Spans added up and not yet flushed. */
  get pending(): number {
    let spans = 0;
    for (const cell of this.#cells.values()) spans += cell.spans;
    return spans;
  }

  /** Adds one span; returns totals that are full. */
  add(span: ClassifiedSpan, resource: ReadableSpan['resource']): Flush | undefined {
    const key = `${String(span.report.index)}/${String(span.windowStart)}/${span.labels.join(',')}`;
    const cell = this.#cells.get(key) ?? this.#open(key, span, resource);
    span.increments.forEach((increments, measurement) => {
      const totals = cell.totals[measurement] ?? [];
      for (let slot = 0; slot < totals.length; slot += 1) {
        const increment = increments[slot] ?? 0n;
        if (increment !== 0n) totals[slot] = (totals[slot] ?? 0n) + increment;
      }
    });
    cell.spans += 1;
    if (cell.spans < cell.largestBound) return undefined;
    this.#cells.delete(key);
    return flushOf(cell);
  }

  /** Everything added up so far, oldest first; starts again from zero. */
  take(): Flush[] {
    const cells = [...this.#cells.values()];
    this.#cells.clear();
    return cells.map(flushOf);
  }

  #open(key: string, { report, windowStart, labels }: ClassifiedSpan, resource: ReadableSpan['resource']): Cell {
    const cell: Cell = {
      report,
      windowStart,
      labels,
      largestBound: Math.max(...spanBoundsOf(report)),
      resource,
      totals: report.measurements.map(({ slots }) => slots.map(() => 0n)),
      spans: 0,
    };
    this.#cells.set(key, cell);
    return cell;
  }
}

/** Under the smallest declared bound that holds the spans: never their exact number. */
function flushOf({ report, windowStart, labels, totals, spans, resource }: Cell): Flush {
  const spanBound = spanBoundsOf(report).find((bound) => bound >= spans) ?? 0;
  const members = report.measurements.map((measurement, index) =>
    coalescedMembers(measurement, spanBound, totals[index] ?? []),
  );
  return { contribution: { report, windowStart, labels, members, spanBound }, spans, resource };
}
