/** The public keys under which the store holds ciphertexts. */
import { TelemetryKitError } from '../errors.js';
import type { PublicKey } from '../paillier/public-key.js';

export class KeyRing {
  readonly #keys: ReadonlyMap<string, PublicKey>;

  constructor(keys: readonly PublicKey[]) {
    this.#keys = new Map(keys.map((key) => [key.kid, key]));
  }

  /** Throws `invalid_configuration` for a key that is not configured: its ciphertexts cannot be added. */
  get(kid: string): PublicKey {
    const key = this.#keys.get(kid);
    if (key !== undefined) return key;
    throw keyNeeded(kid);
  }
}

/** Of a key under which something waits for its release. */
export function keyNeeded(kid: string): TelemetryKitError {
  return new TelemetryKitError('invalid_configuration', `the public key ${kid} is needed and not configured`, {
    fix: 'configure it again, at least until the windows that use it are released',
  });
}
