import { describe, expect, it } from 'vitest';
import { formatRational } from '../../src/math/rational.js';
import { compileMeasurement } from '../../src/plan/components.js';
import type { Measurement } from '../../src/plan/plan.js';
import { noiseScales } from '../../src/wire/release-noise.js';

const flag: Measurement = { name: 'ok', attribute: 'ok', kind: 'flag', epsilon: '0.5' };
const sum: Measurement = {
  name: 'eur',
  attribute: 'eur',
  kind: 'sum',
  min: '-1',
  max: '9',
  scale: '0.5',
  epsilon: '0.5',
  countEpsilon: '0.25',
};
const product: Measurement = {
  name: 'xy',
  kind: 'product',
  factors: [
    { attribute: 'x', min: 0, max: 3 },
    { attribute: 'y', min: 0, max: 2 },
  ],
  epsilon: '1',
};

describe('noise scales', () => {
  it.each([
    [flag, ['2', '2']],
    [sum, ['40', '4']],
    [product, ['9', '6', '18']],
  ])('of %o', (measurement, scales) => {
    expect(noiseScales(compileMeasurement(measurement)).map(formatRational)).toEqual(scales);
  });

  /** The bounds that noise is scaled to are those that the proofs enforce: no tuple puts more into a slot. */
  it.each([flag, sum, product])('fit what the proofs of $kind allow', (measurement) => {
    const { components, slotDetails, slotBits } = compileMeasurement(measurement);
    const mask = (1n << BigInt(slotBits)) - 1n;
    const largest = slotDetails.map((_, slot) =>
      components.reduce((total, { tuples }) => {
        const inSlot = tuples.map(([member = 0n]) => (member >> BigInt(slotBits * slot)) & mask);
        return total + inSlot.reduce((most, value) => (value > most ? value : most), 0n);
      }, 0n),
    );
    expect(slotDetails.map(({ bound }) => bound)).toEqual(largest);
  });
});
