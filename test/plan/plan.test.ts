import { ed25519 } from '@noble/curves/ed25519.js';
import { describe, expect, it } from 'vitest';
import { toBase64Url } from '../../src/bytes.js';
import { checkPlan, parsePlan } from '../../src/plan/check.js';
import { canonicalPlan } from '../../src/plan/canonical.js';
import { compilePlan, labelCombinations, windowStartOf } from '../../src/plan/compile.js';
import { openSignedPlan, signPlan } from '../../src/plan/document.js';
import type { Plan } from '../../src/plan/plan.js';
import { testPlanDocument } from '../support/plans.js';

const valid = testPlanDocument();

/** A copy of the valid plan with one value at a path replaced (or removed: undefined). */
function bent(path: string, value: unknown): unknown {
  const copy = structuredClone(valid) as unknown as Record<string, unknown>;
  const steps = path.split('.');
  const last = steps.pop()!;
  const parent = steps.reduce<Record<string, unknown>>((node, step) => node[step] as Record<string, unknown>, copy);
  parent[last] = value;
  return JSON.parse(JSON.stringify(copy));
}

describe('plan check', () => {
  it('accepts a valid plan and says what it costs', () => {
    const { plan, issues, warnings } = checkPlan(valid);
    expect(issues).toEqual([]);
    expect(plan).toEqual(valid);
    expect(warnings.map(({ path }) => path)).toContain('privacy');
  });

  it.each([
    ['version', 2, 'version', /must be 1/],
    ['name', 'My Shop', 'name', /a-z/],
    ['sequence', 0, 'sequence', /1 or more/],
    ['keys', [], 'keys', /at least one/],
    ['keys', ['abc'], 'keys[0]', /43 characters/],
    ['keys', [valid.keys[0], valid.keys[0]], 'keys', /appears twice/],
    ['window.seconds', 0, 'window.seconds', /at least 1/],
    ['window.seconds', 1.5, 'window.seconds', /whole number/],
    ['window.graceSeconds', -1, 'window.graceSeconds', /at least 0/],
    ['privacy.unit', 'user', 'privacy.unit', /user-period/],
    ['privacy.unit', 'user-period', 'privacy.bounds', /without limit/],
    ['privacy.bounds', { subject: 'user.id', visits: 3 }, 'privacy.bounds', /unit "user-period"/],
    ['privacy.delta', '0.0001', 'privacy.delta', /above 0.00001/],
    ['privacy.mechanism', 'discrete-gaussian', 'privacy.delta', /cannot keep/],
    ['privacy.mechanism', 'laplace', 'privacy.mechanism', /discrete-laplace/],
    ['privacy.shares', { streams: '0.6', queries: '0.3', segments: '0.2' }, 'privacy.shares', /more than 1/],
    ['reports.0.measurements.0.release', 'total', 'reports[0].measurements[0].release', /discrete-gaussian/],
    ['reports.0.measurements.0.release', 'always', 'reports[0].measurements[0].release', /windows, total/],
    ['privacy.epsilon', 1, 'privacy.epsilon', /floats are refused/],
    ['privacy.epsilon', '0', 'privacy.epsilon', /positive budget/],
    ['privacy.epsilon', '-1', 'privacy.epsilon', /decimal string/],
    ['privacy.noise', 'none', 'privacy.noise', /both/],
    ['privacy.period', 'year', 'privacy.period', /hour, day, week/],
    ['labels.0.otherwise', 'mars', 'labels[0].otherwise', /not one of values/],
    ['labels.0.key', 'customer.plan', 'labels[0].key', /also sealed/],
    ['labels.0.values', ['eu', 'eu', 'elsewhere'], 'labels[0].values', /twice/],
    ['reports', [], 'reports', /at least one/],
    ['reports.0.labels', ['planet'], 'reports[0].labels', /not declared/],
    ['reports.0.mode', 'batch', 'reports[0].mode', /per-span, coalesced/],
    ['reports.0.spanBounds', [15], 'reports[0].spanBounds', /coalesced reports only/],
    ['reports.0.spans.kinds', ['worker'], 'reports[0].spans.kinds[0]', /internal, server/],
    ['reports.0.measurements.0.kind', 'mean', 'reports[0].measurements[0].kind', /flag, category/],
    ['reports.0.measurements.1.name', 'success', 'reports[0].measurements', /twice/],
    ['reports.0.measurements.0.epsilon', '11', 'reports[0].measurements[0].epsilon', /above 10/],
    ['reports.0.measurements.0.epsilon', '0.0000001', 'reports[0].measurements[0].epsilon', /below/],
    ['reports.0.measurements.0.minimum', -1, 'reports[0].measurements[0].minimum', /negative/],
    ['reports.0.measurements.1.values', [], 'reports[0].measurements[1].values', /at least one/],
    [
      'reports.0.measurements.1.values',
      Array.from({ length: 33 }, (_, i) => `c${String(i)}`),
      'reports[0].measurements[1].values',
      /more than 32/,
    ],
    ['reports.0.measurements.1.values', ['a', 'other'], 'reports[0].measurements[1].values', /beside other/],
    ['reports.0.measurements.1.values', ['a', 'a'], 'reports[0].measurements[1].values', /twice/],
    ['surprise', true, '(plan)', /unknown fields surprise/],
    ['window', undefined, 'window', /missing/],
  ])('%s = %j is refused at %s', (path, value, where, message) => {
    const { plan, issues } = checkPlan(bent(path, value));
    expect(plan).toBeUndefined();
    expect(issues.find((issue) => issue.path === where)?.message).toMatch(message);
    expect(() => parsePlan(bent(path, value))).toThrow(expect.objectContaining({ code: 'invalid_plan' }));
  });

  it('a window that costs more than the whole budget is refused', () => {
    const { issues } = checkPlan(bent('privacy.epsilon', '0.5'));
    expect(issues[0]).toMatchObject({ path: 'reports' });
  });

  it.each([
    ['hour', 7200, false],
    ['hour', 86_400, false],
    ['hour', 3600, true],
    ['hour', 7, false],
    ['day', 86_400, true],
    ['day', 5400, true],
    ['day', 172_800, false],
    ['day', 7000, false],
    ['week', 86_400, true],
    ['week', 604_800, false],
  ] as const)('a budget by the %s with windows of %i seconds: accepted %j', (period, seconds, accepted) => {
    const { issues } = checkPlan(
      testPlanDocument({
        window: { seconds, graceSeconds: 30, lagSeconds: 0 },
        privacy: { ...valid.privacy, period },
      }),
    );
    expect(issues.map(({ path }) => path)).toEqual(accepted ? [] : ['window.seconds']);
  });

  it('too many cells are refused', () => {
    const values = Array.from({ length: 256 }, (_, i) => `v${String(i)}`);
    const labels = ['a', 'b'].map((key) => ({ key, values, otherwise: 'v0' }));
    const plan = { ...testPlanDocument({ labels }), reports: [{ ...valid.reports[0]!, labels: ['a', 'b'] }] };
    expect(checkPlan(plan).issues[0]?.message).toMatch(/131072 cells/);
  });

  it('reports every issue at once and never throws', () => {
    const { issues } = checkPlan({ version: 9, name: 5 });
    expect(issues.length).toBeGreaterThan(5);
    for (const garbage of [undefined, null, 1, 'x', [], () => 1]) expect(checkPlan(garbage).issues).not.toEqual([]);
  });

  it('warns that the receiver adds no noise under further keys', () => {
    const keys = [...valid.keys, 'B'.repeat(43)];
    expect(checkPlan({ ...valid, keys }).warnings.map(({ path }) => path)).toContain('keys');
    const alone = { ...valid.privacy, noise: 'keyholder' as const };
    expect(checkPlan({ ...valid, keys, privacy: alone }).warnings.map(({ path }) => path)).not.toContain('keys');
  });

  it('warns about short windows, short grace and noise by the key holder alone', () => {
    const short = testPlanDocument({
      window: { seconds: 5, graceSeconds: 2, lagSeconds: 0 },
      privacy: { ...valid.privacy, noise: 'keyholder' },
    });
    expect(checkPlan(short).warnings.map(({ path }) => path)).toEqual([
      'window.seconds',
      'window.graceSeconds',
      'privacy.noise',
      'privacy',
    ]);
  });
});

