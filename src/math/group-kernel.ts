/** The choice of a kernel: WebAssembly where it works and agrees with BigInt, else BigInt. */
import { TelemetryKitError } from '../errors.js';
import { BigIntKernel } from './bigint-kernel.js';
import type { GroupKernel } from './kernel-types.js';
import { findDefect } from './kernel-self-test.js';
import { loadWasm } from './wasm-host.js';
import { WasmKernel } from './wasm-kernel.js';

export type { FixedBase, GroupKernel, PowerTerm } from './kernel-types.js';

export interface KernelOptions {
  /**
   * `auto` (default): WebAssembly if the self-test passes. `bigint`: never WebAssembly. `wasm`: nothing else;
   * throws `unavailable` where it does not work.
   */
  readonly kernel?: 'auto' | 'bigint' | 'wasm';
}

/** A kernel for the odd modulus n. Its `reason` says why it is the one it is. */
export function createGroupKernel(n: bigint, { kernel = 'auto' }: KernelOptions = {}): GroupKernel {
  if (kernel === 'bigint') return new BigIntKernel(n, 'chosen by configuration');
  const accelerated = createWasmKernel(n);
  if (accelerated instanceof WasmKernel) return accelerated;
  if (kernel === 'auto') return new BigIntKernel(n, `WebAssembly is not used: ${accelerated}`);
  throw new TelemetryKitError('unavailable', `the WebAssembly kernel cannot be used: ${accelerated}`, {
    fix: 'let the kernel be chosen automatically',
  });
}

/** The kernel, or why there is none. */
function createWasmKernel(n: bigint): WasmKernel | string {
  const loading = loadWasm();
  if ('failure' in loading) return loading.failure;
  try {
    const kernel = new WasmKernel(loading.host, n, 'the self-test passed');
    return findDefect(kernel) ?? kernel;
  } catch (cause) {
    if (cause instanceof RangeError) return 'the engine has no memory for it';
    if (cause instanceof TelemetryKitError && cause.code === 'invalid_argument') return cause.message;
    throw cause;
  }
}
