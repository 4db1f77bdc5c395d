/** The shape of a plan, field by field. Rules that span several fields are in check.ts. */
import * as z from 'zod/mini';
import { MAX_KEY_BYTES, OTHER_KEY } from './labels.js';
import { MECHANISMS, PERIODS, PRIVACY_UNITS, RELEASE_STREAMS, REPORT_MODES, SPAN_KINDS } from './plan.js';

/** Longest measurement category list (PROTOCOL.md, section "Measurements"). */
const MAX_CATEGORIES = 32;
const MAX_SECONDS = 31 * 86_400;

const identifier = z
  .string('must be a string: give it a name')
  .check(z.regex(/^[a-z][a-z0-9_]{0,63}$/, 'must be 1 to 64 of a-z, 0-9 and _, starting with a letter: rename it'));
/** A plan is hashed as UTF-8, which has no halves of surrogate pairs. */
const encodable = z.regex(/^\P{Cs}*$/u, 'has half of a character: write it as UTF-8');
const attributeKey = z
  .string('must be a string: name the attribute key')
  .check(
    z.minLength(1, 'is empty: name the attribute key'),
    z.maxLength(256, 'is longer than 256: shorten the key'),
    encodable,
  );
const text = z
  .string('must be a string: write it in quotes')
  .check(
    z.minLength(1, 'is empty: remove it or write a value'),
    z.maxLength(64, 'is longer than 64 characters: shorten it'),
    encodable,
  );
const decimal = z
  .string('must be a decimal string such as "1" or "0.25": put the number in quotes, floats are refused')
  .check(
    z.regex(/^\d{1,6}(\.\d{1,12})?$/, 'must be a decimal string such as "1" or "0.25": write digits and one point'),
  );
const seconds = (least: number) =>
  z
    .int('must be a whole number of seconds: write an integer')
    .check(
      z.gte(least, `must be at least ${String(least)}: raise it`),
      z.lte(MAX_SECONDS, 'must be at most 31 days: lower it'),
    );
const list = <Item extends z.core.SomeType>(item: Item, most: number) =>
  z
    .array(item, 'must be a list: write [ ... ]')
    .check(z.maxLength(most, `has more than ${String(most)} entries: split or drop some`));
const filled = <Item extends z.core.SomeType>(item: Item, most: number) =>
  list(item, most).check(z.minLength(1, 'is empty: add at least one entry'));

const counted = (most: number) =>
  z
    .int('must be a whole number: write an integer')
    .check(z.gte(1, 'must be 1 or more: raise it'), z.lte(most, `is above ${String(most)}: lower it`));

const measurementBase = {
  name: identifier,
  epsilon: decimal,
  release: z.optional(z.enum(RELEASE_STREAMS, `must be one of ${RELEASE_STREAMS.join(', ')}`)),
  minimum: z.optional(
    z
      .int('must be a whole number: write an integer')
      .check(z.gte(0, 'is negative: use 0 or more'), z.lte(1_000_000_000, 'is over a billion: lower it')),
  ),
};
const single = { ...measurementBase, attribute: attributeKey };
const signedDecimal = z
  .string('must be a decimal string such as "-0.5": put the number in quotes, floats are refused')
  .check(z.regex(/^-?\d{1,32}(\.\d{1,12})?$/, 'must be a decimal string such as "-0.5": write digits and one point'));
const factorBound = z
  .int('must be a whole number: write an integer')
  .check(z.gte(0, 'is negative: shift the value, products count from 0'), z.lte(1000, 'is above 1000: lower it'));
const factor = z.strictObject({ attribute: attributeKey, min: factorBound, max: factorBound });

