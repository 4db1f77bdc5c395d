/** The demo reads published windows as Prometheus shows them, and calls a fault a fault. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parsePrometheusText } from '../../examples/shop/demo/prometheus-text.mjs';
import { readWindow } from '../../examples/shop/demo/published.mjs';
import { faultsOf, releasedRows, type DemoResult } from '../../examples/shop/demo/report.mjs';
import type { Plan } from '../../src/plan/plan.js';

const plan = JSON.parse(readFileSync(join(import.meta.dirname, '../../examples/shop/plan.json'), 'utf8')) as Plan;

const PAGE = `# HELP telemetry_kit_window_end End of the window
# TYPE telemetry_kit_window_end gauge
telemetry_kit_window_end{report="checkout"} 1005
telemetry_kit_window_end{report="usage"} 1005
telemetry_kit_checkout_success{value="true"} -2
telemetry_kit_checkout_success_stddev{value="true"} 1.5
telemetry_kit_checkout_success_ci_low{value="true"} -5
telemetry_kit_checkout_success_ci_high{value="true"} 1
telemetry_kit_suppressed{report="usage",measurement="feature",reason="budget"} 1
telemetry_kit_budget_limit{domain="shop",measure="epsilon"} 20
telemetry_kit_budget_consumed{domain="shop",measure="epsilon"} 20
telemetry_kit_budget_remaining{domain="shop",measure="epsilon"} 0
`;

describe('the Prometheus text format', () => {
  it('is read with its labels, escapes, exponents and time stamps', () => {
    expect(parsePrometheusText('# HELP x\na 1\nb{c="d\\"e\\\\f\\ng",h="}"} -2.5e3 1700000000000\n\n')).toEqual([
      { name: 'a', labels: {}, value: 1 },
      { name: 'b', labels: { c: 'd"e\\f\ng', h: '}' }, value: -2500 },
    ]);
  });
});

describe('a published window', () => {
  it('has its values, what is suppressed and the budget', () => {
    expect(readWindow(parsePrometheusText(PAGE), plan)).toEqual({
      windowStart: 1000,
      windowEnd: 1005,
      values: [{ series: 'checkout.success', member: 'true', value: -2, stddev: 1.5, interval: [-5, 1] }],
      suppressed: [{ series: 'usage.feature', reason: 'budget' }],
      budget: { limit: 20, consumed: 20, remaining: 0 },
    });
  });

  it('is not there before every report shows it', () => {
    expect(readWindow(parsePrometheusText(PAGE.replace('{report="usage"} 1005', '{report="usage"} 1000')), plan)).toBe(
      undefined,
    );
    expect(readWindow([], plan)).toBe(undefined);
  });
});

describe('the result', () => {
  const window = readWindow(parsePrometheusText(PAGE), plan)!;
  const truth = { '1000': { 'checkout.success': { true: 3 } } };
  const good: DemoResult = {
    bits: 2048,
    windowSeconds: 5,
    requests: 3,
    released: releasedRows(window, truth),
    suppressed: [],
    truth,
    accepted: 3,
    duplicate: 0,
    rejected: { late: 0 },
    budget: window.budget,
    plaintextLeaks: 0,
    leaks: [],
    bytesScanned: 1,
  };

  it('is good where values are near the truth, nothing leaked and nothing was rejected', () => {
    expect(good.released).toMatchObject([{ value: -2, truth: 3 }]);
    expect(faultsOf(good)).toEqual([]);
  });

  it.each<[string, Partial<DemoResult>]>([
    ['a value far from the truth', { released: releasedRows(window, {}).map((row) => ({ ...row, truth: 99 })) }],
    ['a value without its noise', { released: good.released.map((row) => ({ ...row, stddev: NaN })) }],
    ['a rejection', { rejected: { late: 1 } }],
    ['a leak', { leaks: [{ where: 'its spans', text: 'x', encoding: 'plain' }] }],
    ['a contribution that got lost', { accepted: 2 }],
    ['no release', { released: [] }],
  ])('is a failure with %s', (_name, change) => {
    expect(faultsOf({ ...good, ...change })).toHaveLength(1);
  });
});
