/** The quick search against the thorough one: where it finds nothing, there must be nothing. */
import { SpanKind, SpanStatusCode, TraceFlags, type Attributes } from '@opentelemetry/api';
import type { ReadableSpan } from '@opentelemetry/sdk-trace-base';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DeclaredTexts } from '../../processor/declared-texts.js';
import { KnownKeys } from '../../processor/known-keys.js';
import { QuickSearch } from '../../processor/quick-search.js';
import { redactSpan } from '../../processor/redaction.js';
import { SEALED, SealedTexts } from '../../processor/sealed-texts.js';

const KEYS = new Set(['plan', 'email']);
const DECLARED = ['team-monthly', 'M\u00fcller & Co', '12345678', 'k\u212bk\u212bk\u212b'];
const UNDECLARED = ['alice@example.com', '4111111111', 'Jos\u00e9 \u0130nce', 'a+b+c+d+e'];
const MINIMUM = 6;

function spanOf(name: string, attributes: Attributes, message?: string): ReadableSpan {
  const context = { traceId: '1', spanId: '2', traceFlags: TraceFlags.SAMPLED };
  return {
    name,
    kind: SpanKind.INTERNAL,
    spanContext: () => context,
    startTime: [0, 0],
    endTime: [0, 0],
    status: message === undefined ? { code: SpanStatusCode.UNSET } : { code: SpanStatusCode.ERROR, message },
    attributes,
    links: [],
    events: [],
    duration: [0, 0],
    ended: true,
    resource: {} as ReadableSpan['resource'],
    instrumentationScope: { name: 'test' },
    droppedAttributesCount: 0,
    droppedEventsCount: 0,
    droppedLinksCount: 0,
  };
}

function textsOf(values: readonly unknown[], declared: DeclaredTexts): SealedTexts {
  const texts = new SealedTexts(MINIMUM, declared);
  for (const value of values) texts.add(value);
  return texts;
}

/** As the stripper passes them: none where a search for everything declared finds all of them. */
function undeclared(texts: SealedTexts): SealedTexts | undefined {
  return texts.areDeclared ? undefined : texts;
}

function isUnhidden(quick: QuickSearch, span: ReadableSpan, texts: SealedTexts): boolean {
  return quick.check(span, undeclared(texts)) !== undefined;
}

