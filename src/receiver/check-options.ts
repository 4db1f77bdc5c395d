/** Finds contradictions in a receiver's options before anything is opened. */
import { TelemetryKitError } from '../errors.js';
import { assertProtected } from '../service/exposure.js';
import { assertKeysFor } from './closing-factors.js';
import { assertCanSelect } from './key-selection.js';
import { DEFAULT_LIMITS, type ReceiverLimits } from './limits.js';
import type { ReceiverOptions } from './options.js';
import { assertDistinctSeries } from './series.js';

/** The limits to use. Throws `invalid_configuration` or `invalid_plan`. */
export function checkOptions(options: ReceiverOptions): ReceiverLimits {
  const { plans, publicKeys, decryptor, limits } = options;
  if (plans.length === 0) throw misconfigured('there is no plan', 'configure at least one signed plan');
  assertKeysFor(plans, publicKeys);
  assertCanSelect(plans, decryptor);
  assertDistinctSeries(plans);
  assertDoors(options);
  const effective = { ...DEFAULT_LIMITS, ...limits };
  for (const largest of ['maxBodyBytes', 'maxGrpcMessageBytes'] as const) {
    if (effective.maxInFlightBytes >= effective[largest]) continue;
    throw misconfigured(`maxInFlightBytes is less than ${largest}`, `raise maxInFlightBytes or lower ${largest}`);
  }
  return effective;
}

function assertDoors(options: ReceiverOptions): void {
  const protection = {
    tls: options.tls !== undefined,
    tokens: options.tokens !== undefined,
    allowUnprotectedNetwork: options.allowUnprotectedNetwork ?? false,
  };
  assertProtected(options.otlpHttp, protection, 'OTLP/HTTP');
  assertProtected(options.otlpGrpc, protection, 'OTLP/gRPC');
  assertProtected(options.prometheus, protection, 'the Prometheus endpoint');
  assertProtected(options.admin, protection, 'the admin endpoint');
}

function misconfigured(message: string, fix: string): TelemetryKitError {
  return new TelemetryKitError('invalid_configuration', message, { fix });
}
