/** Every decoder and parser that reads what others wrote. */
import type { Target } from './target.js';
import { bodies } from './targets/bodies.js';
import { envelopes } from './targets/envelopes.js';
import { foreignKeys, publicKeys, sealedSecrets } from './targets/keys.js';
import { ledgerChains, ledgerEntries, ledgerExports, ledgerSnapshots } from './targets/ledgers.js';
import { addresses, numbers, positions } from './targets/numbers.js';
import { otlpJson, otlpProtobuf } from './targets/otlp.js';
import { plans, signedPlans } from './targets/plans.js';
import { integers, releases } from './targets/releases.js';

export const TARGETS: readonly Target[] = [
  ...[otlpProtobuf, otlpJson, bodies, envelopes],
  ...[plans, signedPlans, publicKeys, foreignKeys, sealedSecrets],
  ...releases,
  ...[integers, numbers, addresses, positions],
  ...[ledgerEntries, ledgerChains, ledgerExports, ledgerSnapshots],
];
