/** `telemetry-kit doctor`: what this machine will do, and what a careful operator would change. */
import { createGroupKernel } from '../math/group-kernel.js';
import { alignColumns, writeData, writeJson } from './output.js';

/** An odd modulus of this size stands for any key: which kernel runs depends on engine and size only. */
const SIZES = [2048, 3072, 4096] as const;

export interface Finding {
  readonly check: string;
  readonly result: string;
}

export function doctor(options: { json?: boolean }): void {
  const findings = examine();
  if (options.json === true) writeJson(findings);
  else writeData(alignColumns(findings.map(({ check, result }) => [check, result])));
}

function examine(): Finding[] {
  const kernels = SIZES.map((bits): Finding => {
    const { name, reason } = createGroupKernel((1n << BigInt(bits)) - 1n);
    return { check: `arithmetic, ${String(bits)} bits`, result: `${name} (${reason})` };
  });
  return [{ check: 'node', result: `${process.version} on ${process.platform} ${process.arch}` }, ...kernels];
}
