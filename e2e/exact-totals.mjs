// @ts-check
/**
 * Without noise, with a collector that is killed while envelopes wait in it: what Prometheus shows is what the shop
 * counted, to the unit.
 */
import assert from 'node:assert/strict';
import process from 'node:process';
import { startLoad } from '../examples/shop/demo/load.mjs';
import { nextWindowStart, untilUnixSeconds } from '../examples/shop/demo/window-clock.mjs';
import { until } from './until.mjs';
import { windowValues } from './window-values.mjs';

/** Attribute values that must reach no backend. */
const SENSITIVE = ['enterprise-annual-7', 'team-monthly-12', 'free-forever-tier', 'dashboard-realtime'];
const never = new AbortController().signal;

/**
 * @param {import('./installation.mjs').Installation} installation
 * @param {(line: string) => void} print
 */
export async function checkExactTotals(installation, print) {
  const { plan, shop, shopPort, collector, backend, receiverPid, released, ops } = installation;
  const first = nextWindowStart(plan);
  await untilUnixSeconds(first, never);
  await startLoad(shopPort, 4).finished;

  print('the receiver stops answering; envelopes pile up in the collector; the collector is killed');
  process.kill(receiverPid, 'SIGSTOP');
  try {
    await startLoad(shopPort, 3).finished;
    await shop.flush();
    await until('envelopes in the queue of the collector', async () => {
      const [waiting] = await ops.query('otelcol_exporter_queue_size{exporter="otlp_http/receiver"} > 0');
      return waiting;
    });
    await collector.end('SIGKILL');
  } finally {
    process.kill(receiverPid, 'SIGCONT');
  }
  await collector.start();
  print('both are back; load goes on');
  await startLoad(shopPort, 5).finished;
  await shop.flush();

  const truth = await shop.counts();
  for (const start of Object.keys(truth).map(Number)) {
    const cells = await windowValues(released, plan, start, truth);
    for (const { series, value, truth: known, published } of cells) {
      assert.equal(published, known, `${series}{value="${value}"} of the window at ${String(start)}`);
    }
    const counted = Object.values(truth[String(start)] ?? {}).flatMap((values) => Object.values(values));
    const sum = cells.reduce((total, { published }) => total + published, 0);
    assert.equal(
      sum,
      counted.reduce((total, count) => total + count, 0),
      'no value is missing',
    );
    print(`window at ${String(start)}: ${String(cells.length)} cells, ${String(sum)} contributions, all exact`);
  }
  await checkAround(backend, ops, print);
  assert.ok(!/deprecated/i.test(collector.log), 'a name in the configuration is deprecated');
}

/**
 * @param {import('./backend.mjs').Backend} backend
 * @param {import('./prometheus.mjs').Prometheus} ops
 * @param {(line: string) => void} print
 */
async function checkAround(backend, ops, print) {
  const rejected = await ops.query('sum(telemetry_kit_receiver_rejected_total)');
  assert.deepEqual(
    rejected.map(({ value }) => value[1]),
    ['0'],
    'contributions were rejected',
  );
  const duplicates = await ops.query('telemetry_kit_receiver_contributions_total{outcome="duplicate"}');
  print(`${duplicates[0]?.value[1] ?? '?'} contributions came twice and counted once`);
  await until('spans at the trace backend', () => Promise.resolve(backend.saw('checkout') || undefined));
  for (const text of [...SENSITIVE, 'telemetry_kit.envelope']) assert.ok(!backend.saw(text), `the backend saw ${text}`);
  print('the trace backend has the spans, no envelope and no sealed value');
}
