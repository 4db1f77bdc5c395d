/**
 * Why a contribution is not counted: one closed set, used as metric attribute, log field and test
 * expectation alike. The order is the order of the checks (docs/PROTOCOL.md, "Verifier checks").
 */
export const REJECTION_REASONS = [
  'malformed', // cut short, trailing bytes, not canonical base64url, wrong attribute type
  'unsupported_version',
  'unknown_plan',
  'unknown_key', // kid not known, retired, or not named by the plan
  'unknown_report',
  'mode',
  'span_bound',
  'labels',
  'late', // the window's grace is over
  'too_early', // the window starts too far ahead of the receiver's clock
  'element_range', // check 2: w0 in [1, n), omega in [0, n)
  'challenge_range', // check 3: e_j in [0, 2^128)
  'response_range', // check 4: z_j in its range
  'challenge_sum', // check 5: sum of e_j against the transcript's challenge
  'equation', // check 6: a proof's equation does not hold
  'not_coprime', // check 7: names why an equation failed
  'label_limit', // the window holds as many keys of an open label as it takes, and not this one
] as const;

export type RejectionReason = (typeof REJECTION_REASONS)[number];
