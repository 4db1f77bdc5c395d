/**
 * `npm run chaos -- --minutes N --seed S [--store sqlite|postgresql]`: the fault campaign on both stores, half of the
 * time each, or on one. Exit code 1 where a total is wrong.
 */
import { parseArgs } from 'node:util';
import type { CampaignResult } from './campaign.js';
import { runCampaign } from './campaign.js';
import type { StoreKind } from './cluster.js';

const STORES: readonly StoreKind[] = ['sqlite', 'postgresql'];

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '2' },
    seed: { type: 'string', default: '1' },
    store: { type: 'string' },
  },
});
const stores = STORES.filter((store) => values.store === undefined || store === values.store);
const seconds = (60 * Number(values.minutes)) / stores.length;
if (stores.length === 0 || !(seconds > 0)) {
  console.error('usage: npm run chaos -- --minutes N --seed S [--store sqlite|postgresql]');
  process.exit(2);
}
let wrong = 0;
for (const store of stores) {
  const result = await runCampaign({ store, seconds, seed: Number(values.seed), report: (line) => console.log(line) });
  describe(store, result);
  wrong += result.faults.length;
}
process.exit(wrong > 0 ? 1 : 0);

function describe(store: StoreKind, { struck, counts, ...result }: CampaignResult): void {
  const faults = [...struck.values()].reduce((sum, times) => sum + times, 0);
  console.log(`${store}: ${String(faults)} faults`);
  for (const [name, times] of struck) console.log(`  ${String(times).padStart(4)} times ${name}`);
  console.log(
    `  ${String(counts.requests)} requests, ${String(counts.lost)} without an answer, ` +
      `${String(counts.refusedForNow)} refused for now, ${String(counts.duplicates)} sent once more`,
  );
  console.log(
    `  ${String(result.acknowledged)} contributions acknowledged, ${String(result.late)} late, ` +
      `${String(result.counted)} counted; ${String(result.windows)} windows, ${String(result.released)} released ` +
      `by ${String(result.answered)} answers`,
  );
  for (const fault of result.faults) console.log(`  WRONG: ${fault}`);
  console.log(result.faults.length === 0 ? '  every total is exact' : '  totals are WRONG');
}