describe('the quick search', () => {
  const declared = new DeclaredTexts(DECLARED, MINIMUM);
  /** One for all runs: what it remembers of earlier spans is part of what is tested. */
  const keys = new KnownKeys(KEYS, declared);
  const quick = new QuickSearch(keys);

  const value = fc.constantFrom(...DECLARED, ...UNDECLARED, 'pro', 'true');
  const hidden = fc.oneof(
    value,
    value.map((text) => text.toUpperCase()),
    value.map((text) => text.slice(0, -2)),
    value.map((text) => encodeURIComponent(text)),
    value.map((text) => text.replaceAll('+', ' ')),
  );
  const word = fc.constantFrom('', 'x', 'to ', '/cart/', 'GET', ' and ', '\u00e9');
  const text = fc
    .array(fc.oneof({ weight: 6, arbitrary: word }, hidden), { maxLength: 4 })
    .map((parts) => parts.join(''));
  const item = fc.oneof(text, fc.constantFrom<unknown>(12345678, 4111111111, 42, true, undefined, ['team-monthly']));
  const key = fc.oneof({ weight: 8, arbitrary: fc.constantFrom('note', 'size', 'route', 'agent') }, text);
  const attributes = fc
    .array(fc.tuple(key, item), { maxLength: 5 })
    .map((entries) => Object.fromEntries(entries) as Attributes);
  const sealed = fc.array(fc.oneof(value, fc.constantFrom<unknown>(4111111111, 12345678, false)), { maxLength: 2 });

  it('finds nothing only where the thorough one finds nothing either', () => {
    let unhidden = 0;
    fc.assert(
      fc.property(sealed, text, attributes, fc.option(text, { nil: undefined }), (values, name, others, message) => {
        const span = spanOf(name, { ...others, plan: SEALED, email: SEALED }, message);
        const thorough = redactSpan(span, { keys: KEYS, texts: textsOf(values, declared), selected: 'omit' });
        const parts = quick.partsOf(span, undeclared(textsOf(values, declared)), true);
        expect(isUnhidden(quick, span, textsOf(values, declared))).toBe(parts !== undefined);
        if (parts === undefined) return;
        unhidden += 1;
        expect(parts).toEqual(thorough);
      }),
      { numRuns: 20_000 },
    );
    expect(unhidden).toBeGreaterThan(1000);
  });

  it('finds what a text hides that was clean in an earlier span', () => {
    const note = { note: 'for alice@example.com' };
    const none = textsOf(['team-monthly'], declared);
    expect(isUnhidden(quick, spanOf('find', note), none)).toBe(true);
    expect(keys.of('note', 0).recent?.text).toBe(note.note);
    expect(isUnhidden(quick, spanOf('find', note), textsOf(['alice@example.com'], declared))).toBe(false);
    expect(isUnhidden(quick, spanOf('find', note), none)).toBe(true);
  });

  it('remembers nothing in which a value of its span was found', () => {
    const texts = textsOf(['bobby@example.com'], declared);
    isUnhidden(quick, spanOf('find', { note: 'plain enough' }), texts);
    for (const text of ['for bobby@example.com', 'for team-monthly']) {
      expect(isUnhidden(quick, spanOf('find', { note: text }), texts)).toBe(false);
      expect(keys.of('note', 0).recent?.text).toBe('plain enough');
    }
    expect(isUnhidden(quick, spanOf('find', { 'of bobby@example.com': 1 }), texts)).toBe(false);
    expect(keys.of('of bobby@example.com', 0).isRemembered).toBe(false);
  });

  it('leaves out selected attributes, and notices that one has been set again', () => {
    const texts = textsOf(['team-monthly'], declared);
    const again = spanOf('find', { size: 3, plan: 'pro' });
    expect(quick.partsOf(again, undeclared(texts), true)).toBeUndefined();
    expect(quick.partsOf(again, undeclared(texts), false)?.attributes).toEqual({ size: 3 });
    expect(quick.partsOf(spanOf('find', { size: 3, plan: SEALED }), undeclared(texts), true)?.attributes).toEqual({
      size: 3,
    });
  });

  it('leaves to the thorough one what is more than plain texts', () => {
    const texts = textsOf(['team-monthly'], declared);
    const span = spanOf('find', { size: 3 });
    const traceState = { serialize: () => 'a=b' } as never;
    const context = { ...span.spanContext(), traceState };
    for (const other of [
      { ...span, events: [{ name: 'e', time: [0, 0] as [number, number] }] },
      { ...span, links: [{ context: span.spanContext() }] },
      { ...span, parentSpanContext: context },
      { ...span, spanContext: () => context },
      { ...span, attributes: { list: ['a'] } },
    ]) {
      expect(isUnhidden(quick, span, texts)).toBe(true);
      expect(isUnhidden(quick, other, texts)).toBe(false);
      expect(quick.partsOf(other, undeclared(texts), true)).toBeUndefined();
    }
  });

  it('leaves to the thorough one a span with too many values to search for', () => {
    const many = Array.from({ length: 300 }, (_, index) => `value-${String(index)}`);
    expect(isUnhidden(quick, spanOf('find', { note: 'nothing in here' }), textsOf(many, declared))).toBe(false);
    const allDeclared = new DeclaredTexts(many, MINIMUM);
    const other = new QuickSearch(new KnownKeys(KEYS, allDeclared));
    expect(isUnhidden(other, spanOf('find', { note: 'nothing' }), textsOf(many.slice(0, 9), allDeclared))).toBe(true);
    expect(isUnhidden(other, spanOf('find', { note: 'nothing' }), textsOf(many, allDeclared))).toBe(false);
  });

  it('takes what it found while a span was ending for as long as nothing has changed since', () => {
    const attributes = (): Attributes => ({ size: 3, plan: 'team-monthly', note: 'plain enough' });
    const found = { size: 3, note: 'plain enough' };
    const changes: [change: (live: Attributes) => Attributes, attributes: Attributes | undefined][] = [
      [(live) => live, found],
      [(live) => ({ ...live }), found],
      [(live) => Object.assign(live, { size: 4 }), { ...found, size: 4 }],
      [(live) => Object.assign(live, { route: '/cart' }), { ...found, route: '/cart' }],
      [(live) => Object.assign(live, { note: 'of team-monthly' }), undefined],
      [(live) => Object.assign(live, { route: 'team-monthly' }), undefined],
      [(live) => Object.assign(live, { plan: 'team-monthly' }), undefined],
    ];
    for (const [change, expected] of changes) {
      const live = attributes();
      const checked = quick.check(spanOf('find', live), undefined);
      expect(checked?.unhidden).toEqual(found);
      live['plan'] = SEALED;
      const changed = change(live);
      const parts = quick.partsOf(spanOf('find', changed), undefined, true, checked);
      expect(parts?.attributes).toEqual(expected);
      expect(parts?.attributes === checked?.unhidden).toBe(changed === live && expected === found);
    }
  });
});
