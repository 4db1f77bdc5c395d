/** Where to cut exponents into windows for the bucket method, by an estimate of its cost. */

/** Costs of the products of a kernel, relative to each other. */
export interface ProductCosts {
  /** Two units. */
  readonly units: number;
  /** An element of Z_{n^2} and a unit. */
  readonly half: number;
  /** Two elements of Z_{n^2}. */
  readonly full: number;
  readonly square: number;
}

/** The bits from `position` to `position + width` of the first `terms` exponents. */
export interface Window {
  readonly position: number;
  readonly width: number;
  readonly terms: number;
}

/** A window has 2^width buckets in memory. */
const MAX_WIDTH = 10;

/**
 * The cheapest windows, highest first, for exponents with these numbers of bits, in descending order. Windows
 * may differ in width: the upper bits of a batch belong to fewer exponents. (Dynamic programming from the top.)
 */
export function planWindows(bitLengths: readonly number[], costs: ProductCosts): Window[] {
  const top = bitLengths[0] ?? 0;
  const costFrom = new Float64Array(top + 1);
  const widths = new Uint8Array(top);
  const termsAt = new Uint32Array(top);
  let terms = 0;
  let byWidth: number[] = [];
  for (let position = top - 1; position >= 0; position -= 1) {
    const before = terms;
    while ((bitLengths[terms] ?? 0) > position) terms += 1;
    if (terms !== before) byWidth = windowCosts(terms, costs);
    let best = Infinity;
    for (let width = 1; width <= Math.min(MAX_WIDTH, top - position); width += 1) {
      const cost = (byWidth[width] ?? Infinity) + (costFrom[position + width] ?? 0);
      if (cost >= best) continue;
      best = cost;
      widths[position] = width;
    }
    costFrom[position] = best;
    termsAt[position] = terms;
  }
  const windows: Window[] = [];
  for (let position = 0; position < top; position += widths[position] ?? top) {
    windows.unshift({ position, width: widths[position] ?? 0, terms: termsAt[position] ?? 0 });
  }
  return windows;
}

function windowCosts(terms: number, costs: ProductCosts): number[] {
  return Array.from({ length: MAX_WIDTH + 1 }, (_, width) => windowCost(terms, width, costs));
}

/** The expected cost of one window over uniform digits, as bucket-method.ts multiplies. */
function windowCost(terms: number, width: number, { units, half, full, square }: ProductCosts): number {
  const buckets = 2 ** width - 1;
  const share = 2 ** -width;
  const inserted = terms * (1 - share);
  const used = buckets * (1 - (1 - share) ** terms);
  const usedOnce = buckets * terms * share * (1 - share) ** (terms - 1);
  const odd = (buckets * (1 - (1 - 2 * share) ** terms)) / 2;
  const couples = (inserted - odd) / 2;
  const intoBuckets = couples * units + (couples - (used - usedOnce)) * full + (odd - usedOnce) * half;
  const highest = (buckets * terms) / (terms + 1);
  const ofBuckets = Math.max(0, used - 1) * full + Math.max(0, highest - 1) * full;
  return intoBuckets + ofBuckets + full + width * square;
}
