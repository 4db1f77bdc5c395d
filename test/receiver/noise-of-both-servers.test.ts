/**
 * T3: the noise in a published value has its declared law through everything a value goes through: contributions are
 * encrypted, multiplied, joined with the receiver's factor, decrypted, decoded, and noised by the key holder.
 * False alarm 1e-6 with one rerun on fresh releases.
 */
import { expect, test } from 'vitest';
import { addCiphertexts, ciphertextToBytes } from '../../src/paillier/ciphertext.js';
import { Encryptor } from '../../src/paillier/encrypt.js';
import { encodeSlots } from '../../src/paillier/slots.js';
import { systemRandom } from '../../src/random.js';
import { ClosingFactors } from '../../src/receiver/closing-factors.js';
import { discreteLaplaceProbability, sumOfTwoProbability } from '../support/discrete-laplace-law.js';
import { fits } from '../support/goodness-of-fit.js';
import { startService, type TestService } from '../support/release-service.js';
import { cellOf, planWith, requestFor } from '../support/releases.js';
import { key } from './harness.js';

const plan = planWith({ epsilon: '1', budget: '100000' });
const [report] = plan.reports;
const WINDOWS = 80;
/** Three regions of a flag with two slots and of a category with four. */
const DRAWS = WINDOWS * 18;
const CONTRIBUTIONS = 7;

const encryptor = new Encryptor(key);
const factors = new ClosingFactors([key], systemRandom);

/** What is published of one window, less the seven contributions that every slot has. */
async function deviations({ service }: TestService, window: number): Promise<bigint[]> {
  const made = await factors.make(plan, report!);
  const cells = made.map(({ measurement, labels, factors: [factor] }) => {
    const slots = report!.measurements[measurement]!.slots.length;
    const plaintext = encodeSlots(key, Array<bigint>(slots).fill(1n), 48);
    const all = Array.from({ length: CONTRIBUTIONS }, () => encryptor.encrypt(plaintext, systemRandom));
    const product = [...all, factor!.ciphertext].reduce((a, b) => addCiphertexts(key, a, b));
    return cellOf([{ kid: key.kid, ciphertext: ciphertextToBytes(key, product) }], { measurement, labels });
  });
  const response = await service.releaseWindow(requestFor(plan, window, cells));
  return response.cells.flatMap((cell) =>
    cell.status === 'released' ? cell.values.map((value) => value - BigInt(CONTRIBUTIONS)) : [],
  );
}

test('the noise is the sum of two full ones, and not one', async () => {
  const running = startService({ plans: [plan], epsilonPerPeriod: '100000' });
  const values: bigint[] = [];
  for (let window = 0; window < 4 * WINDOWS; window += 1) values.push(...(await deviations(running, window)));
  expect(values).toHaveLength(4 * DRAWS);
  const draw = (): bigint => values.pop()!;
  expect(fits(draw, sumOfTwoProbability(1), { bound: 5, draws: DRAWS })).toBe(true);
  expect(fits(draw, discreteLaplaceProbability(1), { bound: 4, draws: DRAWS })).toBe(false);
});
