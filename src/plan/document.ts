/**
 * Plan documents: a plan with the data owner's Ed25519 signature (RFC 8032).
 * An application pins either the plan's hash or the owner's key; anything else is refused.
 */
import { ed25519 } from '@noble/curves/ed25519.js';
import { fromBase64Url, toBase64Url } from '../bytes.js';
import { TelemetryKitError } from '../errors.js';
import { hashFramed } from '../framing.js';
import { parsePlan } from './check.js';
import { canonicalPlan } from './canonical.js';
import { compilePlan, type CompiledPlan } from './compile.js';
import type { Plan } from './plan.js';

export interface SignedPlan {
  readonly plan: Plan;
  readonly signature: {
    readonly algorithm: 'Ed25519';
    /** The owner's public key, 32 bytes, base64url. */
    readonly publicKey: string;
    /** 64 bytes, base64url. */
    readonly value: string;
  };
}

/** What a reader trusts: at least one of the two pins; `minimumSequence` refuses older plans. */
export interface PlanTrust {
  /** The owner's Ed25519 public key, base64url. */
  readonly ownerKey?: string;
  /** The plan's hash, base64url. */
  readonly planHash?: string;
  readonly minimumSequence?: number;
}

/** Signs with the owner's 32-byte Ed25519 secret seed. */
export function signPlan(plan: Plan, ownerSecret: Uint8Array): SignedPlan {
  return {
    plan,
    signature: {
      algorithm: 'Ed25519',
      publicKey: toBase64Url(ed25519.getPublicKey(ownerSecret)),
      value: toBase64Url(ed25519.sign(signedMessage(plan), ownerSecret)),
    },
  };
}

/**
 * Reads a signed plan document (the parsed JSON) and compiles it.
 * Throws `invalid_plan` where it contradicts itself, `untrusted_plan` where signature, pin or sequence fail.
 */
export function openSignedPlan(document: unknown, trust: PlanTrust): CompiledPlan {
  const { plan: rawPlan, signature } = (document ?? {}) as Partial<Record<keyof SignedPlan, unknown>>;
  const plan = parsePlan(rawPlan);
  const compiled = compilePlan(plan);
  if (trust.ownerKey === undefined && trust.planHash === undefined) {
    throw untrusted('no pin was given', 'pin the owner key or the plan hash that `telemetry-kit init` printed');
  }
  if (trust.planHash !== undefined && trust.planHash !== compiled.hashText) {
    throw untrusted('the plan is not the pinned one', 'deploy the pinned plan, or pin the hash of the new one');
  }
  if (trust.ownerKey !== undefined && !verifyPlanSignature(plan, signature, trust.ownerKey)) {
    throw untrusted(
      'the plan is not signed by the pinned owner',
      'sign it with `telemetry-kit plan sign`, or correct the pin',
    );
  }
  if (plan.sequence < (trust.minimumSequence ?? 1)) {
    throw untrusted('the plan is older than one already seen', 'deploy the newest plan');
  }
  return compiled;
}

/** Whether the signature object is by `ownerKey` over this plan; never throws. */
export function verifyPlanSignature(plan: Plan, signature: unknown, ownerKey: string): boolean {
  const { algorithm, publicKey, value } = (signature ?? {}) as Partial<Record<keyof SignedPlan['signature'], unknown>>;
  if (algorithm !== 'Ed25519' || publicKey !== ownerKey || typeof value !== 'string') return false;
  const key = fromBase64Url(ownerKey);
  const bytes = fromBase64Url(value);
  if (key?.length !== 32 || bytes?.length !== 64) return false;
  try {
    return ed25519.verify(bytes, signedMessage(plan), key, { zip215: false });
  } catch {
    return false;
  }
}

function signedMessage(plan: Plan): Uint8Array {
  return hashFramed('telemetry-kit/v1/plan-signature', [canonicalPlan(plan)]);
}

function untrusted(message: string, fix: string): TelemetryKitError {
  return new TelemetryKitError('untrusted_plan', message, { fix });
}
