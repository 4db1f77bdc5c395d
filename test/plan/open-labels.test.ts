import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatRational } from '../../src/math/rational.js';
import { checkPlan } from '../../src/plan/check.js';
import { labelCombinations } from '../../src/plan/compile.js';
import { compareKeys, isKey, keyOf, OTHER_KEY } from '../../src/plan/labels.js';
import { envelopeLayout, unitCountIndex } from '../../src/plan/layout.js';
import { periodEpsilon, selectionDelta, windowEpsilon } from '../../src/plan/plan-cost.js';
import { openPlan, openPlanDocument } from '../support/open-plans.js';
import { testPlan, testPlanDocument } from '../support/plans.js';

const region = { key: 'region', values: ['eu', 'us'], otherwise: 'us' };
const [report] = openPlanDocument().reports;

function issuesOf(options: Parameters<typeof openPlanDocument>[0]): string[] {
  return checkPlan(openPlanDocument(options)).issues.map(({ path }) => path);
}

describe('a plan with an open label', () => {
  it('is accepted, alone and beside a closed one', () => {
    expect(issuesOf({})).toEqual([]);
    const labels = [region, { key: 'feature', open: true as const, keysPerSubject: 6, longest: 9 }];
    expect(issuesOf({ plan: { labels, reports: [{ ...report!, labels: ['region', 'feature'] }] } })).toEqual([]);
    const day = { window: { seconds: 86_400, graceSeconds: 30, lagSeconds: 0 } };
    expect(issuesOf({ privacy: { period: 'day' }, plan: day })).toEqual([]);
  });

  it('says that keys are chosen once a period', () => {
    const { warnings } = checkPlan(openPlanDocument());
    expect(warnings.find(({ path }) => path === 'reports[0].labels')?.message).toContain('chosen once in every hour');
    expect(warnings.map(({ path }) => path)).toContain('window.lagSeconds');
    const slow = { window: { seconds: 3600, graceSeconds: 30, lagSeconds: 120 } };
    expect(checkPlan(openPlanDocument({ plan: slow })).warnings.map(({ path }) => path)).not.toContain(
      'window.lagSeconds',
    );
    expect(checkPlan(testPlanDocument()).warnings.some(({ path }) => path.endsWith('labels'))).toBe(false);
  });

  it('costs its selection once a period, and its delta is shared by its selections', () => {
    const { plan } = openPlan();
    expect(formatRational(periodEpsilon(plan))).toBe('2');
    expect(formatRational(windowEpsilon(plan))).toBe('0');
    expect(formatRational(selectionDelta(plan))).toBe('1/1000000');
    const two = openPlan({ privacy: { epsilon: '4' }, plan: { reports: [report!, { ...report!, name: 'second' }] } });
    expect(formatRational(periodEpsilon(two.plan))).toBe('4');
    expect(formatRational(selectionDelta(two.plan))).toBe('1/2000000');
    expect(issuesOf({ privacy: { epsilon: '1.9' } })).toEqual(['privacy.epsilon']);
    expect(issuesOf({ privacy: { bounds: { subject: 'user.id', visits: 6, processes: 2 } } })).toEqual([
      'privacy.epsilon',
    ]);
  });

  it.each<[string, Parameters<typeof openPlanDocument>[0], string[]]>([
    ['for events', { privacy: { unit: 'event', bounds: undefined as never } }, ['privacy.unit']],
    ['without a delta', { privacy: { delta: '0' } }, ['privacy.delta']],
    [
      'with Gaussian noise, which spends the delta',
      { privacy: { mechanism: 'discrete-gaussian' } },
      ['privacy.mechanism'],
    ],
    ['with windows shorter than the period', { privacy: { period: 'day' } }, ['window.seconds']],
    ['coalesced', { report: { mode: 'coalesced' } }, ['reports[0].mode']],
    [
      'without an epsilon for the selection',
      { report: { selectionEpsilon: undefined as never } },
      ['reports[0].selectionEpsilon'],
    ],
    [
      'with an epsilon out of range',
      { report: { selectionEpsilon: '11' }, privacy: { epsilon: '10' } },
      ['privacy.epsilon', 'reports[0].selectionEpsilon'],
    ],
    ['with keys longer than an envelope takes', { label: { longest: 65 } }, ['labels[0].longest']],
    ['with keys too short for the name of all others', { label: { longest: 8 } }, ['labels[0].longest']],
    ['with more keys than visits', { label: { keysPerSubject: 7 } }, ['labels[0].keysPerSubject']],
    ['that lists values as well', { label: { values: ['a'] } as never }, ['labels[0]']],
    ['that is not quite open', { label: { open: 'yes' } as never }, ['labels[0].open']],
    [
      'that is sealed',
      { label: { key: 'checkout.success' }, report: { labels: ['checkout.success'] } },
      ['labels[0].key'],
    ],
    ['that is the subject', { label: { key: 'user.id' }, report: { labels: ['user.id'] } }, ['privacy.bounds.subject']],
  ])('is refused %s', (_name, options, paths) => {
    const document = JSON.parse(JSON.stringify(openPlanDocument(options))) as unknown;
    expect(checkPlan(document).issues.map(({ path }) => path)).toEqual(paths);
  });

  it('has one open label a report at most, and an epsilon for it only where there is one', () => {
    const labels = [{ key: 'feature', open: true as const }, { key: 'page', open: true as const }, region];
    const reports = [{ ...report!, labels: ['feature', 'page'] }];
    expect(issuesOf({ plan: { labels, reports } })).toEqual(['reports[0].labels']);
    const closed = { ...report!, name: 'closed', labels: ['region'] };
    expect(issuesOf({ privacy: { epsilon: '9' }, plan: { labels, reports: [report!, closed] } })).toEqual([
      'reports[1].selectionEpsilon',
    ]);
  });

  it('has no week as its period: windows are aligned to days', () => {
    const window = { seconds: 604_800, graceSeconds: 30, lagSeconds: 0 };
    expect(issuesOf({ privacy: { period: 'week' }, plan: { window } })).toContain('window.seconds');
  });
});

