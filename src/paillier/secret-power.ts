/**
 * Powers with secret exponents. SECRET: exponents come from the private key.
 *
 * Where the runtime brings OpenSSL it does them, as a Diffie-Hellman key agreement over the modulus: the public
 * value is the base, the private one the exponent. OpenSSL runs it with a ladder whose time does not depend on
 * the exponent, which BigInt can never be, and several times faster. It refuses the bases 0, 1 and -1, and may
 * refuse a modulus: then, and wherever it does not agree with BigInt at the start, BigInt does the work.
 */
import { bigIntToBytes, bitLength, bytesToBigInt } from '../bytes.js';
import { modPow } from '../math/modular.js';
import { randomBelow, randomBits, type RandomBytes } from '../random.js';

/** base^exponent mod modulus for 0 <= base < modulus and exponent > 0. */
export type SecretPower = (base: bigint, exponent: bigint) => bigint;

interface DiffieHellman {
  setPrivateKey(key: Uint8Array): void;
  computeSecret(other: Uint8Array): Uint8Array;
}

interface NodeProcess {
  getBuiltinModule?: (
    name: string,
  ) => { readonly createDiffieHellman?: (prime: Uint8Array) => DiffieHellman } | undefined;
}

const CHECKS = 3;

/** For an odd modulus; exponents may have `exponentBits` bits. */
export function createSecretPower(modulus: bigint, exponentBits: number, random: RandomBytes): SecretPower {
  const reference: SecretPower = (base, exponent) => modPow(base, exponent, modulus);
  const native = nativePower(modulus, exponentBits);
  if (native === undefined || !agrees(native, reference, modulus, exponentBits, random)) return reference;
  return (base, exponent) => native(base, exponent) ?? reference(base, exponent);
}

/** By OpenSSL; a power is `undefined` where it refuses the base. */
function nativePower(
  modulus: bigint,
  exponentBits: number,
): ((base: bigint, exponent: bigint) => bigint | undefined) | undefined {
  const crypto = (globalThis as { process?: NodeProcess }).process?.getBuiltinModule?.('node:crypto');
  if (crypto?.createDiffieHellman === undefined) return undefined;
  const width = Math.ceil(bitLength(modulus) / 8);
  const exponentWidth = Math.ceil(exponentBits / 8);
  try {
    const group = crypto.createDiffieHellman(bigIntToBytes(modulus, width));
    return (base, exponent) => {
      try {
        group.setPrivateKey(bigIntToBytes(exponent, exponentWidth));
        return bytesToBigInt(group.computeSecret(bigIntToBytes(base, width)));
      } catch {
        return undefined;
      }
    };
  } catch {
    return undefined;
  }
}

/** Whether both give the same for random bases and exponents of full length. */
function agrees(
  native: (base: bigint, exponent: bigint) => bigint | undefined,
  reference: SecretPower,
  modulus: bigint,
  exponentBits: number,
  random: RandomBytes,
): boolean {
  return Array.from({ length: CHECKS }).every(() => {
    const base = 2n + randomBelow(random, modulus - 4n);
    const exponent = randomBits(random, exponentBits) | (1n << BigInt(exponentBits - 1));
    return native(base, exponent) === reference(base, exponent);
  });
}
