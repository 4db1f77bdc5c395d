import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { ContributionBounds } from '../../processor/contribution-bounds.js';
import { ContributionMemory, processMemory } from '../../processor/contribution-memory.js';
import { subjectText, type VisitOutcome } from '../../processor/visit.js';
import { periodOf, periodStartOf } from '../../src/plan/budget-period.js';
import { PERIODS, type ContributionBounds as Bounds, type Period } from '../../src/plan/plan.js';
import { personalPlan, SUBJECT } from '../support/personal-plan.js';

const at = (text: string): number => Date.parse(text) / 1000;
const NOON = at('2025-03-12T12:00:00Z');
const MIDNIGHT = at('2025-03-12T00:00:00Z');
const DAY = 86_400;

interface Counting {
  readonly bounds?: Partial<Bounds>;
  readonly period?: Period;
  readonly counterLimit?: number;
  readonly memory?: ContributionMemory;
  readonly now?: () => number;
}

/** Visits of one plan; `now` in Unix seconds. */
function counting({ bounds, period = 'day', counterLimit = 1000, memory, now = () => NOON }: Counting = {}) {
  const { plan } = personalPlan(bounds);
  const counted = new ContributionBounds(
    {
      plan: { ...plan, privacy: { ...plan.privacy, period } },
      bounds: { subject: SUBJECT, visits: 3, ...bounds },
      clock: () => now() * 1000,
      counterLimit,
    },
    memory ?? new ContributionMemory(),
  );
  return (subject: unknown, windowStart = NOON, report = 'checkout'): VisitOutcome =>
    counted.admit({ subject, report, windowStart });
}

const times = <Result>(count: number, run: (index: number) => Result): Result[] =>
  Array.from({ length: count }, (_, index) => run(index));

