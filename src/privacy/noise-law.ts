/** The distribution of all the noise in one published value, in doubles: for descriptions, never for values. */

/** How many full, independent noises a value carries: the key holder's, and the receiver's where it adds one. */
export type NoiseServers = 1 | 2;

/** Symmetric around 0. */
export interface NoiseLaw {
  readonly variance: number;
  /** P[noise > bound] for an integer bound >= 0, never too small by more than one part in 10^9. */
  readonly tail: (bound: number) => number;
}
