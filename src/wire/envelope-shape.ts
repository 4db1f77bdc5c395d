/**
 * What envelopes of a report and span bound are made of, whatever they hold: derived from the plan once, not for
 * every envelope.
 */
import type { TupleSet } from '../math/tuple-set.js';
import type { PublicKey } from '../paillier/public-key.js';
import type { CompiledReport } from '../plan/compile.js';
import { envelopeLayout, type MeasurementLayout } from '../plan/layout.js';
import { envelopeBytes } from './envelope.js';

/** How many precomputed records an envelope consumes. */
export interface PairDemand {
  readonly obfuscators: number;
  readonly masks: number;
}

export interface EnvelopeShape {
  readonly layouts: readonly MeasurementLayout[];
  /** Per measurement: the set that the proof of its total is about; `undefined` where nothing is claimed. */
  readonly totals: readonly (TupleSet | undefined)[];
  readonly demand: PairDemand;
  /** Raw bytes; where a label is open, with its longest key. */
  readonly bytes: number;
}

export function envelopeShape(key: PublicKey, report: CompiledReport, spanBound: number): EnvelopeShape {
  const layouts = envelopeLayout(report, spanBound);
  const totals = layouts.map(({ total }) => (total === undefined ? undefined : totalSet(total)));
  return { layouts, totals, demand: demandOf(layouts), bytes: envelopeBytes(key, report, spanBound) };
}

/** The set of one that a proof of a total is about. */
export function totalSet(total: bigint): TupleSet {
  return { arity: 1, tuples: [[total]] };
}

function demandOf(layouts: readonly MeasurementLayout[]): PairDemand {
  const sets = layouts.flatMap(({ components }) => components.map(({ set }) => set));
  const totals = layouts.filter(({ total }) => total !== undefined).length;
  return {
    obfuscators: sets.reduce((sum, { arity }) => sum + arity, 0),
    masks: sets.reduce((sum, { arity, tuples }) => sum + arity * tuples.length, totals),
  };
}
