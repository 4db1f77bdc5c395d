/** `telemetry-kit doctor`: what this machine will do, and what a careful operator would change. */
import { existsSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { systemClock } from '../clock.js';
import { createGroupKernel } from '../math/group-kernel.js';
import type { PublicKey } from '../paillier/public-key.js';
import type { CompiledPlan } from '../plan/compile.js';
import { spanBoundsOf } from '../plan/layout.js';
import { envelopeBytes } from '../wire/envelope.js';
import { decodePublicKey } from '../wire/public-key-document.js';
import { checkSampler, checkValueLength } from './doctor/application-checks.js';
import { ok, type Finding } from './doctor/finding.js';
import { checkCertificate, checkDurability, checkKeyLength } from './doctor/service-checks.js';
import { readJson, readText } from './files.js';
import { alignColumns, writeData, writeJson } from './output.js';
import { AnsweredNo } from './run-program.js';
import { openPlans, readReceiverConfig } from './service-config.js';

export interface DoctorOptions {
  /** Folder of a receiver. */
  readonly receiver?: string;
  readonly json?: boolean;
}

/** An odd modulus of this size stands for any key: which kernel runs depends on engine and size only. */
const SIZES = [2048, 3072, 4096] as const;

/** Throws `AnsweredNo` after printing where there is a fault; warnings alone are no failure. */
export function doctor(options: DoctorOptions): void {
  const receiver = options.receiver === undefined ? undefined : examineReceiver(resolve(options.receiver));
  const findings = [
    ...examineMachine(),
    checkSampler(process.env),
    checkValueLength(process.env, receiver?.longestEnvelope),
    ...(receiver?.findings ?? []),
  ];
  if (options.json === true) writeJson(findings);
  else writeData(alignColumns(findings.flatMap(rowsOf)));
  if (findings.some(({ status }) => status === 'fault')) throw new AnsweredNo();
}

function examineMachine(): Finding[] {
  const kernels = SIZES.map((bits) => {
    const { name, reason } = createGroupKernel((1n << BigInt(bits)) - 1n);
    return ok(`arithmetic, ${String(bits)} bits`, `${name} (${reason})`);
  });
  return [ok('node', `${process.version} on ${process.platform} ${process.arch}`), ...kernels];
}

function examineReceiver(folder: string): { findings: Finding[]; longestEnvelope: number } {
  const config = readReceiverConfig(folder);
  const keys = config.publicKeys.map((file) => decodePublicKey(readJson(resolve(folder, file), 'the public key')));
  const certificates = [config.tls?.cert, config.keyHolder.tls?.cert].filter((path) => path !== undefined);
  const findings = [
    ...keys.map(({ kid, bits }) => checkKeyLength(kid, bits)),
    config.store === undefined
      ? checkDurability(existing(resolve(folder, config.dataFolder)))
      : ok('store', 'PostgreSQL, which keeps what is acknowledged by its own settings'),
    ...certificates.map((path) => checkCertificate(path, readText(resolve(folder, path), path), systemClock())),
  ];
  return { findings, longestEnvelope: longestEnvelope(openPlans(folder, config), keys) };
}

/** The folder, or the nearest one above it that is there already. */
function existing(folder: string): string {
  return existsSync(folder) ? folder : existing(dirname(folder));
}

/** Characters of unpadded base64url. */
function longestEnvelope(plans: readonly CompiledPlan[], keys: readonly PublicKey[]): number {
  const bytes = plans.flatMap(({ reports }) =>
    reports.flatMap((report) =>
      spanBoundsOf(report).flatMap((bound) => keys.map((key) => envelopeBytes(key, report, bound))),
    ),
  );
  return Math.ceil((Math.max(0, ...bytes) * 4) / 3);
}

function rowsOf({ check, status, result, fix }: Finding): string[][] {
  return [[status, check, result], ...(fix === undefined ? [] : [['', '', `-> ${fix}`]])];
}