describe('the cells of an open report', () => {
  it('are those of the keys that are given, and of all others together', () => {
    const labels = [region, { key: 'feature', open: true as const }];
    const both = openPlan({ plan: { labels, reports: [{ ...report!, labels: ['region', 'feature'] }] } }).reports[0]!;
    expect(both.openLabel).toEqual({ position: 1, keysPerSubject: 1, longest: 64 });
    expect(labelCombinations(both)).toEqual([
      [0, OTHER_KEY],
      [1, OTHER_KEY],
    ]);
    expect(labelCombinations(both, ['x'])).toEqual([
      [0, 'x'],
      [0, OTHER_KEY],
      [1, 'x'],
      [1, OTHER_KEY],
    ]);
  });

  it('have a unit count of 0 or 1 after the measurements; closed reports have none', () => {
    const open = openPlan().reports[0]!;
    expect(unitCountIndex(open)).toBe(1);
    expect(envelopeLayout(open, 1)[1]).toEqual({
      components: [{ set: { arity: 1, tuples: [[0n], [1n]] }, accumulator: 0 }],
      total: undefined,
    });
    const closed = testPlan().reports[0]!;
    expect(envelopeLayout(closed, 1)).toHaveLength(closed.measurements.length);
    expect(closed.openLabel).toBeUndefined();
  });
});

describe('keys', () => {
  it.each<[unknown, string]>([
    ['checkout', 'checkout'],
    [42, '42'],
    [true, 'true'],
    ['Zoe\u0308', 'Zo\u00eb'],
    ['e\u0301'.repeat(4), '\u00e9'.repeat(4)],
    ['\u{1F600}\u{1F600}', '\u{1F600}\u{1F600}'],
    ['\uFEFFbom', '\uFEFFbom'],
  ])('%j is the key %j', (value, key) => {
    expect(keyOf(value, 9)).toBe(key);
  });

  it.each([undefined, '', 'too long for it', '\u00e9'.repeat(5), 'a\nb', 'a\u0000', '\u0085', '\ud800', ['a'], {}])(
    '%j counts under no key',
    (value) => {
      expect(keyOf(value, 9)).toBe(OTHER_KEY);
    },
  );

  it('are idempotent, within their length, and sorted as their bytes', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 40 }), fc.string({ unit: 'binary' }), (text, other) => {
        const key = keyOf(text, 32);
        expect(keyOf(key, 32)).toBe(key);
        expect(isKey(key)).toBe(true);
        if (key !== OTHER_KEY) expect(Buffer.byteLength(key)).toBeLessThanOrEqual(32);
        expect(Math.sign(compareKeys(text, other))).toBe(Buffer.compare(Buffer.from(text), Buffer.from(other)));
      }),
    );
  });
});