describe('what a subject may contribute', () => {
  it('is so many visits of a report and a period, in whatever windows', () => {
    const visit = counting();
    expect(times(5, (index) => visit('alice', MIDNIGHT + 60 * index))).toEqual([
      'admitted',
      'admitted',
      'admitted',
      'exceeded',
      'exceeded',
    ]);
    expect(visit('bob')).toBe('admitted');
    expect(visit('alice', NOON, 'search')).toBe('admitted');
    expect(visit('alice', MIDNIGHT - 60)).toBe('admitted');
    expect(visit('alice', MIDNIGHT + DAY - 60)).toBe('exceeded');
  });

  it('is less in one window where the plan says so', () => {
    const visit = counting({ bounds: { visits: 3, visitsPerWindow: 2 } });
    expect(times(3, () => visit('alice'))).toEqual(['admitted', 'admitted', 'exceeded']);
    expect(times(2, () => visit('alice', NOON + 60))).toEqual(['admitted', 'exceeded']);
    expect(visit('alice', NOON + 120)).toBe('exceeded');
    expect(visit('bob')).toBe('admitted');
  });

  it('does not use up a window or a period by what was refused', () => {
    const visit = counting({ bounds: { visits: 3, visitsPerWindow: 1 } });
    expect(times(9, () => visit('alice'))).toEqual(['admitted', ...times(8, () => 'exceeded')]);
    expect(times(3, (index) => visit('alice', NOON + 60 * (index + 1)))).toEqual(['admitted', 'admitted', 'exceeded']);
  });

  it.each<[Period, string, string, string]>([
    ['hour', '2025-03-12T12:00:00Z', '2025-03-12T12:59:59Z', '2025-03-12T13:00:00Z'],
    ['day', '2025-03-12T00:00:00Z', '2025-03-12T23:59:59Z', '2025-03-13T00:00:00Z'],
    // Monday to Sunday.
    ['week', '2025-03-10T00:00:00Z', '2025-03-16T23:59:59Z', '2025-03-17T00:00:00Z'],
  ])('begins anew with the next %s, by the window', (period, first, last, next) => {
    const visit = counting({ period, bounds: { visits: 1 } });
    expect(visit('alice', at(first))).toBe('admitted');
    expect(visit('alice', at(last))).toBe('exceeded');
    expect(visit('alice', at(next))).toBe('admitted');
    expect(visit('alice', at(first) - 1)).toBe('out_of_period');
  });

  it('is nothing in a period older than the two newest, which never begins again', () => {
    const visit = counting({ bounds: { visits: 1 } });
    expect(visit('alice', NOON - DAY)).toBe('admitted');
    expect(visit('alice', NOON)).toBe('admitted');
    expect(visit('alice', NOON - 2 * DAY)).toBe('out_of_period');
    expect(visit('alice', NOON + DAY)).toBe('admitted');
    expect(visit('alice', NOON - DAY)).toBe('out_of_period');
    expect(visit('alice', NOON)).toBe('exceeded');
  });

  it('is nothing where the time is far ahead or none, and then no period is lost by it', () => {
    const visit = counting({ bounds: { visits: 2 } });
    expect(visit('alice')).toBe('admitted');
    for (const ahead of [NOON + 2 * DAY, NOON + 365 * DAY, Infinity, NaN]) {
      expect(visit('alice', ahead)).toBe('out_of_period');
    }
    expect(visit('alice', NOON + DAY)).toBe('admitted');
    expect(times(2, () => visit('alice'))).toEqual(['admitted', 'exceeded']);
  });

  it('survives a clock that is wrong for a while', () => {
    let now = NOON;
    const visit = counting({ bounds: { visits: 1 }, now: () => now });
    expect(visit('alice')).toBe('admitted');
    now = NOON + 30 * DAY;
    expect(visit('alice', now)).toBe('admitted');
    now = NOON;
    expect(visit('alice', NOON)).toBe('exceeded');
    expect(visit('bob', NOON)).toBe('admitted');
    expect(visit('alice', NOON + DAY)).toBe('admitted');
    expect(visit('alice', NOON)).toBe('out_of_period');
  });

  it('is nothing for new subjects beyond the limit of counters, and unchanged for those who are known', () => {
    const visit = counting({ bounds: { visits: 2 }, counterLimit: 3 });
    expect(times(5, (index) => visit(`subject ${String(index)}`))).toEqual([
      'admitted',
      'admitted',
      'admitted',
      'too_many_subjects',
      'too_many_subjects',
    ]);
    expect(times(2, () => visit('subject 0'))).toEqual(['admitted', 'exceeded']);
    expect(visit('new', NOON + DAY)).toBe('admitted');
    const windows = counting({ bounds: { visits: 3, visitsPerWindow: 1 }, counterLimit: 3 });
    expect(windows('alice')).toBe('admitted');
    expect(windows('alice', NOON + 60)).toBe('admitted');
    expect(windows('alice', NOON + 120)).toBe('too_many_subjects');
  });

  it('is one account for all processors of a process, and a new one for another plan or domain', () => {
    expect(processMemory()).toBe(processMemory());
    const memory = new ContributionMemory();
    const { plan } = personalPlan();
    const admit = (overrides: object): VisitOutcome =>
      new ContributionBounds(
        {
          plan: { ...plan, ...overrides },
          bounds: { subject: SUBJECT, visits: 1 },
          clock: () => NOON * 1000,
          counterLimit: 1000,
        },
        memory,
      ).admit({ subject: 'alice', report: 'checkout', windowStart: NOON });
    expect(admit({})).toBe('admitted');
    expect(admit({ sequence: 2, window: { ...plan.window, seconds: 3600 } })).toBe('exceeded');
    expect(admit({ name: 'another' })).toBe('admitted');
    expect(admit({ privacy: { ...plan.privacy, domain: 'another' } })).toBe('admitted');
  });

  it('holds over every history, exactly', () => {
    const shape = fc.record({
      visits: fc.integer({ min: 1, max: 5 }),
      visitsPerWindow: fc.integer({ min: 1, max: 5 }),
    });
    const event = fc.record({
      subject: fc.constantFrom('alice', 'bob', 7, '7'),
      report: fc.constantFrom('checkout', 'search'),
      // Around two borders of days.
      windowStart: fc
        .integer({ min: -3, max: 3 })
        .chain((window) => fc.constantFrom(MIDNIGHT, MIDNIGHT + DAY).map((border) => border + 3600 * window)),
    });
    fc.assert(
      fc.property(shape, fc.array(event, { maxLength: 120 }), ({ visits, visitsPerWindow }, events) => {
        const w = Math.min(visits, visitsPerWindow);
        const visit = counting({ bounds: { visits, visitsPerWindow: w } });
        const counted = new Map<string, number>();
        let newest: number[] = [];
        for (const { subject, report, windowStart } of events) {
          const day = periodStartOf('day', windowStart);
          newest = [...new Set([...newest, day])].sort((a, b) => b - a).slice(0, 2);
          const names = [
            `${String(subject)} ${report} ${String(day)}`,
            `${String(subject)} ${report} at ${String(windowStart)}`,
          ];
          const [inPeriod = 0, inWindow = 0] = names.map((name) => counted.get(name) ?? 0);
          const fits = inPeriod < visits && inWindow < w;
          const expected = !newest.includes(day) ? 'out_of_period' : fits ? 'admitted' : 'exceeded';
          expect(visit(subject, windowStart, report)).toBe(expected);
          if (expected === 'admitted') for (const name of names) counted.set(name, (counted.get(name) ?? 0) + 1);
        }
      }),
      { numRuns: 300 },
    );
  });
});

test.each([
  ['alice', 'alice'],
  [' ', ' '],
  [7, '7'],
  [-0, '0'],
  [0.5, '0.5'],
  ['', undefined],
  [NaN, undefined],
  [-Infinity, undefined],
  [true, undefined],
  [undefined, undefined],
  [null, undefined],
  [['alice'], undefined],
  [{ id: 'alice' }, undefined],
])('a subject of %j is %j', (value, text) => {
  expect(subjectText(value)).toBe(text);
});

test('every period has a next one that a visit may fall into', () => {
  for (const period of PERIODS) {
    const visit = counting({ period });
    const { end } = periodOf(period, NOON);
    expect(visit('alice', end)).toBe('admitted');
    expect(visit('alice', periodOf(period, end).end)).toBe('out_of_period');
  }
});
