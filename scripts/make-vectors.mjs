// @ts-check
/**
 * Writes test/vectors/envelopes.json: everything a second implementation needs to check itself against
 * docs/PROTOCOL.md, with intermediate values. The key is of a test size and its primes are in the file.
 * Deterministic: the same file every time.
 */
import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { bytesToBigInt, bytesToHex, fromBase64Url } from '../dist/src/bytes.js';
import { blindDigest } from '../dist/src/keyholder/blinded-digest.js';
import { cellIdOf, releaseIdOf, selectionDigestOf, selectionFor } from '../dist/src/keyholder/release-id.js';
import { obfuscationBase } from '../dist/src/paillier/obfuscation.js';
import { PrivateKey } from '../dist/src/paillier/private-key.js';
import { decodeSlots } from '../dist/src/paillier/slots.js';
import { canonicalPlan } from '../dist/src/plan/canonical.js';
import { parsePlan } from '../dist/src/plan/check.js';
import { classifyValue, membersOf } from '../dist/src/plan/classify.js';
import { compilePlan } from '../dist/src/plan/compile.js';
import { planSchema } from '../dist/src/plan/schema.js';
import { signPlan } from '../dist/src/plan/document.js';
import { coalescedMembers, envelopeLayout, slotShiftOf } from '../dist/src/plan/layout.js';
import { exponentBytes, pairBytes, PairComputer } from '../dist/src/proofs/pairs.js';
import { addressEnvelope } from '../dist/src/wire/address.js';
import { openEnvelope } from '../dist/src/wire/open-envelope.js';
import { EnvelopeSealer } from '../dist/src/wire/seal.js';
import { keyThreshold } from '../dist/src/wire/selection-noise.js';

const P = 0xfe62f4bbbc51725b2e547d3913c011b2202909d8272f1f4f489e577377db28ebn;
const Q = 0xfea88be73ac08771f1950f4dc5a7e2cd31fec73b6ec0f524ca7f6936ae0a2f1bn;
const secret = PrivateKey.fromPrimes(P, Q, { allowTestSize: true });
const key = secret.publicKey;
const hex = (/** @type {bigint} */ value) => value.toString(16);

/** A stream of bytes from a label: reproducible, for vectors only. @param {string} label */
function streamOf(label) {
  let counter = 0;
  return (/** @type {number} */ length) => {
    const blocks = [];
    for (let have = 0; have < length; have += 32) {
      blocks.push(
        createHash('sha256')
          .update(`${label}/${String(counter++)}`)
          .digest(),
      );
    }
    return new Uint8Array(Buffer.concat(blocks).subarray(0, length));
  };
}

const owner = streamOf('owner')(32);
const measurements = [
  { name: 'ok', attribute: 'ok', kind: 'flag', epsilon: '1' },
  { name: 'plan', attribute: 'plan', kind: 'category', values: ['free', 'team'], other: true, epsilon: '0.5' },
  { name: 'ms', attribute: 'ms', kind: 'histogram', boundaries: [10, 100], epsilon: '1' },
  {
    name: 'eur',
    attribute: 'eur',
    kind: 'sum',
    min: '-5',
    max: '20',
    scale: '0.5',
    epsilon: '1',
    countEpsilon: '0.25',
  },
  {
    name: 'xy',
    kind: 'product',
    factors: [
      { attribute: 'x', min: 0, max: 2 },
      { attribute: 'y', min: 1, max: 2 },
    ],
    epsilon: '0.75',
  },
];
const labels = [{ key: 'region', values: ['eu', 'us', 'elsewhere'], otherwise: 'elsewhere' }];
const report = { spans: { names: ['checkout'] }, labels: ['region'], measurements };
// Its shape alone is checked: what it costs is more than a budget pays for, and of no matter to bytes.
const shaped = planSchema.parse({
  version: 1,
  name: 'vectors',
  sequence: 3,
  keys: [key.kid],
  window: { seconds: 60, graceSeconds: 30, lagSeconds: 5 },
  privacy: { domain: 'shop', unit: 'event', period: 'day', epsilon: '20', noise: 'both' },
  labels,
  reports: [
    { ...report, name: 'single', mode: 'per-span' },
    { ...report, name: 'many', mode: 'coalesced', spanBounds: [15, 255] },
  ],
  redact: ['customer.email'],
});
const plan = /** @type {import('../dist/src/plan/plan.js').Plan} */ (shaped);
const compiled = compilePlan(plan);
/** Two processes, two keys a subject: what goes into the threshold is told apart. */
const openPlan = parsePlan({
  ...plan,
  name: 'open_labels',
  window: { seconds: 3600, graceSeconds: 30, lagSeconds: 5 },
  privacy: {
    domain: 'shop',
    unit: 'user-period',
    period: 'hour',
    epsilon: '6',
    delta: '0.000001',
    bounds: { subject: 'user.id', visits: 3, processes: 2 },
    noise: 'both',
  },
  labels: [{ key: 'feature', open: true, keysPerSubject: 2, longest: 20 }, ...labels],
  reports: [
    {
      name: 'open',
      mode: 'per-span',
      spans: {},
      labels: ['feature', 'region'],
      selectionEpsilon: '2',
      measurements: [{ name: 'ok', attribute: 'ok', kind: 'flag', epsilon: '1' }],
    },
  ],
});
const compiledOpen = compilePlan(openPlan);

