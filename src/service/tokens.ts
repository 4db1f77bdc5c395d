/**
 * Bearer tokens (RFC 6750) with scopes. A token is 32 random bytes; only its SHA-256 is kept, which is enough for
 * what cannot be guessed. Scopes imply nothing: every door asks for exactly one.
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import { toBase64Url } from '../bytes.js';
import type { RandomBytes } from '../random.js';

/** `owner` alone may read exact aggregates (as ciphertexts). */
export const SCOPES = ['ingest', 'query', 'owner', 'admin'] as const;
export type Scope = (typeof SCOPES)[number];

/** Who holds the private key must never get at ciphertexts but through releases: this name never has `owner`. */
export const KEY_HOLDER_NAME = 'keyholder';

export interface TokenEntry {
  /** Names the token in lists and for revocation. */
  readonly id: string;
  /** Who uses it. */
  readonly name: string;
  readonly scopes: readonly Scope[];
  /** Base64url of the SHA-256 of the token's text. */
  readonly sha256: string;
  /** Unix seconds. */
  readonly createdAt: number;
  /** Unix seconds from which it is refused; never if left out. */
  readonly expiresAt?: number | undefined;
}

export type Access =
  | { readonly granted: true; readonly name: string }
  | { readonly granted: false; readonly refusal: AccessRefusal; readonly message: string };

export type AccessRefusal = 'unauthenticated' | 'permission_denied';

const TOKEN_BYTES = 32;
const ID_BYTES = 6;
const PREFIX = 'tk_';

/** A new token: its text, which is shown once, and the entry that is kept. */
export function createToken(
  facts: Pick<TokenEntry, 'name' | 'scopes' | 'createdAt' | 'expiresAt'>,
  random: RandomBytes,
): { readonly token: string; readonly entry: TokenEntry } {
  const token = PREFIX + toBase64Url(random(TOKEN_BYTES));
  return { token, entry: { id: toBase64Url(random(ID_BYTES)), ...facts, sha256: toBase64Url(digestOf(token)) } };
}

export class TokenRegister {
  readonly #entries: readonly { readonly entry: TokenEntry; readonly digest: Uint8Array }[];

  constructor(entries: readonly TokenEntry[]) {
    this.#entries = entries.map((entry) => ({ entry, digest: Buffer.from(entry.sha256, 'base64url') }));
  }

  /**
   * Whether the Authorization header of a request opens a door. Every entry is compared in constant time and none
   * ends the search, so that nothing about the kept digests shows in how long it takes.
   */
  check(authorization: string | undefined, scope: Scope, nowSeconds: number): Access {
    const token = /^Bearer ([\x21-\x7e]+)$/i.exec(authorization ?? '')?.[1];
    if (token === undefined) return refused('unauthenticated', `a bearer token with the scope ${scope} is needed`);
    const presented = digestOf(token);
    let found: TokenEntry | undefined;
    for (const { entry, digest } of this.#entries) {
      if (digest.length === presented.length && timingSafeEqual(digest, presented)) found = entry;
    }
    if (found === undefined) return refused('unauthenticated', 'the bearer token is not known here');
    if (found.expiresAt !== undefined && nowSeconds >= found.expiresAt) {
      return refused('unauthenticated', 'the bearer token has expired');
    }
    if (found.scopes.includes(scope)) return { granted: true, name: found.name };
    return refused('permission_denied', `the bearer token lacks the scope ${scope}`);
  }
}

function refused(refusal: AccessRefusal, message: string): Access {
  return { granted: false, refusal, message };
}

function digestOf(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}
