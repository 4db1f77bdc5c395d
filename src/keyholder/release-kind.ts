/**
 * What is released, a closed set, and which share of a period's budget pays for it. A new kind needs a line here,
 * its own rule of admission (release-policy.ts), its noise (wire/release-noise.ts), and where its outcome is no list
 * of noised integers another outcome in ledger-entry.ts.
 */

/** Parts of a period's budget, as plans declare them. */
export const SHARES = ['streams', 'queries', 'segments'] as const;
export type Share = (typeof SHARES)[number];

export const RELEASE_KINDS = ['window', 'total', 'selection'] as const;
export type ReleaseKind = (typeof RELEASE_KINDS)[number];

const SHARE_OF: Readonly<Record<ReleaseKind, Share>> = {
  window: 'streams',
  total: 'streams',
  selection: 'streams',
};

export function shareOf(kind: ReleaseKind): Share {
  return SHARE_OF[kind];
}
