/**
 * From an attribute's value to a member of the measurement's set. Total: every JavaScript value has one
 * declared outcome, and none throws.
 */
import type { Measurement } from './plan.js';

/** Why a value counts as what it does; counted locally in the application, never sent. */
export type ValueOutcome = 'measured' | 'other' | 'absent' | 'wrong_type' | 'undeclared';

export interface ClassifiedValue {
  readonly outcome: ValueOutcome;
  /** Index into each component's tuples, in component order. */
  readonly members: readonly number[];
}

/** Member 0 of every set is "nothing"; member i + 1 adds one to slot i. */
const NOTHING = 0;

export function classifyValue(measurement: Measurement, value: unknown): ClassifiedValue {
  if (value === undefined || value === null) return outcome('absent', NOTHING);
  switch (measurement.kind) {
    case 'flag':
      return typeof value === 'boolean' ? outcome('measured', value ? 1 : 2) : outcome('wrong_type', NOTHING);
    case 'category': {
      if (typeof value !== 'string') return outcome('wrong_type', NOTHING);
      const index = measurement.values.indexOf(value);
      if (index >= 0) return outcome('measured', index + 1);
      return measurement.other === true
        ? outcome('other', measurement.values.length + 1)
        : outcome('undeclared', NOTHING);
    }
  }
}

function outcome(kind: ValueOutcome, member: number): ClassifiedValue {
  return { outcome: kind, members: [member] };
}
