/** The ledger: an entry's body, an export, a chain whose hashes are right whatever it says, and a snapshot. */
import canonicalize from 'canonicalize';
import { TelemetryKitError } from '../../../src/errors.js';
import {
  createEntry,
  GENESIS,
  parseBody,
  sequenceAfter,
  type EntryBody,
  type LedgerEntry,
} from '../../../src/keyholder/ledger-entry.js';
import { exportLedger, verifyLedgerExport } from '../../../src/keyholder/ledger-export.js';
import { asLedgerError } from '../../../src/keyholder/ledger-opening.js';
import { describeState, restoreState } from '../../../src/keyholder/ledger-snapshot.js';
import { LedgerState } from '../../../src/keyholder/ledger-state.js';
import { cellAt, paidBody, periodBody, publishedBody, reservedBody, sealedBody } from '../../support/ledger.js';
import { promise, type Target } from '../target.js';
import { bytesOf, jsonOf, readOr, textOf } from './texts.js';

const [first, second, third] = [cellAt(1), cellAt(2), cellAt(3)];
const reservation = periodBody();
const paidFor = paidBody(reservation, third);
const burned: EntryBody = {
  state: 'BURNED',
  at: 500,
  anchor: { sequence: 9, hash: GENESIS },
  lastKnown: 4,
  until: 600,
};
const HISTORIES: readonly (readonly EntryBody[])[] = [
  [reservedBody(first), sealedBody(first), publishedBody(first), reservedBody(second)],
  [reservation],
  [
    reservedBody(first),
    sealedBody(first, { status: 'suppressed', reason: 'budget' }),
    publishedBody(first),
    reservedBody(second),
    burned,
  ],
];
const WORDS = [
  'granted',
  'budget',
  'continuity',
  'burned',
  'epsilon',
  'rho',
  '0',
  '1/2',
  'streams',
  'queries',
  'event',
  'user-period',
];

export const ledgerEntries: Target = {
  name: 'ledger-entry',
  form: 'json',
  seeds: () => [...HISTORIES.flat(), paidFor].map((body) => bytesOf(canonicalize(body) ?? '')),
  words: WORDS,
  check: (input) => {
    const body = parseBody(textOf(input));
    if (body === undefined) return 'refused';
    promise(createEntry(1, GENESIS, body).body === textOf(input), 'one entry has two forms');
    return 'accepted';
  },
};

/** The input is a list of bodies; hashes and numbers are made to fit, so that only what entries say is wrong. */
export const ledgerChains: Target = {
  name: 'ledger-chain',
  form: 'json',
  seeds: () => HISTORIES.map(bytesOf),
  words: WORDS,
  check: (input) => {
    const bodies = jsonOf(input)?.value;
    const entries = Array.isArray(bodies) ? chainOf(bodies) : undefined;
    if (entries === undefined) return 'refused';
    const lines = [...exportLedger(entries)];
    const verified = readOr([TelemetryKitError], () => verifyLedgerExport(lines))?.value;
    if (verified === undefined) return 'refused';
    promise(verified.head.hash === (entries.at(-1)?.hash ?? GENESIS), 'ends elsewhere than its last entry');
    return 'accepted';
  },
};

export const ledgerExports: Target = {
  name: 'ledger-export',
  form: 'text',
  seeds: () => HISTORIES.map((bodies) => bytesOf([...exportLedger(chainOf(bodies) ?? [])].join('\n'))),
  words: ['{"refusal":{"at":1}}', '\n', '"sequence":'],
  check: (input) => {
    const lines = textOf(input).split('\n');
    const verified = readOr([TelemetryKitError], () => verifyLedgerExport(lines));
    return verified === undefined ? 'refused' : 'accepted';
  },
};

/** A key holder's own file: its hash stands in the chain, and what fails all the same is an error of the ledger. */
export const ledgerSnapshots: Target = {
  name: 'ledger-snapshot',
  form: 'json',
  seeds: () => HISTORIES.map((bodies) => bytesOf(describeState(stateAfter(bodies)))),
  check: (input) => {
    const failure = failureOf(input);
    if (failure === undefined) return 'accepted';
    promise(asLedgerError(failure) instanceof TelemetryKitError, 'fails with an error that is not ours');
    return 'refused';
  },
};

function stateAfter(bodies: readonly EntryBody[]): LedgerState {
  const state = new LedgerState();
  for (const body of bodies) state.record(body);
  return state;
}

function failureOf(input: Uint8Array): unknown {
  try {
    restoreState(textOf(input));
    return undefined;
  } catch (error) {
    return error;
  }
}

/** `undefined` where one of them has no canonical form. */
function chainOf(bodies: readonly unknown[]): LedgerEntry[] | undefined {
  const entries: LedgerEntry[] = [];
  for (const each of bodies) {
    const body = readOr([Error], () => parseBody(canonicalize(each) ?? ''))?.value;
    if (body === undefined) return undefined;
    const { sequence, hash } = entries.at(-1) ?? { sequence: 0, hash: GENESIS };
    entries.push(createEntry(sequenceAfter(sequence, body), hash, body));
  }
  return entries;
}
