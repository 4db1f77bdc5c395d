import { describe, expect, test } from 'vitest';
import { addCiphertexts } from '../../src/paillier/ciphertext.js';
import { decodeSlots } from '../../src/paillier/slots.js';
import type { Plan } from '../../src/plan/plan.js';
import { systemRandom, type RandomBytes } from '../../src/random.js';
import { ClosingFactors, assertKeysFor, assertKeysInUse } from '../../src/receiver/closing-factors.js';
import { testPrivateKey } from '../support/keys.js';
import { testPlan } from '../support/plans.js';

const first = testPrivateKey(512);
const second = testPrivateKey(1024);
const kids = [first.publicKey.kid, second.publicKey.kid];

function planWith(noise: Plan['privacy']['noise'], epsilon = '1') {
  const { plan } = testPlan();
  const reports = plan.reports.map((report) => ({
    ...report,
    measurements: report.measurements.map((measurement) => ({ ...measurement, epsilon })),
  }));
  return testPlan({ keys: kids, privacy: { ...plan.privacy, noise }, reports });
}

function open(kid: string, ciphertext: bigint, slots: number): bigint[] {
  const key = kid === first.publicKey.kid ? first : second;
  return decodeSlots(key.publicKey, key.decrypt(ciphertext, systemRandom), slots);
}

describe('closing factors', () => {
  test('cover every declared cell, with one encryption per key', async () => {
    const plan = planWith('both');
    const cells = await new ClosingFactors([first.publicKey, second.publicKey], systemRandom).take(
      plan,
      plan.reports[0]!,
    );
    expect(cells.map(({ measurement, labels }) => [measurement, ...labels])).toEqual([
      [0, 0],
      [0, 1],
      [0, 2],
      [1, 0],
      [1, 1],
      [1, 2],
    ]);
    for (const { factors } of cells) expect(factors.map(({ kid }) => kid)).toEqual(kids);
  });

  test('carry noise in every slot, under the first key only', async () => {
    // At epsilon 0.001 a slot without noise would be seen: 24 slots are all 0 with probability 10^-79.
    const plan = planWith('both', '0.001');
    const cells = await new ClosingFactors([first.publicKey, second.publicKey], systemRandom).take(
      plan,
      plan.reports[0]!,
    );
    for (const { measurement, factors } of cells) {
      const slots = plan.reports[0]!.measurements[measurement]!.slots.length;
      const [noisy, plain] = factors.map(({ kid, ciphertext }) => open(kid, ciphertext, slots));
      expect(noisy!.filter((value) => value !== 0n).length).toBeGreaterThan(0);
      expect(plain).toEqual(Array(slots).fill(0n));
    }
  });

  test('are encryptions of 0 where the plan leaves noise to the key holder', async () => {
    const plan = planWith('keyholder', '0.001');
    const [cell] = await new ClosingFactors([first.publicKey], systemRandom).take(plan, plan.reports[0]!);
    expect(cell!.factors).toHaveLength(1);
    expect(open(kids[0]!, cell!.factors[0]!.ciphertext, 2)).toEqual([0n, 0n]);
  });

  test('are never the same twice, prepared or not', async () => {
    const plan = planWith('both');
    const [report] = plan.reports;
    const factors = new ClosingFactors([first.publicKey], systemRandom);
    factors.prepare(plan, report!);
    factors.prepare(plan, report!);
    const taken = [await factors.take(plan, report!), await factors.take(plan, report!)].flat();
    const ciphertexts = taken.flatMap((cell) => cell.factors.map(({ ciphertext }) => ciphertext));
    expect(new Set(ciphertexts).size).toBe(12);
    const { publicKey } = first;
    expect(ciphertexts.every((ciphertext) => addCiphertexts(publicKey, ciphertext, 1n) !== 1n)).toBe(true);
  });

  test('where the random source fails there are none, and the next attempt starts afresh', async () => {
    let broken = true;
    const random: RandomBytes = (length) => {
      if (broken) throw new Error('no entropy');
      return systemRandom(length);
    };
    const plan = planWith('both');
    const factors = new ClosingFactors([first.publicKey], random);
    factors.prepare(plan, plan.reports[0]!);
    await expect(factors.take(plan, plan.reports[0]!)).rejects.toThrow();
    broken = false;
    expect(await factors.take(plan, plan.reports[0]!)).toHaveLength(6);
  });
});

test('a plan needs the key it seals under', () => {
  expect(() => assertKeysFor([planWith('both')], [first.publicKey])).not.toThrow();
  expect(() => assertKeysFor([planWith('both')], [second.publicKey])).toThrow(
    expect.objectContaining({
      code: 'invalid_configuration',
      fix: expect.stringContaining(kids[0]!) as string,
    }) as Error,
  );
});

test('keys under which contributions to configured plans wait must stay configured', () => {
  const plan = planWith('both');
  const inUse = [{ planHash: plan.hashText, kid: kids[1]! }];
  expect(() => assertKeysInUse(inUse, [plan], [first.publicKey, second.publicKey])).not.toThrow();
  // Of a plan that is not configured there is a warning, since nothing of it is closed.
  expect(() => assertKeysInUse(inUse, [], [first.publicKey])).not.toThrow();
  expect(() => assertKeysInUse(inUse, [plan], [first.publicKey])).toThrow(
    expect.objectContaining({
      code: 'invalid_configuration',
      message: expect.stringContaining(kids[1]!) as string,
    }) as Error,
  );
});
