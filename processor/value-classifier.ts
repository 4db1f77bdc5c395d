/**
 * What a measurement counts, by classifyValue, looked up where the values that count are few: of flags and
 * categories every declared one is classified once, ahead of time.
 */
import { classifyValue, type ClassifiedValue } from '../src/plan/classify.js';
import type { CompiledMeasurement } from '../src/plan/components.js';
import type { CapturedSpan } from './captured-span.js';

export interface CountedValue extends ClassifiedValue {
  /** Position among those that were classified ahead of time; `undefined` for others. */
  readonly known?: number;
}

export class ValueClassifier {
  readonly measurement: CompiledMeasurement;
  /** The attribute, where there is one. */
  readonly #attribute: string;
  readonly #known: ReadonlyMap<unknown, CountedValue>;

  constructor(measurement: CompiledMeasurement) {
    const [attribute = '', ...others] = measurement.attributes;
    this.measurement = measurement;
    this.#attribute = attribute;
    const values = others.length === 0 ? declaredValues(measurement) : [];
    this.#known = new Map(values.map((value, known) => [value, { ...classifyValue(measurement, [value]), known }]));
  }

  classify(captured: CapturedSpan): CountedValue {
    const known = this.#known.get(captured.valueOf(this.#attribute));
    if (known !== undefined) return known;
    const values = this.measurement.attributes.map((key) => captured.valueOf(key));
    return classifyValue(this.measurement, values);
  }
}

function declaredValues({ measurement }: CompiledMeasurement): readonly unknown[] {
  if (measurement.kind === 'flag') return [undefined, true, false];
  return measurement.kind === 'category' ? [undefined, ...measurement.values] : [];
}