/**
 * @param {string} name
 * @param {import('../dist/src/wire/seal.js').Contribution} contribution
 */
function vector(name, contribution, of = compiled) {
  const sealer = new EnvelopeSealer(of, key);
  const demand = sealer.demand(contribution.report, contribution.spanBound);
  const computer = new PairComputer(key, { teeth: 4, tables: 2 });
  const random = streamOf(`records/${name}`);
  const take = (/** @type {'obfuscator' | 'mask'} */ kind, /** @type {number} */ count) => {
    const width = pairBytes(key, kind);
    const chunk = computer.compute(kind, count, random);
    return Array.from({ length: count }, (_, index) => chunk.slice(width * index, width * (index + 1)));
  };
  const records = { obfuscators: take('obfuscator', demand.obfuscators), masks: take('mask', demand.masks) };
  const exponents = (/** @type {Uint8Array[]} */ list, /** @type {'obfuscator' | 'mask'} */ kind) =>
    list.map((record) => hex(bytesToBigInt(record.subarray(0, exponentBytes(key, kind)))));
  const alphas = exponents(records.obfuscators, 'obfuscator');
  const gammas = exponents(records.masks, 'mask');
  /** @type {string[]} */
  const drawn = [];
  const challenges = streamOf(`challenges/${name}`);
  const envelope = sealer.seal(contribution, records, (length) => {
    const bytes = challenges(length);
    for (let start = 0; start < length; start += 16) drawn.push(bytesToHex(bytes.subarray(start, start + 16)));
    return bytes;
  });
  const book = { plans: new Map([[of.hashText, of]]), keys: new Map([[key.kid, key]]) };
  const addressed = addressEnvelope(fromBase64Url(envelope) ?? new Uint8Array(0), book);
  if (typeof addressed === 'string') throw new Error(addressed);
  const opened = openEnvelope(addressed);
  const layouts = envelopeLayout(contribution.report, addressed.header.spanBound);
  return {
    name,
    report: contribution.report.index,
    windowStart: contribution.windowStart,
    spanBound: addressed.header.spanBound,
    labels: contribution.labels,
    /** Per measurement, per component: the set, and which member is sealed. */
    components: layouts.map(({ components, total }, measurement) => ({
      sets: components.map(({ set }) => set.tuples.map(([member]) => hex(member ?? 0n))),
      members: contribution.members[measurement],
      total: total === undefined ? null : hex(total),
    })),
    alphas,
    gammas,
    /** 16 bytes a branch, component by component; those of true branches are drawn and not used. */
    drawnChallenges: drawn,
    contributionId: bytesToHex(opened.id),
    challenge: hex(opened.subjects[0]?.challenge ?? 0n),
    subjects: opened.subjects.map((subject) => ({
      ciphertexts: subject?.ciphertexts.map(({ unit, omega }) => [hex(unit), hex(omega)]),
      branches: subject?.branches.map(({ commitments, challenge, responses }) => ({
        commitment: [hex(commitments[0]?.unit ?? 0n), hex(commitments[0]?.omega ?? 0n)],
        challenge: hex(challenge),
        response: hex(responses[0] ?? 0n),
      })),
    })),
    envelope,
    /** Standard ciphertexts to fold, with their plaintexts. */
    folded: opened.fold().map(({ measurement, component, ciphertexts: [bytes] }) => {
      const ciphertext = bytesToBigInt(bytes ?? new Uint8Array(0));
      const plaintext = secret.decrypt(ciphertext, streamOf('blinding'));
      return { measurement, accumulator: component, ciphertext: hex(ciphertext), plaintext: hex(plaintext) };
    }),
  };
}

