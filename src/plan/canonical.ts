/** A plan's canonical bytes (RFC 8785) and its hash. */
import canonicalize from 'canonicalize';
import { utf8ToBytes } from '../bytes.js';
import { hashFramed } from '../framing.js';
import type { Plan } from './plan.js';

/** The bytes that are hashed and signed: RFC 8785 canonical JSON in UTF-8. */
export function canonicalPlan(plan: Plan): Uint8Array {
  return utf8ToBytes(canonicalize(plan) ?? '');
}

/** SHA-256 over the framed canonical form under the label `telemetry-kit/v1/plan`: 32 bytes. */
export function hashPlan(plan: Plan): Uint8Array {
  return hashFramed('telemetry-kit/v1/plan', [canonicalPlan(plan)]);
}
