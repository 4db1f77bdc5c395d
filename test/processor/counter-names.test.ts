import { createHmac } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CounterNames } from '../../processor/counter-names.js';
import type { Visit } from '../../processor/visit.js';
import { hashFramed } from '../../src/framing.js';
import { personalPlan } from '../support/personal-plan.js';

const { plan } = personalPlan();
const key = new Uint8Array(32).fill(3);
const names = new CounterNames(key, plan);
const alice: Visit = { subject: 'alice', report: 'checkout', windowStart: 1_735_732_800, periodStart: 1_735_689_600 };

describe('the name of a counter', () => {
  it('is an HMAC of the subject under a key of its kind, plan and report, cut to 128 bits', () => {
    const scope = ['visits-of-period', plan.privacy.domain, plan.name, 'checkout'].map((text) => Buffer.from(text));
    const scoped = createHmac('sha256', key).update(hashFramed('telemetry-kit/v1/counter', scope)).digest();
    const name = createHmac('sha256', scoped).update('alice').digest().subarray(0, 16).toString('base64url');
    expect(names.ofPeriod(alice)).toBe(name);
    expect(name).toMatch(/^[\w-]{22}$/);
  });

  it('is the same wherever the key is, and another for anything else', () => {
    const again = new CounterNames(key, { ...plan, sequence: 9 });
    expect(again.ofPeriod(alice)).toBe(names.ofPeriod(alice));
    expect(again.ofWindow(alice)).toBe(names.ofWindow(alice));
    const otherPrivacy = { ...plan.privacy, domain: 'another' };
    const all = [
      names.ofPeriod(alice),
      names.ofWindow(alice),
      names.ofKeys(alice),
      names.ofKey(alice, 'team'),
      names.ofKey(alice, ''),
      names.ofPeriod({ ...alice, subject: 'bob' }),
      names.ofPeriod({ ...alice, report: 'search' }),
      names.ofWindow({ ...alice, windowStart: alice.windowStart + 60 }),
      new CounterNames(new Uint8Array(32).fill(4), plan).ofPeriod(alice),
      new CounterNames(key, { ...plan, name: 'another' }).ofPeriod(alice),
      new CounterNames(key, { ...plan, privacy: otherPrivacy }).ofPeriod(alice),
    ];
    expect(new Set(all).size).toBe(all.length);
  });

  it('depends on every character of the subject', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.string({ unit: 'grapheme' }), (a, b) => {
        const [first, second] = [a, b].map((subject) => names.ofPeriod({ ...alice, subject }));
        expect(first === second).toBe(a === b);
      }),
    );
  });
});
