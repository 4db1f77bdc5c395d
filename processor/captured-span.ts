/**
 * What a span held before its sealed values were taken out. SECRET: lives from onEnding to onEnd of one
 * span, in private fields only.
 */
import type { ReadableSpan, Span } from '@opentelemetry/sdk-trace-base';
import type { CompiledReport } from '../src/plan/compile.js';
import { isOpen, keyOf, MAX_KEY_BYTES, OTHER_KEY } from '../src/plan/labels.js';
import type { Label, LabelValue } from '../src/plan/plan.js';
import type { CheckedAttributes } from './checked-attributes.js';
import type { DeclaredTexts } from './declared-texts.js';
import { SEALED, type SealedTexts } from './sealed-texts.js';
import type { SpanSelection } from './span-selection.js';

interface CapturedAttribute {
  readonly key: string;
  readonly value: unknown;
  readonly before: CapturedAttribute | undefined;
}

const NO_LABELS: readonly LabelValue[] = [];

export class CapturedSpan {
  /** Decided before the name is redacted. */
  readonly report: CompiledReport | undefined;
  /** One per label of the report, in its order. */
  readonly labels: readonly LabelValue[];
  /** What was found in the others while the span was ending; `undefined` where something may hide. */
  checked: CheckedAttributes | undefined;
  readonly #newTexts: () => SealedTexts;
  readonly #declared: DeclaredTexts;
  /** Made where they are needed: mostly everything in them is declared. */
  #texts: SealedTexts | undefined;
  #areDeclared = true;
  /** The last of the selected attributes of the span itself. They are few. */
  #attributes: CapturedAttribute | undefined;
  /** The open label's value, as the application set it. */
  readonly #openValue: unknown;
  /** What other sealing processors had overwritten before. */
  readonly #overwritten: ReadonlySet<string> | undefined;

  /**
   * `newTexts` makes empty ones; `declared`: what a search needs no texts for. `overwritten`: keys whose values another
   * sealing processor may have taken.
   */
  constructor(
    span: ReadableSpan,
    selection: SpanSelection,
    declared: DeclaredTexts,
    newTexts: () => SealedTexts,
    overwritten: ReadonlySet<string> | undefined,
  ) {
    this.report = selection.reportOf(span);
    this.labels = labelsOf(span, this.report);
    this.#openValue = this.report && openValue(this.report, span);
    this.#declared = declared;
    this.#newTexts = newTexts;
    this.#overwritten = overwritten;
  }

  /** A selected attribute of the span. What was there first is what counts. */
  add(key: string, value: unknown): void {
    const isFirst = this.#find(key) === undefined;
    if (isFirst) this.#attributes = { key, value, before: this.#attributes };
    // Of a value that came later only the text is kept.
    (isFirst ? this.#texts : this.texts)?.add(value);
    this.#areDeclared &&= this.#declared.areAllOf(value);
  }

  /** What to search for in the rest of the span: the texts of everything selected in it. */
  get texts(): SealedTexts {
    return (this.#texts ??= this.#collectTexts());
  }

  /** The same; `undefined` where a search for everything declared finds all of them. */
  get undeclaredTexts(): SealedTexts | undefined {
    if (this.#texts === undefined && this.#areDeclared) return undefined;
    return this.texts.areDeclared ? undefined : this.texts;
  }

  /**
   * The labels as they may be seen: a key of an open label that holds a sealed text is none. To be asked once
   * everything selected was added.
   */
  get publicLabels(): readonly LabelValue[] {
    const position = this.report?.openLabel?.position;
    if (position === undefined || this.#openValue === undefined) return this.labels;
    return this.#isClear(this.#openValue) && this.#isClear(this.labels[position])
      ? this.labels
      : this.labels.map((label, index) => (index === position ? OTHER_KEY : label));
  }

  /** Value of a selected attribute, as the application set it. */
  valueOf(key: string): unknown {
    return this.#find(key)?.value;
  }

  /** Takes the values of the selected attributes off the span itself. */
  overwriteIn(span: Span): void {
    const { attributes } = span;
    for (let one = this.#attributes; one !== undefined; one = one.before) {
      attributes[one.key] = SEALED;
      // Where what was overwritten is only a copy.
      if (span.attributes !== attributes) span.setAttribute(one.key, SEALED);
    }
  }

  /** False where no other sealing processor got hold of anything. */
  get mayBeTaken(): boolean {
    return this.#overwritten !== undefined;
  }

  /** Whether another sealing processor got hold of this attribute first: it would be counted twice. */
  isTaken(key: string): boolean {
    return this.#overwritten !== undefined && this.#overwritten.has(key) && this.valueOf(key) === SEALED;
  }

  /** Whether nothing sealed is in an attribute's value, nor in its text. */
  #isClear(value: unknown): boolean {
    const text = String(value);
    return this.texts.redact(text) === text && !(typeof value === 'number' && this.texts.holds(value));
  }

  #collectTexts(): SealedTexts {
    const texts = this.#newTexts();
    for (let one = this.#attributes; one !== undefined; one = one.before) texts.add(one.value);
    return texts;
  }

  #find(key: string): CapturedAttribute | undefined {
    for (let one = this.#attributes; one !== undefined; one = one.before) if (one.key === key) return one;
    return undefined;
  }
}

function labelsOf({ attributes }: ReadableSpan, report: CompiledReport | undefined): readonly LabelValue[] {
  if (report === undefined || report.labels.length === 0) return NO_LABELS;
  return report.labels.map((label) => labelValue(label, attributes[label.key]));
}

function openValue({ labels, openLabel }: CompiledReport, { attributes }: ReadableSpan): unknown {
  return openLabel && attributes[labels[openLabel.position]?.key ?? ''];
}

/** A label travels as text: numbers and booleans by their usual spelling; anything undeclared is `otherwise`. */
function labelValue(label: Label, value: unknown): LabelValue {
  if (isOpen(label)) return keyOf(value, label.longest ?? MAX_KEY_BYTES);
  const { values, otherwise } = label;
  const text = typeof value === 'number' || typeof value === 'boolean' ? String(value) : value;
  const index = typeof text === 'string' ? values.indexOf(text) : -1;
  return index >= 0 ? index : values.indexOf(otherwise);
}
