/**
 * SHA-256 (FIPS 180-4) of one byte string: the runtime's own where it can be had without an import, so that
 * the same file runs in browsers, and @noble/hashes elsewhere. Both give the same bytes.
 */
import { sha256 as portable } from '@noble/hashes/sha2.js';

type NodeHash = (algorithm: string, data: Uint8Array, encoding: 'buffer') => Uint8Array;

interface NodeProcess {
  getBuiltinModule?: (name: string) => { readonly hash?: NodeHash } | undefined;
}

const nodeHash = (globalThis as { process?: NodeProcess }).process?.getBuiltinModule?.('node:crypto')?.hash;

/** 32 bytes. */
export const sha256: (bytes: Uint8Array) => Uint8Array =
  nodeHash === undefined ? portable : (bytes) => new Uint8Array(nodeHash('sha256', bytes, 'buffer'));
