/** The private keys that are held, and the aggregates that they open. */
import { TelemetryKitError } from '../errors.js';
import { ciphertextFromBytes } from '../paillier/ciphertext.js';
import type { PrivateKey } from '../paillier/private-key.js';
import type { Plan } from '../plan/plan.js';
import type { KeyedAggregate } from '../wire/release.js';
import { admitted, refused, type Admission } from './admission.js';

/** A ciphertext together with the key that opens it. */
export interface OpenableAggregate {
  readonly key: PrivateKey;
  readonly ciphertext: bigint;
}

interface KeyedWithKey {
  readonly key: PrivateKey;
  readonly bytes: Uint8Array;
}

export class HeldKeys {
  readonly #keys: ReadonlyMap<string, PrivateKey>;

  constructor(privateKeys: readonly PrivateKey[]) {
    this.#keys = new Map(privateKeys.map((key) => [key.publicKey.kid, key]));
  }

  /** Throws `invalid_configuration` where none of the plan's keys is held. */
  assertHeld({ name, keys }: Plan): void {
    if (keys.some((kid) => this.#keys.has(kid))) return;
    throw new TelemetryKitError('invalid_configuration', `no private key of plan ${name} is held`, {
      fix: `give the key holder the private key of one of ${keys.join(', ')}`,
    });
  }

  /** The first of the plan's keys that is held. The plan must have passed `assertHeld`. */
  firstOf({ keys }: Plan): PrivateKey {
    const [first] = keys.flatMap((kid) => this.#keys.get(kid) ?? []);
    if (first === undefined) throw new Error('no private key of the plan is held');
    return first;
  }

  /** Refused unless there is at least one, each under a key of the plan that is held, none twice, all of them units. */
  openable(plan: Plan, aggregates: readonly KeyedAggregate[]): Admission<readonly OpenableAggregate[]> {
    const keyed = this.#keysFor(plan, aggregates);
    if (keyed === undefined) return refused('unknown_key');
    const openable = keyed.flatMap(parseAggregate);
    return openable.length === aggregates.length ? admitted(openable) : refused('ciphertext');
  }

  #keysFor(plan: Plan, aggregates: readonly KeyedAggregate[]): KeyedWithKey[] | undefined {
    const found = aggregates.flatMap((aggregate) => {
      const key = plan.keys.includes(aggregate.kid) ? this.#keys.get(aggregate.kid) : undefined;
      return key === undefined ? [] : [{ key, bytes: aggregate.ciphertext }];
    });
    const distinct = new Set(found.map(({ key }) => key)).size;
    return found.length > 0 && found.length === aggregates.length && distinct === found.length ? found : undefined;
  }
}

function parseAggregate({ key, bytes }: KeyedWithKey): OpenableAggregate[] {
  const ciphertext = ciphertextFromBytes(key.publicKey, bytes);
  return ciphertext === undefined ? [] : [{ key, ciphertext }];
}
