/**
 * Statement: modulus n, ciphertexts c_1..c_v and a public set of k tuples (d_j1..d_jv). There is a j such
 *   that every c_i (1+n)^(-d_ji) is an n-th residue modulo n^2: together the ciphertexts encrypt a member.
 * Reference: R. Cramer, I. Damgard, B. Schoenmakers, CRYPTO '94 (disjunction), over the residuosity relation
 *   as in O. Baudron, P.-A. Fouque, D. Pointcheval, G. Poupard, J. Stern, PODC 2001, and I. Damgard, M. Jurik,
 *   PKC 2001, with integer responses as in M. Girault, G. Poupard, J. Stern, J. Cryptology 19(4), 2006.
 * Symbols: alpha_i obfuscation exponent of c_i; m the witness tuple, at position w; hs the fixed base;
 *   gamma_ji masks; a_ji commitments; e_j challenges; z_ji responses; t challenge bits, s hiding bits,
 *   A bits of alpha; u_ji = c_i (1+n)^(-d_ji).
 * Transcript: transcript.ts. One challenge E covers all components of an envelope.
 * Parameters: t = s = 128; gamma < 2^(A+t+s); z < 2^(A+t+s+1) (parameters.ts).
 * Prover: for j != w draw e_j; for all j: a_ji = hs^gamma_ji (1+n)^((d_ji - m_i) e_j); then
 *   e_w = E - sum of the others mod 2^t; z_ji = gamma_ji + alpha_i e_j over the integers.
 *   Every exponentiation is done ahead of time (pairs.ts); in split form what remains are additions.
 * Verifier checks: verify-membership.ts.
 *
 * Why it is sound: if no member is encrypted, two answers to one a_ji with different e_j would make u_ji^(e - e')
 * an n-th residue; differences are below every prime factor of n, so u_ji itself would be one. Hence each branch
 * admits one e_j at most, and one sum: at most 2^-128 per hash query.
 */
import type { SplitElement } from '../math/split-form.js';

/** One alternative of the disjunction. */
export interface ProofBranch {
  /** a_j1..a_jv */
  readonly commitments: readonly SplitElement[];
  /** e_j in [0, 2^128). */
  readonly challenge: bigint;
  /** z_j1..z_jv in [0, 2^(A+257)). */
  readonly responses: readonly bigint[];
}

/** A component as a verifier sees it: its ciphertexts and one branch per tuple of its set. */
export interface ProvenComponent {
  readonly ciphertexts: readonly SplitElement[];
  readonly branches: readonly ProofBranch[];
}