const measurement = z.discriminatedUnion('kind', [
  z.strictObject({
    ...single,
    kind: z.literal('flag'),
    trueOnly: z.optional(z.boolean('must be true or false: remove the quotes')),
  }),
  z.strictObject({
    ...single,
    kind: z.literal('category'),
    values: filled(text, MAX_CATEGORIES),
    other: z.optional(z.boolean('must be true or false: remove the quotes')),
  }),
  z.strictObject({
    ...single,
    kind: z.literal('histogram'),
    boundaries: filled(z.number('must be a number: write it without quotes'), MAX_CATEGORIES - 1),
  }),
  z.strictObject({
    ...single,
    kind: z.literal('sum'),
    min: signedDecimal,
    max: signedDecimal,
    scale: signedDecimal,
    countEpsilon: decimal,
  }),
  z.strictObject({
    ...measurementBase,
    kind: z.literal('product'),
    factors: z.tuple([factor, factor], 'must be a list of exactly two factors: write both, also for a square'),
  }),
]);

/** Told apart by whether they say `open: true`. */
const label = z.discriminatedUnion('open', [
  z.strictObject({ key: attributeKey, open: z.optional(z.undefined()), values: filled(text, 256), otherwise: text }),
  z.strictObject({
    key: attributeKey,
    open: z.literal(true),
    keysPerSubject: z.optional(counted(1440)),
    longest: z.optional(
      z
        .int('must be a whole number of bytes: write an integer')
        .check(
          z.gte(OTHER_KEY.length, `must be at least ${String(OTHER_KEY.length)}, which "${OTHER_KEY}" has: raise it`),
          z.lte(MAX_KEY_BYTES, `is above ${String(MAX_KEY_BYTES)}: lower it`),
        ),
    ),
  }),
]);

const report = z.strictObject({
  name: identifier,
  mode: z.enum(REPORT_MODES, `must be one of ${REPORT_MODES.join(', ')}`),
  spanBounds: z.optional(
    filled(
      z
        .int('must be a whole number: write an integer')
        .check(z.gte(1, 'must be 1 or more: raise it'), z.lte(1_048_575, 'is above 1,048,575: lower it')),
      8,
    ),
  ),
  spans: z.strictObject({
    names: z.optional(filled(z.string('must be a string: name a span').check(encodable), 64)),
    kinds: z.optional(filled(z.enum(SPAN_KINDS, `must be one of ${SPAN_KINDS.join(', ')}`), SPAN_KINDS.length)),
    scopes: z.optional(filled(z.string('must be a string: name a scope').check(encodable), 64)),
  }),
  labels: list(attributeKey, 8),
  selectionEpsilon: z.optional(decimal),
  measurements: filled(measurement, 16),
});

const privacy = z.strictObject({
  domain: identifier,
  unit: z.enum(PRIVACY_UNITS, 'must be "event" (one span) or "user-period" (all of one subject in a period)'),
  period: z.enum(PERIODS, `must be one of ${PERIODS.join(', ')}`),
  epsilon: decimal,
  delta: z.optional(decimal),
  mechanism: z.optional(z.enum(MECHANISMS, `must be one of ${MECHANISMS.join(', ')}`)),
  bounds: z.optional(
    z.strictObject({
      subject: attributeKey,
      visits: counted(1440),
      visitsPerWindow: z.optional(counted(1440)),
      processes: z.optional(counted(1000)),
    }),
  ),
  sliding: z.optional(z.boolean('must be true or false: remove the quotes')),
  shares: z.optional(z.strictObject({ streams: decimal, queries: decimal, segments: decimal })),
  noise: z.enum(['both', 'keyholder'], 'must be "both" or "keyholder"'),
});

/** Every field of a plan document; unknown fields are refused so that a typing error cannot weaken a plan. */
export const planSchema = z.strictObject({
  version: z.literal(1, 'must be 1: this version reads plan version 1'),
  name: identifier,
  sequence: z.int('must be a whole number: start with 1').check(z.gte(1, 'must be 1 or more: start with 1')),
  keys: filled(
    z
      .string('must be a string: paste the kid')
      .check(
        z.regex(
          /^[A-Za-z0-9_-]{43}$/,
          'is not a key id: paste the 43 characters that `telemetry-kit keys show` prints',
        ),
      ),
    8,
  ),
  window: z.strictObject({ seconds: seconds(1), graceSeconds: seconds(0), lagSeconds: seconds(0) }),
  privacy,
  labels: list(label, 8),
  reports: filled(report, 32),
  redact: list(attributeKey, 256),
});
