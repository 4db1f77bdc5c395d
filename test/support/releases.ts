/** Release requests as an honest receiver makes them: real ciphertexts under the test keys. */
import { addPlaintext, ciphertextToBytes } from '../../src/paillier/ciphertext.js';
import { Encryptor } from '../../src/paillier/encrypt.js';
import type { PrivateKey } from '../../src/paillier/private-key.js';
import { encodeSlots, type SlotBits } from '../../src/paillier/slots.js';
import { compilePlan, type CompiledPlan } from '../../src/plan/compile.js';
import type { Plan } from '../../src/plan/plan.js';
import { systemRandom } from '../../src/random.js';
import type { CellAggregate, KeyedAggregate, WindowReleaseRequest } from '../../src/wire/release.js';
import { testPrivateKey } from './keys.js';
import { testPlan } from './plans.js';

/** For the real clock all test windows are long over: key holders of tests take windows of any age. */
export const ALL_TIME_DAYS = 100_000;
/** A window of the test plan's 60 seconds. */
const WINDOW_SECONDS = 60;
export const FIRST_WINDOW = 1_700_000_040 - (1_700_000_040 % 86_400);

const encryptors = new Map<string, Encryptor>();

/** An aggregate whose slots hold these counts. */
export function aggregateOf(
  counts: readonly bigint[],
  key: PrivateKey = testPrivateKey(),
  slotBits: SlotBits = 48,
): KeyedAggregate {
  const { publicKey } = key;
  const encryptor = encryptors.get(publicKey.kid) ?? new Encryptor(publicKey);
  encryptors.set(publicKey.kid, encryptor);
  const ciphertext = addPlaintext(
    publicKey,
    encryptor.encryptZero(systemRandom),
    encodeSlots(publicKey, counts, slotBits),
  );
  return { kid: publicKey.kid, ciphertext: ciphertextToBytes(publicKey, ciphertext) };
}

export function cellOf(aggregates: readonly KeyedAggregate[], overrides: Partial<CellAggregate> = {}): CellAggregate {
  return { measurement: 0, labels: [0], aggregates, count: 3, digest: new Uint8Array(32).fill(9), ...overrides };
}

/** Asks for the window with this number, counted from `FIRST_WINDOW`. */
export function requestFor(
  plan: CompiledPlan,
  window: number,
  cells: readonly CellAggregate[],
  overrides: Partial<WindowReleaseRequest> = {},
): WindowReleaseRequest {
  const windowStart = FIRST_WINDOW + window * WINDOW_SECONDS;
  return { planHash: plan.hash, report: 0, windowStart, windowEnd: windowStart + WINDOW_SECONDS, cells, ...overrides };
}

/**
 * The test plan with other costs, budget or keys. The plan check refuses a budget below one window; a key holder
 * has to keep to it by itself, so it is put in unchecked.
 */
export function planWith(options: {
  readonly epsilon?: string;
  readonly budget?: string;
  readonly minimum?: number;
  readonly keys?: readonly string[];
  readonly overrides?: Partial<Plan>;
}): CompiledPlan {
  const base = testPlan().plan;
  const [report] = base.reports;
  const measurements = (report?.measurements ?? []).map((measurement) => ({
    ...measurement,
    epsilon: options.epsilon ?? measurement.epsilon,
    ...(options.minimum === undefined ? {} : { minimum: options.minimum }),
  }));
  const { plan } = testPlan({ keys: options.keys ?? base.keys });
  return compilePlan({
    ...plan,
    privacy: { ...base.privacy, epsilon: options.budget ?? base.privacy.epsilon },
    reports: report === undefined ? [] : [{ ...report, measurements }],
    ...options.overrides,
  });
}