const [single, many] = compiled.reports;
if (single === undefined || many === undefined) throw new Error('the plan has two reports');
const values = { ok: false, plan: 'gold', ms: 10, eur: 7.3, x: 2, y: true };
const increments = single.measurements.map(
  (measurement) =>
    classifyValue(
      measurement,
      measurement.attributes.map((name) => Reflect.get(values, name)),
    ).increments,
);
const totals = [
  [9n, 2n],
  [4n, 0n, 7n],
  [0n, 0n, 11n],
  [300n, 10n],
  [13n, 15n, 21n],
];
const [open] = compiledOpen.reports;
if (open === undefined) throw new Error('the plan has a report');
const OPEN_KEY = 'S\u00e3o/\u{1F600}';
const openRange = {
  planHash: compiledOpen.hashText,
  report: 0,
  rangeStart: 1_700_002_800,
  rangeEnd: 1_700_006_400,
};
const selection = selectionFor(openRange, [key.kid]);
const openCell = {
  ...openRange,
  kind: /** @type {const} */ ('window'),
  measurement: 0,
  labels: [OPEN_KEY, 1],
  kids: [key.kid],
};
const aggregate = (/** @type {number} */ fill) => [
  { kid: key.kid, ciphertext: new Uint8Array(2 * key.modulusBytes).fill(fill) },
];
const selectionDigest = selectionDigestOf([
  { key: 'SEARCH', aggregates: aggregate(2) },
  { key: '\uffee', aggregates: aggregate(1) },
]);
const base = hex(obfuscationBase(key).unit);
const identity = {
  kind: /** @type {const} */ ('window'),
  planHash: compiled.hashText,
  report: 0,
  measurement: 1,
  labels: [2],
  rangeStart: 1_700_000_040,
  rangeEnd: 1_700_000_100,
  kids: [key.kid],
};

const document = {
  about:
    'Test vectors for docs/PROTOCOL.md. Numbers are hexadecimal, digests hexadecimal or base64url as in the protocol.',
  key: {
    p: hex(P),
    q: hex(Q),
    n: hex(key.n),
    kid: key.kid,
    base: { unit: base, omega: hex(obfuscationBase(key).omega) },
  },
  plan: {
    document: plan,
    canonical: new TextDecoder().decode(canonicalPlan(plan)),
    hash: compiled.hashText,
    ownerSeed: bytesToHex(owner),
    signed: signPlan(plan, owner).signature,
  },
  attributes: values,
  increments: increments.map((slots) => slots.map(hex)),
  envelopes: [
    vector('per-span', {
      report: single,
      windowStart: 1_700_000_040,
      labels: [2],
      members: single.measurements.map((measurement, index) => membersOf(measurement, increments[index] ?? [])),
    }),
    vector('per-span, nothing', {
      report: single,
      windowStart: 1_700_000_040,
      labels: [0],
      members: single.measurements.map((measurement) =>
        membersOf(
          measurement,
          measurement.slots.map(() => 0n),
        ),
      ),
    }),
    vector('coalesced', {
      report: many,
      windowStart: 1_700_000_100,
      labels: [1],
      spanBound: 15,
      members: many.measurements.map((measurement, index) => coalescedMembers(measurement, 15, totals[index] ?? [])),
    }),
  ],
  coalescedTotals: totals.map((slots) => slots.map(hex)),
  slotWidths: many.measurements.map((measurement) => slotShiftOf(many, measurement)),
  decoding: [0n, key.n - 1n, (1n << 47n) - 1n, (5n << 48n) - 3n, key.n - (7n << 48n)].map((plaintext) => ({
    plaintext: hex(plaintext),
    slots48: decodeSlots(key, plaintext, 3).map(String),
    slots128: decodeSlots(key, plaintext, 2, 128).map(String),
  })),
  release: { identity, releaseId: releaseIdOf(identity), cellId: cellIdOf(identity) },
  openLabels: {
    plan: { document: openPlan, hash: compiledOpen.hashText },
    envelope: vector(
      'open label',
      { report: open, windowStart: 1_700_002_800, labels: [OPEN_KEY, 1], members: [[2], [1]] },
      compiledOpen,
    ),
    selection: { identity: selection, releaseId: releaseIdOf(selection), cellId: cellIdOf(selection) },
    cell: { identity: openCell, releaseId: releaseIdOf(openCell), cellId: cellIdOf(openCell) },
    /** Of two keys with ciphertexts that are a byte repeated, in the order of keys. */
    digest: {
      keys: { '\uffee': 1, SEARCH: 2 },
      value: selectionDigest,
      /** As the ledger of the selection above holds it. */
      blinded: blindDigest(secret, releaseIdOf(selection), selectionDigest),
    },
    threshold: String(keyThreshold(compiledOpen, open)),
  },
};
const target = process.argv[2] ?? new URL('../test/vectors/envelopes.json', import.meta.url);
writeFileSync(target, `${JSON.stringify(document, undefined, 1)}\n`);
