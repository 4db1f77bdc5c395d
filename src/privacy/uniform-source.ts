/** The one source of randomness the samplers use, so that a test can enumerate it exactly. */
export interface UniformSource {
  /** Uniform in {0, ..., bound - 1}; `bound` is positive. Throws `randomness` where the generator fails. */
  uniform(bound: bigint): bigint;
}
