/**
 * A secret at rest: a JSON document with the secret sealed under a passphrase. scrypt (RFC 7914) makes
 * guessing slow, AES-256-GCM (NIST SP 800-38D) makes any change noticed; kind, version and key id are bound
 * as associated data, so that no secret is opened as another one.
 *
 * Associated data, SHA-256, label `telemetry-kit/v1/sealed-secret` (framing.ts): kind (UTF-8) |
 * version (u64) | key id (UTF-8).
 */
import { createCipheriv, createDecipheriv, scrypt } from 'node:crypto';
import { promisify } from 'node:util';
import * as z from 'zod/mini';
import { concatBytes, fromBase64Url, toBase64Url, utf8ToBytes } from '../bytes.js';
import { TelemetryKitError } from '../errors.js';
import { hashFramed, u64 } from '../framing.js';
import type { RandomBytes } from '../random.js';

/** What is sealed; part of the associated data. */
export type SecretKind = 'telemetry-kit/private-key' | 'telemetry-kit/owner-key';

const VERSION = 1;
/** 128 MiB and about half a second a guess. Constants: a document cannot ask for cheaper ones. */
const COST = 2 ** 17;
const BLOCK_SIZE = 8;
const PARALLELIZATION = 1;
const MEMORY_LIMIT = 2 * 128 * COST * BLOCK_SIZE;
const KEY_BYTES = 32;
const SALT_BYTES = 16;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const CIPHER = 'aes-256-gcm';

export interface SealedSecret {
  readonly kind: SecretKind;
  readonly version: typeof VERSION;
  /** The id of the public part, which is not secret. */
  readonly kid: string;
  readonly kdf: {
    readonly name: 'scrypt';
    readonly cost: number;
    readonly blockSize: number;
    readonly parallelization: number;
    /** Base64url, 16 bytes. */
    readonly salt: string;
  };
  readonly cipher: {
    readonly name: typeof CIPHER;
    /** Base64url, 12 bytes. */
    readonly nonce: string;
  };
  /** Base64url: ciphertext, then the 16-byte tag. */
  readonly sealed: string;
}

const base64Url = (length?: number) =>
  z.string().check(
    z.refine((text) => {
      const bytes = fromBase64Url(text);
      return bytes !== undefined && (length === undefined ? bytes.length > TAG_BYTES : bytes.length === length);
    }),
  );

const schema = (kind: SecretKind) =>
  z.object({
    kind: z.literal(kind),
    version: z.literal(VERSION),
    kid: z.string(),
    kdf: z.object({
      name: z.literal('scrypt'),
      cost: z.literal(COST),
      blockSize: z.literal(BLOCK_SIZE),
      parallelization: z.literal(PARALLELIZATION),
      salt: base64Url(SALT_BYTES),
    }),
    cipher: z.object({ name: z.literal(CIPHER), nonce: base64Url(NONCE_BYTES) }),
    sealed: base64Url(),
  });

const derive = promisify<string, Uint8Array, number, object, Buffer>(scrypt);

/** Seals under a passphrase with a fresh salt and nonce. */
export async function sealSecret(
  { kind, kid, secret }: { readonly kind: SecretKind; readonly kid: string; readonly secret: Uint8Array },
  passphrase: string,
  random: RandomBytes,
): Promise<SealedSecret> {
  const salt = random(SALT_BYTES);
  const nonce = random(NONCE_BYTES);
  const cipher = createCipheriv(CIPHER, await deriveKey(passphrase, salt), nonce).setAAD(associatedData(kind, kid));
  const sealed = concatBytes([cipher.update(secret), cipher.final(), cipher.getAuthTag()]);
  return {
    kind,
    version: VERSION,
    kid,
    kdf: {
      name: 'scrypt',
      cost: COST,
      blockSize: BLOCK_SIZE,
      parallelization: PARALLELIZATION,
      salt: toBase64Url(salt),
    },
    cipher: { name: CIPHER, nonce: toBase64Url(nonce) },
    sealed: toBase64Url(sealed),
  };
}

/**
 * Opens a document of this kind (parsed JSON). Throws `invalid_key` where it is not one, and
 * `wrong_passphrase` where the passphrase, or a single bit of the document, is not the one it was sealed with.
 */
export async function openSecret(
  kind: SecretKind,
  document: unknown,
  passphrase: string,
): Promise<{ readonly kid: string; readonly secret: Uint8Array }> {
  const {
    kid,
    kdf,
    cipher: { nonce },
    sealed,
  } = parseSealedSecret(kind, document);
  const key = await deriveKey(passphrase, decoded(kdf.salt));
  const bytes = decoded(sealed);
  const decipher = createDecipheriv(CIPHER, key, decoded(nonce), { authTagLength: TAG_BYTES })
    .setAAD(associatedData(kind, kid))
    .setAuthTag(bytes.subarray(bytes.length - TAG_BYTES));
  try {
    return { kid, secret: concatBytes([decipher.update(bytes.subarray(0, -TAG_BYTES)), decipher.final()]) };
  } catch {
    throw new TelemetryKitError('wrong_passphrase', 'the passphrase does not open this key', {
      fix: 'pass the passphrase it was sealed with; if you are sure of it, the file was changed: restore it',
    });
  }
}

/** Reads the form of a document (parsed JSON), opening nothing. Throws `invalid_key` where it is not of this kind. */
export function parseSealedSecret(kind: SecretKind, document: unknown): SealedSecret {
  const parsed = schema(kind).safeParse(document);
  if (!parsed.success) throw malformed(kind);
  return parsed.data;
}

/** NFKC, so that one passphrase typed on two keyboards is the same bytes. */
function deriveKey(passphrase: string, salt: Uint8Array): Promise<Buffer> {
  return derive(passphrase.normalize('NFKC'), salt, KEY_BYTES, {
    cost: COST,
    blockSize: BLOCK_SIZE,
    parallelization: PARALLELIZATION,
    maxmem: MEMORY_LIMIT,
  });
}

function associatedData(kind: SecretKind, kid: string): Uint8Array {
  return hashFramed('telemetry-kit/v1/sealed-secret', [utf8ToBytes(kind), u64(VERSION), utf8ToBytes(kid)]);
}

function decoded(text: string): Uint8Array {
  return fromBase64Url(text) ?? new Uint8Array(0);
}

function malformed(kind: SecretKind): TelemetryKitError {
  return new TelemetryKitError('invalid_key', `the file is not a ${kind} document of version ${String(VERSION)}`, {
    fix: 'pass the file that `telemetry-kit keys generate` or `telemetry-kit init` wrote, unchanged',
  });
}
