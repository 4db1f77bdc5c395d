/**
 * The engine's WebAssembly, as far as the kernel needs it, and the compiled module. The compiler's library has
 * no types for WebAssembly outside the DOM; these are the few that are used.
 */
import { fromBase64Url } from '../bytes.js';
import { WASM_CODE } from './wasm-code.generated.js';

export interface WasmMemory {
  readonly buffer: ArrayBuffer;
  /** Throws `RangeError` where the engine has no more. */
  grow(pages: number): number;
}

interface WasmEngine {
  validate(code: Uint8Array): boolean;
  readonly Module: new (code: Uint8Array) => object;
  readonly Instance: new (module: object, imports: object) => { readonly exports: object };
  readonly Memory: new (size: { initial: number; maximum: number }) => WasmMemory;
}

/** The exports of assembly/index.ts. Numbers that are not named otherwise are addresses. */
export interface WasmCode {
  readonly ARENA: { readonly value: number };
  readonly BORDER: { readonly value: number };
  readonly MAX_VECTORS: { readonly value: number };
  setUp(vectors: number): void;
  isFused(one: number): number;
  readBorder(to: number): void;
  readModulus(): void;
  writeBorder(unit: number): number;
  multiplyUnits(to: number, a: number, b: number): void;
  multiplyUnitsToPair(to: number, a: number, b: number): void;
  multiplyPairByUnit(to: number, pair: number, unit: number): void;
  multiplyPairs(to: number, a: number, b: number): void;
  squarePair(to: number, pair: number): void;
  startSum(sum: number, unit: number): void;
  addToSum(sum: number, unit: number): void;
  doubleSum(sum: number): void;
  sumToUnit(to: number, sum: number): void;
  wipe(): void;
}

export const PAGE_BYTES = 65_536;

/** A module compiled once for the process, or why there is none. */
export type WasmLoading = { readonly host: WasmHost } | { readonly failure: string };

let loaded: WasmLoading | undefined;

export class WasmHost {
  readonly #engine: WasmEngine;
  readonly #module: object;

  constructor(engine: WasmEngine, code: Uint8Array) {
    this.#engine = engine;
    this.#module = new engine.Module(code);
  }

  /** A new instance with a memory of its own. Throws `RangeError` where the engine has none left. */
  instantiate(initialPages: number, maximumPages: number): { memory: WasmMemory; code: WasmCode } {
    const memory = new this.#engine.Memory({ initial: initialPages, maximum: maximumPages });
    const { exports } = new this.#engine.Instance(this.#module, { env: { memory } });
    return { memory, code: exports as WasmCode };
  }
}

/** Compiles the module on the first call. */
export function loadWasm(): WasmLoading {
  loaded ??= load();
  return loaded;
}

function load(): WasmLoading {
  const engine = (globalThis as { WebAssembly?: WasmEngine }).WebAssembly;
  if (engine === undefined) return { failure: 'the engine has no WebAssembly' };
  const code = fromBase64Url(WASM_CODE) ?? new Uint8Array(0);
  if (!engine.validate(code)) allowRelaxedSimd();
  if (!engine.validate(code)) return { failure: 'the engine has no relaxed SIMD in WebAssembly' };
  try {
    return { host: new WasmHost(engine, code) };
  } catch {
    // A content security policy, or no executable memory.
    return { failure: 'the engine may not compile WebAssembly' };
  }
}

/**
 * Node 20 has relaxed SIMD behind a flag of V8, which works at run time; Node 22 and browsers have it without.
 * The module is reached through the global, because this folder runs in browsers and imports nothing of Node's.
 */
function allowRelaxedSimd(): void {
  const { process } = globalThis as { process?: Partial<NodeJS.Process> };
  if (!process?.versions?.node.startsWith('20.')) return;
  process.getBuiltinModule?.('node:v8').setFlagsFromString('--experimental-wasm-relaxed-simd');
}
