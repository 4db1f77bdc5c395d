/** Ledger entries for tests, made by the rules the ledger checks. */
import { toBase64Url } from '../../src/bytes.js';
import type { EntryBody, ReservedBody, SealedBody } from '../../src/keyholder/ledger-entry.js';
import { releaseIdOf, type CellIdentity } from '../../src/keyholder/release-id.js';

export const DAY = 86_400;
const hashOf = (fill: number): string => toBase64Url(new Uint8Array(32).fill(fill));

export function cellAt(window: number, overrides: Partial<CellIdentity> = {}): CellIdentity {
  return {
    kind: 'window',
    planHash: hashOf(1),
    report: 0,
    measurement: 0,
    labels: [0],
    rangeStart: 60 * window,
    rangeEnd: 60 * (window + 1),
    kids: [hashOf(2)],
    ...overrides,
  };
}

export function reservedBody(cell: CellIdentity, overrides: Partial<ReservedBody> = {}): ReservedBody {
  return {
    state: 'RESERVED',
    releaseId: releaseIdOf(cell),
    cell: { ...cell, labels: [...cell.labels], kids: [...cell.kids] },
    aggregateDigest: hashOf(3),
    decision: 'granted',
    epsilon: '1/10',
    mechanism: 'discrete-laplace',
    noise: ['10', '10'],
    domain: 'shop',
    limits: [{ period: 'day', limit: '1' }],
    ...overrides,
  };
}

export function sealedBody(cell: CellIdentity, outcome?: SealedBody['outcome']): SealedBody {
  return {
    state: 'SEALED',
    releaseId: releaseIdOf(cell),
    outcome: outcome ?? { status: 'released', values: ['-3', '12'] },
  };
}

export function publishedBody(cell: CellIdentity): EntryBody {
  return { state: 'PUBLISHED', releaseId: releaseIdOf(cell) };
}
