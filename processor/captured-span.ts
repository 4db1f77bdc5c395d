/**
 * What a span held before its sealed values were taken out. SECRET: lives from onEnding to onEnd of one
 * span, in private fields only.
 */
import type { Attributes } from '@opentelemetry/api';
import type { ReadableSpan } from '@opentelemetry/sdk-trace-base';
import type { Label } from '../src/plan/plan.js';
import type { CompiledReport } from '../src/plan/compile.js';
import { SealedTexts } from './sealed-texts.js';
import type { SpanSelection } from './span-selection.js';

export class CapturedSpan {
  /** Decided before the name is redacted. */
  readonly report: CompiledReport | undefined;
  /** Indices into the report's labels' values. */
  readonly labels: readonly number[];
  readonly texts: SealedTexts;
  readonly #values: ReadonlyMap<string, unknown>;

  private constructor(
    report: CompiledReport | undefined,
    labels: readonly number[],
    texts: SealedTexts,
    values: ReadonlyMap<string, unknown>,
  ) {
    this.report = report;
    this.labels = labels;
    this.texts = texts;
    this.#values = values;
  }

  /** Texts shorter than `scrubMinimumLength` characters are not searched for elsewhere in the span. */
  static of(span: ReadableSpan, selection: SpanSelection, scrubMinimumLength: number): CapturedSpan {
    const report = selection.reportOf(span);
    const labels = report?.labels.map((label) => labelIndex(label, span.attributes[label.key])) ?? [];
    const values = new Map(selectedEntries(span.attributes, selection.keys));
    const everywhere = [span.attributes, ...attributesOf(span.events), ...attributesOf(span.links)];
    const sealed = everywhere.flatMap((attributes) =>
      selectedEntries(attributes, selection.keys).map(([, value]) => value),
    );
    return new CapturedSpan(report, labels, SealedTexts.of(sealed, scrubMinimumLength), values);
  }

  /** Value of a selected attribute, as the application set it. */
  valueOf(key: string): unknown {
    return this.#values.get(key);
  }

  /** This capture, completed by a later one of the same span, on which its values were overwritten. */
  completedBy(later: CapturedSpan): CapturedSpan {
    const values = new Map([...later.#values, ...this.#values]);
    return new CapturedSpan(this.report, this.labels, this.texts.and(later.texts), values);
  }
}

/** A label travels as text: numbers and booleans by their usual spelling; anything undeclared is `otherwise`. */
function labelIndex({ values, otherwise }: Label, value: unknown): number {
  const text = typeof value === 'number' || typeof value === 'boolean' ? String(value) : value;
  const index = typeof text === 'string' ? values.indexOf(text) : -1;
  return index >= 0 ? index : values.indexOf(otherwise);
}

function selectedEntries(attributes: Attributes, keys: ReadonlySet<string>): [string, unknown][] {
  return Object.entries(attributes).filter(([key]) => keys.has(key));
}

function attributesOf(items: readonly { readonly attributes?: Attributes }[]): Attributes[] {
  return items.flatMap(({ attributes }) => (attributes === undefined ? [] : [attributes]));
}
