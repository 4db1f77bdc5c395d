/**
 * The key of an open label in a span, and what becomes of it. A key is published where enough subjects have it, so a
 * subject counts once under a key, and only under so many. It stands in clear in the envelope: under any further one
 * the span counts as `__other__`, because a text that nobody else uses must not even be heard of.
 */
import { OTHER_KEY } from '../src/plan/labels.js';
import type { LabelValue } from '../src/plan/plan.js';
import type { ClassifiedSpan } from './contribution.js';

/** The key of a visit that has one. */
export interface OpenKey {
  readonly text: string;
  /** Most keys under which one subject counts in a period. */
  readonly keysPerSubject: number;
}

/** What a key counts as, for its subject and period. */
export type KeyOutcome =
  | 'first' // counted under it now
  | 'again' // counted under it before
  | 'other'; // counted under as many as it may, or nobody knows

/** `undefined` where the report has no open label, or the span no key. */
export function openKeyOf({ report: { openLabel }, labels }: ClassifiedSpan): OpenKey | undefined {
  if (openLabel === undefined) return undefined;
  const text = labels[openLabel.position];
  return typeof text === 'string' && text !== OTHER_KEY ? { text, ...openLabel } : undefined;
}

/** The same span under its key, or under none. */
export function withKey(span: ClassifiedSpan, outcome: KeyOutcome): ClassifiedSpan {
  if (span.report.openLabel === undefined) return span;
  return outcome === 'other' ? { ...span, labels: withoutKey(span) } : { ...span, isFirstOfKey: outcome === 'first' };
}

/** The labels of a span without its key. */
export function withoutKey({ report: { openLabel }, labels }: ClassifiedSpan): readonly LabelValue[] {
  return openLabel === undefined
    ? labels
    : labels.map((label, index) => (index === openLabel.position ? OTHER_KEY : label));
}
