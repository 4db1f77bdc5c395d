import { expect, test } from 'vitest';
import { AgreedClock } from '../../src/receiver/agreed-clock.js';

test("is the receiver's own where it is alone, and the store's where it is not, asked in the middle of the way", async () => {
  let own = 1_000_000;
  const alone = await AgreedClock.start({ time: () => Promise.resolve(undefined) }, () => own);
  own += 500;
  expect(alone.now()).toBe(1_000_500);
  alone.stop();
  const asked = () => {
    own += 200;
    return Promise.resolve(5000);
  };
  const shared = await AgreedClock.start({ time: asked }, () => own);
  expect(shared.now()).toBe(5_000_100);
  own += 1000;
  expect(shared.now()).toBe(5_001_100);
  shared.stop();
});
