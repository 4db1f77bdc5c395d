/**
 * Local totals of coalesced reports, per labels and window: what a process adds up before it seals. SECRET:
 * holds exact totals, in memory only. A crash loses what was added since the last flush: at most
 * `flushMillis` of spans, and never more than the largest span bound per cell.
 */
import type { ReadableSpan } from '@opentelemetry/sdk-trace-base';
import type { CompiledReport } from '../src/plan/compile.js';
import { listedValues } from '../src/plan/labels.js';
import { coalescedMembers, spanBoundsOf } from '../src/plan/layout.js';
import type { LabelValue } from '../src/plan/plan.js';
import type { Contribution } from '../src/wire/seal.js';
import type { ClassifiedSpan } from './contribution.js';
import { Tally } from './tally.js';

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
  /** Its window and labels as one number. */
  readonly key: number;
  readonly windowStart: number;
  readonly labels: readonly LabelValue[];
  readonly largestBound: number;
  readonly resource: ReadableSpan['resource'];
  /** Per measurement. */
  readonly tallies: readonly Tally[];
  spans: number;
}

export class Coalescer {
  /** Per report, by window and labels as one number. */
  readonly #cells = new Map<CompiledReport, Map<number, Cell>>();

  /** The cell of the span before: the next one often belongs to it. */
  #latest: Cell | undefined;

  /** Adds one span; returns totals that are full. */
  add(span: ClassifiedSpan, resource: ReadableSpan['resource']): Flush | undefined {
    const cell = this.#cellOf(span, resource);
    for (let index = 0; index < span.values.length; index += 1) {
      const value = span.values[index];
      if (value !== undefined) cell.tallies[index]?.add(value);
    }
    cell.spans += 1;
    if (cell.spans < cell.largestBound) return undefined;
    this.#close(cell);
    return flushOf(cell);
  }

  /** Some totals, those opened first of their report, or `undefined` where there are none. */
  takeFirst(): Flush | undefined {
    for (const cells of this.#cells.values()) {
      for (const cell of cells.values()) {
        this.#close(cell);
        return flushOf(cell);
      }
    }
    return undefined;
  }

  #cellOf(span: ClassifiedSpan, resource: ReadableSpan['resource']): Cell {
    const { report } = span;
    const key = cellKey(span);
    const latest = this.#latest;
    if (latest?.report === report && latest.key === key) return latest;
    const cells = this.#cells.get(report) ?? put(this.#cells, report, new Map<number, Cell>());
    return (this.#latest = cells.get(key) ?? put(cells, key, openCell(span, key, resource)));
  }

  #close({ report, key }: Cell): void {
    this.#cells.get(report)?.delete(key);
    this.#latest = undefined;
  }
}

function put<Key, Value>(map: Map<Key, Value>, key: Key, value: Value): Value {
  map.set(key, value);
  return value;
}

/** Labels as the digits of a number, below those of the window: coalesced reports have none that are open. */
function cellKey({ report, windowStart, labels }: ClassifiedSpan): number {
  let key = windowStart;
  for (let index = 0; index < labels.length; index += 1) {
    const label = report.labels[index];
    key = key * (label === undefined ? 0 : listedValues(label).length) + Number(labels[index] ?? 0);
  }
  return key;
}

function openCell(
  { report, windowStart, labels }: ClassifiedSpan,
  key: number,
  resource: ReadableSpan['resource'],
): Cell {
  return {
    report,
    key,
    windowStart,
    labels,
    largestBound: Math.max(...spanBoundsOf(report)),
    resource,
    tallies: report.measurements.map((measurement) => new Tally(measurement)),
    spans: 0,
  };
}

/** Under the smallest declared bound that holds the spans: never their exact number. */
function flushOf({ report, windowStart, labels, tallies, spans, resource }: Cell): Flush {
  const contribution = (): Contribution => {
    const spanBound = spanBoundsOf(report).find((bound) => bound >= spans) ?? 0;
    const members = report.measurements.map((measurement, index) =>
      coalescedMembers(measurement, spanBound, tallies[index]?.totals() ?? []),
    );
    return { report, windowStart, labels, members, spanBound };
  };
  return { contribution, spans, resource };
}
