/** How a combination of labels is written in the store: positions with commas, JSON where one label is open. */
import type { LabelValue } from '../plan/plan.js';

export function labelsText(labels: readonly LabelValue[]): string {
  return labels.some((label) => typeof label === 'string') ? JSON.stringify(labels) : labels.join(',');
}

/** Inverse of `labelsText`. */
export function parseLabels(text: string): LabelValue[] {
  if (text.startsWith('[')) return JSON.parse(text) as LabelValue[];
  return text === '' ? [] : text.split(',').map(Number);
}
