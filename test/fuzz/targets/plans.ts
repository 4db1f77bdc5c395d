/** Measurement plans, alone and signed. */
import { TelemetryKitError } from '../../../src/errors.js';
import { parsePlan } from '../../../src/plan/check.js';
import { canonicalPlan } from '../../../src/plan/canonical.js';
import { compilePlan } from '../../../src/plan/compile.js';
import { openSignedPlan, signPlan } from '../../../src/plan/document.js';
import { coalesced, open, PLANS, sums } from '../../corpus/plans.js';
import { personalPlan } from '../../support/personal-plan.js';
import { promise, type Target } from '../target.js';
import { bytesOf, jsonOf, readOr } from './texts.js';

const WORDS = [
  ...['flag', 'category', 'histogram', 'sum', 'product', 'per-span', 'coalesced', 'event', 'user-period', 'both'],
  ...['keyholder', 'day', 'hour', 'minute', 'week', 'total', 'window', 'discrete-gaussian', 'delta', 'bounds', 'open'],
];

export const plans: Target = {
  name: 'plan',
  form: 'json',
  seeds: () => [...PLANS, personalPlan()].map(({ plan }) => bytesOf(plan)),
  words: WORDS,
  check: (input) => {
    const document = jsonOf(input);
    const plan = document && readOr([TelemetryKitError], () => parsePlan(document.value))?.value;
    if (plan === undefined) return 'refused';
    const { hashText } = compilePlan(plan);
    const again = compilePlan(parsePlan(JSON.parse(Buffer.from(canonicalPlan(plan)).toString())));
    promise(again.hashText === hashText, 'the canonical form is another plan');
    return 'accepted';
  },
};

const OWNER = new Uint8Array(32).fill(7);
const SIGNED = [open, coalesced, sums].map(({ plan }) => signPlan(plan, OWNER));
const HASHES = [open, coalesced, sums].map(({ hashText }) => hashText);

export const signedPlans: Target = {
  name: 'signed-plan',
  form: 'json',
  seeds: () => SIGNED.map(bytesOf),
  words: ['Ed25519'],
  check: (input) => {
    const document = jsonOf(input);
    const ownerKey = SIGNED[0]!.signature.publicKey;
    const plan = document && readOr([TelemetryKitError], () => openSignedPlan(document.value, { ownerKey }))?.value;
    if (plan === undefined) return 'refused';
    promise(HASHES.includes(plan.hashText), 'takes a plan that its owner never signed');
    return 'accepted';
  },
};
