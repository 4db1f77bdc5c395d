/** Opening a cell under two keys while the random generator fails at every place it is asked. */
import { expect, test } from 'vitest';
import { systemRandom, type RandomBytes } from '../../src/random.js';
import { testPrivateKey } from '../support/keys.js';
import { startService } from '../support/release-service.js';
import { aggregateOf, cellOf, planWith, requestFor } from '../support/releases.js';

const CANARY = 982_451_653n;
const keys = [testPrivateKey(), testPrivateKey(1024)];
const plan = planWith({ keys: keys.map(({ publicKey }) => publicKey.kid) });
const request = requestFor(plan, 0, [cellOf(keys.map((key) => aggregateOf([CANARY, CANARY], key)))]);

/** Fails from the given ask on, counted after the service has drawn its noise ahead. */
function failingAfter(asks: number): { random: RandomBytes; arm: () => void } {
  let left = Infinity;
  return {
    random: (length) => {
      if (left <= 0) throw new Error('no entropy');
      left -= 1;
      return systemRandom(length);
    },
    arm: () => {
      left = asks;
    },
  };
}

test('wherever it fails the release is an error for ever, and no sign of it differs or holds a total', async () => {
  const outcomes: string[] = [];
  const failures = new Set<string>();
  for (let asks = 0; outcomes.at(-1) !== 'released'; asks += 1) {
    const { random, arm } = failingAfter(asks);
    const { service, ledger, log } = startService({ plans: [plan], privateKeys: keys, random });
    // Refused, and answered only after the noise of two windows was drawn.
    await service.releaseWindow({ ...request, report: 9 });
    arm();
    const [cell] = (await service.releaseWindow(request)).cells;
    outcomes.push(cell!.status);
    if (cell!.status === 'released') continue;
    expect(cell).toMatchObject({ status: 'suppressed', reason: 'error' });
    const failure = log.find((line) => line.includes('release_failed')) ?? '';
    failures.add(failure.replace(/"time":\d+/, ''));
    expect(log.join('\n')).not.toContain(String(CANARY));
    expect([...ledger.entries()].some(({ body }) => body.includes(String(CANARY)))).toBe(false);
  }
  // Two blinding factors for each of two keys: it failed before, between and after the first plaintext.
  expect(outcomes).toEqual(['suppressed', 'suppressed', 'suppressed', 'suppressed', 'released']);
  expect(failures.size).toBe(1);
});
