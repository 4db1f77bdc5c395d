import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CombLayout } from '../../src/math/comb-layout.js';

const shapes = fc.record({ teeth: fc.integer({ min: 1, max: 12 }), tables: fc.integer({ min: 1, max: 20 }) });

describe('comb layout', () => {
  it('places every bit of an exponent exactly once', () => {
    fc.assert(
      fc.property(shapes, fc.integer({ min: 1, max: 300 }), fc.bigInt({ min: 0n }), (shape, bits, seed) => {
        const layout = new CombLayout(bits, shape);
        const exponent = BigInt.asUintN(layout.exponentBits, seed * seed * 0x9e3779b97f4a7c15n + seed);
        const indices = layout.indices(exponent);
        let value = 0n;
        for (let step = 0; step < layout.steps; step += 1) {
          value *= 2n;
          for (let table = 0; table < layout.tables; table += 1) {
            const index = indices[step * layout.tables + table] ?? 0;
            expect(index).toBeLessThan(layout.entriesPerTable);
            for (let tooth = 0; tooth < layout.teeth; tooth += 1) {
              if (((index >> tooth) & 1) === 1) value += 1n << BigInt(layout.position(table, tooth));
            }
          }
        }
        expect(value).toBe(exponent);
      }),
    );
  });
  it('offers at least the bits asked for and never a table without columns', () => {
    fc.assert(
      fc.property(shapes, fc.integer({ min: 1, max: 5000 }), (shape, bits) => {
        const layout = new CombLayout(bits, shape);
        expect(layout.exponentBits).toBeGreaterThanOrEqual(bits);
        expect(layout.exponentBits).toBeLessThan(bits + shape.teeth);
        expect(layout.tables).toBeLessThanOrEqual(shape.tables);
        expect((layout.tables - 1) * layout.steps).toBeLessThan(layout.columns);
        expect(layout.tables * layout.steps).toBeGreaterThanOrEqual(layout.columns);
      }),
    );
  });
});
