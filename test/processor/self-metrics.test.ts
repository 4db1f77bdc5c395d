import { diag, DiagLogLevel, metrics } from '@opentelemetry/api';
import { afterEach, describe, expect, it } from 'vitest';
import { DROP_REASONS } from '../../processor/processor-stats.js';
import { SEALED } from '../../processor/sealed-texts.js';
import { planOf, testPlan, testPlanDocument } from '../support/plans.js';
import { CollectedMetrics } from './collected-metrics.js';
import { createKit, readyKit, TestPairSource } from './harness.js';

/** Processors are numbered in the order they were created in this process. */
let created = 0;
const nextComponent = (): string => `encrypting_span_processor/${String(created++)}`;

afterEach(() => metrics.disable());

describe('self-metrics', () => {
  it('show every reason as 0 from the start, also when the meter provider came later', async () => {
    const component = nextComponent();
    const kit = createKit({ source: new TestPairSource().hold() });
    const collected = new CollectedMetrics();
    metrics.setGlobalMeterProvider(collected.provider);
    kit.span('health');
    const found = await collected.collect(component);
    expect(found['telemetry_kit.processor.spans']).toEqual({
      passed: 1,
      sealed: 0,
      coalesced: 0,
      ...Object.fromEntries(DROP_REASONS.map((reason) => [`dropped:${reason}`, 0])),
    });
    expect(found['telemetry_kit.processor.unprotected_spans']).toEqual({ '': 0 });
    expect(found['telemetry_kit.processor.queue.size']).toEqual({ '': 0 });
    expect(found['telemetry_kit.processor.pool.size']).toEqual({ '': 0 });
    kit.source.release();
    await kit.provider.shutdown();
  });

  it.each([
    ['per-span', testPlan()],
    ['coalesced', planOf(testPlanDocument().reports[0]!.measurements, { mode: 'coalesced' })],
  ])('are the same whatever the values are, and whether they are there: %s', async (_, plan) => {
    const collected = new CollectedMetrics();
    metrics.setGlobalMeterProvider(collected.provider);
    const found: unknown[] = [];
    for (const attributes of [
      {},
      { 'checkout.success': 'yes', 'customer.plan': 7 },
      { 'checkout.success': true, 'customer.plan': 'unheard-of', 'customer.email': 'alice@example.com' },
      { 'customer.plan': SEALED },
    ]) {
      const component = nextComponent();
      const kit = await readyKit({ plan, poolInitialRecords: 512 });
      for (const name of ['checkout', 'find', 'health']) kit.span(name, (open) => open.setAttributes(attributes));
      found.push(await collected.collect(component));
      await kit.provider.shutdown();
    }
    expect(found[0]).toHaveProperty(['telemetry_kit.processor.spans', 'passed'], 2);
    for (const others of found) expect(others).toEqual(found[0]);
    expect(Object.keys(found[0] as object).sort()).toEqual([
      'telemetry_kit.processor.pool.size',
      'telemetry_kit.processor.queue.size',
      'telemetry_kit.processor.spans',
      'telemetry_kit.processor.unprotected_spans',
    ]);
  });

  it('do not count by the values either where the SDK does not call onEnding', async () => {
    const collected = new CollectedMetrics();
    metrics.setGlobalMeterProvider(collected.provider);
    const component = nextComponent();
    const kit = await readyKit({
      wrap: (processor) => ({
        onStart: (span, context) => processor.onStart(span, context),
        onEnd: (span) => processor.onEnd(span),
        forceFlush: () => processor.forceFlush(),
        shutdown: () => processor.shutdown(),
      }),
    });
    kit.span('checkout', (open) => open.setAttribute('customer.plan', 'team-monthly'));
    kit.span('checkout');
    kit.span('health');
    expect((await collected.collect(component))['telemetry_kit.processor.unprotected_spans']).toEqual({ '': 3 });
    await kit.provider.shutdown();
  });

  it('leave mistakes in values to the log, once for each, without a value', async () => {
    const warnings: string[] = [];
    const noop = (): void => undefined;
    const logger = { error: noop, info: noop, debug: noop, verbose: noop, warn: (text: string) => warnings.push(text) };
    diag.setLogger(logger, { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true });
    nextComponent();
    const kit = await readyKit({
      plan: planOf([{ name: 'plan', attribute: 'p', kind: 'category', values: ['team'], epsilon: '1' }]),
    });
    for (const value of ['unheard-of', 'another', 7, 8, 'team'])
      kit.span('checkout', (open) => open.setAttribute('p', value));
    diag.disable();
    expect(warnings).toEqual([
      'telemetry-kit: measurement plan met a value it has no place for (undeclared), which counts as absent',
      'telemetry-kit: measurement plan met a value it has no place for (wrong_type), which counts as absent',
    ]);
    expect(kit.processor.stats().values).toMatchObject({ undeclared: 2, wrong_type: 2, measured: 1 });
    await kit.provider.shutdown();
  });
});
