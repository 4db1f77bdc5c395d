import { SpanKind, SpanStatusCode, TraceFlags, type Attributes } from '@opentelemetry/api';
import type { ReadableSpan } from '@opentelemetry/sdk-trace-base';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CapturedSpan } from '../../processor/captured-span.js';
import { DeclaredTexts } from '../../processor/declared-texts.js';
import { SealedTexts } from '../../processor/sealed-texts.js';
import { SpanSelection } from '../../processor/span-selection.js';
import { testPlan } from '../support/plans.js';

const MINIMUM = 4;
const declared = new DeclaredTexts(['team-monthly', '12345678', 'pro'], MINIMUM);
const selection = new SpanSelection(testPlan());

function spanOf(attributes: Attributes): ReadableSpan {
  const context = { traceId: '1', spanId: '2', traceFlags: TraceFlags.SAMPLED };
  return {
    ...{ name: 'x', kind: SpanKind.INTERNAL, spanContext: () => context, status: { code: SpanStatusCode.UNSET } },
    ...{ startTime: [0, 0], endTime: [0, 0], duration: [0, 0], ended: true, attributes, links: [], events: [] },
    ...{ resource: {} as ReadableSpan['resource'], instrumentationScope: { name: 'test' } },
    ...{ droppedAttributesCount: 0, droppedEventsCount: 0, droppedLinksCount: 0 },
  };
}

describe('a captured span', () => {
  const value = fc.constantFrom<unknown>(
    ...['team-monthly', '12345678', 'pro', 'team-weekly', 'bob@example.com', ''],
    ...[12345678, 4111111111, true, undefined, ['bob@example.com'], ['team-monthly', 'carol']],
  );
  const attribute = fc.tuple(fc.constantFrom('a', 'b', 'c'), value);

  it('searches for everything that was added, whenever it is asked', () => {
    const probes = ['to TEAM-MONTHLY', 'of bob@example.com', 'team-weekly', 'n 12345678', '4111111111', 'carol', 'pro'];
    fc.assert(
      fc.property(fc.array(fc.tuple(attribute, fc.boolean()), { maxLength: 6 }), (added) => {
        const newTexts = (): SealedTexts => new SealedTexts(MINIMUM, declared);
        const captured = new CapturedSpan(spanOf({}), selection, declared, newTexts, undefined);
        const all = newTexts();
        for (const [[key, one], isAsked] of added) {
          captured.add(key, one);
          all.add(one);
          if (isAsked) expect(captured.undeclaredTexts === undefined).toBe(all.areDeclared);
        }
        expect(captured.undeclaredTexts === undefined).toBe(all.areDeclared);
        for (const probe of probes) expect(captured.texts.redact(probe)).toBe(all.redact(probe));
        for (const number of [12345678, 4111111111, 7]) expect(captured.texts.holds(number)).toBe(all.holds(number));
      }),
      { numRuns: 2000 },
    );
  });

  it('keeps the first value of a key, and searches for the later ones too', () => {
    const newTexts = (): SealedTexts => new SealedTexts(MINIMUM, declared);
    const captured = new CapturedSpan(spanOf({}), selection, declared, newTexts, undefined);
    captured.add('plan', 'team-monthly');
    captured.add('plan', 'bob@example.com');
    expect(captured.valueOf('plan')).toBe('team-monthly');
    expect(captured.texts.redact('of bob@example.com')).toBe('of [sealed]');
  });
});