describe('canonical form and hash', () => {
  it('does not depend on the order of fields and changes with any value', () => {
    const reordered = JSON.parse(JSON.stringify(valid, Object.keys(flatKeys(valid)).sort().reverse())) as Plan;
    expect(compilePlan(reordered).hashText).toBe(compilePlan(valid).hashText);
    const other = testPlanDocument({ sequence: 2 });
    expect(compilePlan(other).hashText).not.toBe(compilePlan(valid).hashText);
    expect(new TextDecoder().decode(canonicalPlan(valid))).toMatch(/^\{"keys":\["/);
  });
});

describe('signed documents', () => {
  const owner = ed25519.utils.randomSecretKey();
  const ownerKey = toBase64Url(ed25519.getPublicKey(owner));
  const signed = signPlan(valid, owner);
  const planHash = compilePlan(valid).hashText;

  it('open under either pin', () => {
    expect(openSignedPlan(JSON.parse(JSON.stringify(signed)), { ownerKey }).hashText).toBe(planHash);
    expect(openSignedPlan(signed, { planHash }).plan).toEqual(valid);
    expect(openSignedPlan({ plan: valid }, { planHash }).plan).toEqual(valid);
  });

  const foreign = signPlan(valid, ed25519.utils.randomSecretKey());
  it.each([
    ['no pin', signed, {}, /no pin/],
    ['no signature', { plan: valid }, { ownerKey }, /not signed/],
    ['a foreign signature', foreign, { ownerKey }, /not signed/],
    [
      'a foreign signature under our name',
      { ...foreign, signature: { ...foreign.signature, publicKey: ownerKey } },
      { ownerKey },
      /not signed/,
    ],
    ['a changed plan', { ...signed, plan: testPlanDocument({ sequence: 7 }) }, { ownerKey }, /not signed/],
    ['another hash', signed, { planHash: 'A'.repeat(43) }, /not the pinned/],
    ['an older plan', signed, { ownerKey, minimumSequence: 2 }, /older/],
    ['garbage as signature', { ...signed, signature: 'x' }, { ownerKey }, /not signed/],
    ['a short signature', { ...signed, signature: { ...signed.signature, value: 'AAAA' } }, { ownerKey }, /not signed/],
    ['a pin that is no key', signed, { ownerKey: 'AAAA' }, /not signed/],
  ])('%s is refused', (_name, document, trust, message) => {
    expect(() => openSignedPlan(document, trust)).toThrow(expect.objectContaining({ code: 'untrusted_plan' }));
    expect(() => openSignedPlan(document, trust)).toThrow(message);
  });
  it('an invalid plan is named as invalid, whatever its signature', () => {
    expect(() => openSignedPlan({ ...signed, plan: 5 }, { ownerKey })).toThrow(
      expect.objectContaining({ code: 'invalid_plan' }),
    );
    expect(() => openSignedPlan(undefined, { ownerKey })).toThrow(expect.objectContaining({ code: 'invalid_plan' }));
  });
});

describe('compiled plans', () => {
  const compiled = compilePlan(valid);
  it('derive the sets and slots of every measurement', () => {
    const [success, plan] = compiled.reports[0]!.measurements;
    expect(success!.components).toEqual([{ arity: 1, tuples: [[0n], [1n], [1n << 48n]] }]);
    expect(plan!.slots).toEqual(['free-forever', 'team-monthly', 'enterprise-annual', 'other']);
    expect(plan!.components[0]!.tuples).toHaveLength(5);
  });
  it('list label combinations and align windows', () => {
    expect(labelCombinations(compiled.reports[0]!)).toEqual([[0], [1], [2]]);
    expect(labelCombinations({ ...compiled.reports[0]!, labels: [] })).toEqual([[]]);
    expect(windowStartOf(valid, 119_999)).toBe(60);
    expect(windowStartOf(valid, 120_000)).toBe(120);
  });
});

function flatKeys(value: unknown): Record<string, true> {
  if (typeof value !== 'object' || value === null) return {};
  return Object.entries(value).reduce(
    (keys, [key, inner]) => ({ ...keys, [key]: true as const, ...flatKeys(inner) }),
    {},
  );
}
