/**
 * `config.json` of the receiver's and of the key holder's folder. Paths in it are relative to that folder, so
 * that the folder can be moved to another machine as a whole.
 */
import { resolve } from 'node:path';
import * as z from 'zod/mini';
import { TelemetryKitError } from '../errors.js';
import type { CompiledPlan } from '../plan/compile.js';
import { openSignedPlan } from '../plan/document.js';
import { PERIODS } from '../plan/plan.js';
import { readJson } from './files.js';

export const CONFIG_FILE = 'config.json';

const path = z.string('must be a path in quotes').check(z.minLength(1, 'is empty'));
const paths = z.array(path, 'must be a list of paths').check(z.minLength(1, 'is empty'));
const address = z.string('must be host:port in quotes');
const decimal = z.string('must be a decimal number in quotes');
const tls = z.strictObject({ ca: path, cert: path, key: path });
const shared = {
  plans: paths,
  ownerKey: z.string('must be the public key of the plan owner in quotes'),
  dataFolder: path,
  admin: address,
};

const receiverSchema = z.strictObject({
  ...shared,
  publicKeys: paths,
  keyHolder: z.strictObject({
    target: z.string('must be unix:PATH or host:port in quotes'),
    tls: z.optional(tls),
  }),
  otlpHttp: address,
  otlpGrpc: address,
  prometheus: address,
  otlpMetrics: z.optional(
    z.strictObject({
      url: z.url('must be a URL'),
      intervalMillis: z.optional(z.int().check(z.gte(100, 'must be 100 or more'))),
      headers: z.optional(z.record(z.string(), z.string())),
    }),
  ),
});

const keyHolderSchema = z.strictObject({
  ...shared,
  privateKeys: paths,
  passphraseFile: z.optional(path),
  ceilings: z.strictObject({
    epsilonPerPeriod: decimal,
    period: z.enum(PERIODS, `must be one of ${PERIODS.join(', ')}`),
    epsilonPerRelease: decimal,
    deltaPerPeriod: z.optional(decimal),
  }),
  domains: z.array(z.string('must be a name in quotes'), 'must be a list of domains').check(z.minLength(1, 'is empty')),
  anchor: z.optional(path),
  maxWindowAgeDays: z.optional(z.int('must be a whole number').check(z.gte(1, 'must be 1 or more'))),
  listen: z.union([z.strictObject({ socketPath: path }), z.strictObject({ address, tls })]),
});

export type ReceiverConfig = z.infer<typeof receiverSchema>;
export type KeyHolderConfig = z.infer<typeof keyHolderSchema>;

/** Throws `invalid_configuration` naming the field. */
export function readReceiverConfig(folder: string): ReceiverConfig {
  return readConfig(folder, receiverSchema);
}

/** Throws `invalid_configuration` naming the field. */
export function readKeyHolderConfig(folder: string): KeyHolderConfig {
  return readConfig(folder, keyHolderSchema);
}

/** Opens every plan of a configuration under the owner's key; throws `untrusted_plan` or `invalid_plan`. */
export function openPlans(folder: string, config: { plans: string[]; ownerKey: string }): CompiledPlan[] {
  return config.plans.map((file) =>
    openSignedPlan(readJson(resolve(folder, file), 'the plan'), { ownerKey: config.ownerKey }),
  );
}

function readConfig<Schema extends z.ZodMiniType>(folder: string, schema: Schema): z.infer<Schema> {
  const file = resolve(folder, CONFIG_FILE);
  const parsed = schema.safeParse(readJson(file, 'the configuration'));
  if (parsed.success) return parsed.data;
  throw new TelemetryKitError(
    'invalid_configuration',
    `${file}: ${parsed.error.issues.map(describeIssue).join('; ')}`,
    {
      fix: 'correct the named fields; `telemetry-kit init` writes a working example',
    },
  );
}

function describeIssue(issue: z.core.$ZodIssue): string {
  const field = issue.path.join('.') || 'the file';
  if (issue.code === 'unrecognized_keys') return `${field} has unknown fields ${issue.keys.join(', ')}`;
  return `${field} ${issue.message === 'Invalid input' ? 'is missing or has the wrong type' : issue.message}`;
}
