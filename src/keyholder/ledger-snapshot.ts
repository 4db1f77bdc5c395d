/**
 * Everything that decisions depend on, as text: what a ledger's entries add up to at one point of its chain. The
 * chain holds the text's hash, so that a long ledger can be opened there, and whoever reads the chain from its first
 * entry finds out whether the text was true.
 *
 * State hash, label `telemetry-kit/v1/ledger-state`: the text (RFC 8785 canonical JSON, UTF-8).
 */
import canonicalize from 'canonicalize';
import { toBase64Url, utf8ToBytes } from '../bytes.js';
import { hashFramed } from '../framing.js';
import { BudgetAccounts, type AccountRow } from './budget-accounts.js';
import { formatCost, parseCost } from './ledger-amounts.js';
import type { BurnedBody, CostText, ReservedPeriodBody } from './ledger-entry.js';
import { LedgerState } from './ledger-state.js';
import { Reservations } from './reservations.js';
import { SpanAccounts } from './span-accounts.js';
import type { SpanRow } from './span-rows.js';

interface SnapshotContent {
  readonly accounts: readonly InText<AccountRow>[];
  readonly spans: readonly InText<SpanRow>[];
  readonly reservations: readonly ReservedPeriodBody[];
  readonly burns: readonly BurnedBody[];
  readonly burnedUntil: number;
  readonly newestTime: number;
}

type InText<Row extends { readonly cost: unknown }> = Omit<Row, 'cost'> & { readonly cost: CostText };

export function describeState(state: LedgerState): string {
  const content: SnapshotContent = {
    accounts: state.accounts.rows().map((row) => ({ ...row, cost: formatCost(row.cost) })),
    spans: state.spans.rows().map((row) => ({ ...row, cost: formatCost(row.cost) })),
    reservations: state.reservations.all(),
    burns: state.burns,
    burnedUntil: state.burnedUntil,
    newestTime: state.newestTime,
  };
  return canonicalize(content) ?? '';
}

/** Of a text that has the hash which the chain holds: nothing else is checked. */
export function restoreState(text: string): LedgerState {
  const content = JSON.parse(text) as SnapshotContent;
  return new LedgerState({
    accounts: new BudgetAccounts(content.accounts.map((row) => ({ ...row, cost: parseCost(row.cost) }))),
    spans: new SpanAccounts(content.spans.map((row) => ({ ...row, cost: parseCost(row.cost) }))),
    reservations: new Reservations(content.reservations),
    burns: content.burns,
    burnedUntil: content.burnedUntil,
    newestTime: content.newestTime,
  });
}

/** 32 bytes, base64url. */
export function stateHash(text: string): string {
  return toBase64Url(hashFramed('telemetry-kit/v1/ledger-state', [utf8ToBytes(text)]));
}
