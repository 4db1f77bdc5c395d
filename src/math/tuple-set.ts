/** A public finite set of integer tuples: what a membership proof is about. */
import { assertArgument } from '../errors.js';

export interface TupleSet {
  /** Integers in a tuple, and so ciphertexts in a component (v in the protocol). */
  readonly arity: number;
  /** Non-empty, all of length `arity`, non-negative, strictly increasing in lexicographic order. */
  readonly tuples: readonly (readonly bigint[])[];
}

/** Throws `invalid_argument` unless the set is well-formed and every member is below `bound`. */
export function assertTupleSet({ arity, tuples }: TupleSet, bound: bigint): void {
  const wellFormed =
    arity >= 1 &&
    tuples.length >= 1 &&
    tuples.every((tuple) => tuple.length === arity && tuple.every((member) => member >= 0n && member < bound)) &&
    tuples.every((tuple, index) => index === 0 || compareTuples(tuples[index - 1] ?? [], tuple) < 0);
  assertArgument(wellFormed, 'not a set of tuples', 'list distinct tuples of one length in lexicographic order');
}

function compareTuples(a: readonly bigint[], b: readonly bigint[]): number {
  const index = a.findIndex((member, position) => member !== b[position]);
  const [left = 0n, right = 0n] = [a[index], b[index]];
  return index < 0 ? 0 : left < right ? -1 : 1;
}
