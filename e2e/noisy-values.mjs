// @ts-check
/** With the real noise of both servers: values differ from the truth, and by no more than their stated intervals. */
import assert from 'node:assert/strict';
import { startLoad } from '../examples/shop/demo/load.mjs';
import { nextWindowStart, untilUnixSeconds } from '../examples/shop/demo/window-clock.mjs';
import { windowValues } from './window-values.mjs';

/**
 * An interval holds 95 % of the noise; eight times as far lies less than one value in a thousand million: two Laplace
 * tails of scale b leave e^-x of x b, and the interval is more than 3 b.
 */
const WIDENED = 8;
const never = new AbortController().signal;

/**
 * @param {import('./installation.mjs').Installation} installation
 * @param {(line: string) => void} print
 */
export async function checkNoisyValues({ plan, shop, shopPort, released }, print) {
  await untilUnixSeconds(nextWindowStart(plan), never);
  await startLoad(shopPort, 14).finished;
  await shop.flush();
  const truth = await shop.counts();
  let within = 0;
  let cells = 0;
  let exact = 0;
  for (const start of Object.keys(truth).map(Number)) {
    for (const { series, value, truth: known, published, low, high } of await windowValues(
      released,
      plan,
      start,
      truth,
    )) {
      const halfWidth = (high - low) / 2;
      assert.ok(halfWidth > 0, `${series} states no interval`);
      assert.ok(
        Math.abs(published - known) <= WIDENED * halfWidth,
        `${series}{value="${value}"}: ${String(published)} for ${String(known)}, stated +- ${String(halfWidth)}`,
      );
      cells += 1;
      exact += Number(published === known);
      within += Number(known >= low && known <= high);
    }
  }
  assert.ok(cells > 0 && exact < cells, 'no value had noise');
  print(`${String(cells)} noised values, ${String(within)} of them within their 95 % interval of the truth`);
}
