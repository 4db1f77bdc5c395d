/** What the environment of an application does to spans before they are sealed. */
import { ok, type Finding } from './finding.js';

type Environment = Readonly<Record<string, string | undefined>>;

const SAMPLER = 'OTEL_TRACES_SAMPLER';
const ALWAYS = ['always_on', 'parentbased_always_on'];
/** The second one wins over the first for spans. */
const LENGTH_LIMITS = ['OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT', 'OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT'];

/** Spans that are not sampled are not counted, and nobody can tell how many there were. */
export function checkSampler(environment: Environment): Finding {
  const sampler = environment[SAMPLER] ?? 'parentbased_always_on';
  if (ALWAYS.includes(sampler)) return ok('sampler', sampler);
  return {
    check: 'sampler',
    status: 'fault',
    result: `${SAMPLER}=${sampler}: spans that it leaves out are not counted`,
    fix: `set ${SAMPLER}=parentbased_always_on, and sample behind the receiver`,
  };
}

/** `longestEnvelope`: characters of the longest envelope of the plans, `undefined` where none is known. */
export function checkValueLength(environment: Environment, longestEnvelope: number | undefined): Finding {
  const check = 'span attribute length';
  const name = LENGTH_LIMITS.find((each) => (environment[each] ?? '') !== '');
  if (name === undefined) return ok(check, 'no limit is set');
  const limit = Number(environment[name]);
  const needed = longestEnvelope ?? 0;
  if (longestEnvelope !== undefined && limit >= needed) return ok(check, `${name}=${String(limit)}`);
  return {
    check,
    status: longestEnvelope === undefined ? 'warning' : 'fault',
    result: `${name}=${String(limit)}${needed === 0 ? '' : `, and an envelope has up to ${String(needed)} characters`}`,
    fix: `unset ${name}, or raise it above the longest envelope`,
  };
}
