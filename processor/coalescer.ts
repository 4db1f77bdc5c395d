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
  /** Throws where the totals do not fit what they may be: their spans are lost then, and counted. */
  readonly contribution: () => Contribution;
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

  /** The totals that were opened first, or `undefined` where there are none. */
  takeFirst(): Flush | undefined {
    for (const [key, cell] of this.#cells) {
      this.#cells.delete(key);
      return flushOf(cell);
    }
    return undefined;
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
  const contribution = (): Contribution => {
    const spanBound = spanBoundsOf(report).find((bound) => bound >= spans) ?? 0;
    const members = report.measurements.map((measurement, index) =>
      coalescedMembers(measurement, spanBound, totals[index] ?? []),
    );
    return { report, windowStart, labels, members, spanBound };
  };
  return { contribution, spans, resource };
}
