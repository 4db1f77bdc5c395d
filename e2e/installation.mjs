// @ts-check
/**
 * Everything at once, each part the real one: shop -> collector -> receiver -> key holder, released values back through
 * the collector to Prometheus, operational metrics to a second Prometheus.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { makeKeys, startKeyHolder, startReceiver } from '../examples/shop/demo/services.mjs';
import { Shop } from '../examples/shop/demo/shop.mjs';
import { Backend } from './backend.mjs';
import { Collector, collectorPorts } from './collector.mjs';
import { freePorts } from './ports.mjs';
import { Prometheus } from './prometheus.mjs';

/** Enough for a test. */
const BITS = 2048;
const PLAN = fileURLToPath(new URL('./plan.json', import.meta.url));
const ZERO_NOISE = new URL('./zero-noise/register.mjs', import.meta.url).href;

/**
 * @typedef {import('telemetry-kit/plan').Plan} Plan
 * @typedef {import('telemetry-kit/plan').SignedPlan} SignedPlan
 * @typedef {Awaited<ReturnType<typeof install>>} Installation
 */

/**
 * @param {import('./programs.mjs').Programs} programs
 * @param {import('../examples/shop/demo/cleanup.mjs').Cleanup} cleanup
 * @param {{ noise: 'none' | 'both' }} options `none`: a key holder that adds none and a receiver that adds none
 */
export async function install(programs, cleanup, { noise }) {
  const folder = mkdtempSync(join(tmpdir(), 'tk-e2e-'));
  cleanup.add(() => rmSync(folder, { recursive: true, force: true }));
  const planFile = join(folder, 'template.json');
  const template = JSON.parse(readFileSync(PLAN, 'utf8'));
  template.privacy.noise = noise === 'none' ? 'keyholder' : 'both';
  writeFileSync(planFile, JSON.stringify(template));
  const { ownerKey } = await makeKeys(join(folder, 'kit'), BITS, planFile).facts;

  const backend = new Backend();
  const backendUrl = await backend.start();
  cleanup.add(() => backend.end());
  const ports = await collectorPorts();
  const own = await freePorts(['receiver', 'shop']);
  const receiverAddress = `127.0.0.1:${String(own.receiver)}`;
  const collector = new Collector(programs.collector, ports, {
    queueFolder: join(folder, 'queue'),
    receiver: `http://${receiverAddress}`,
    backend: backendUrl,
  });
  await collector.start();
  cleanup.add(() => collector.end('SIGKILL'));

  // The shop first: it precomputes randomness, and every window in which a receiver is up costs budget.
  const shopOptions = {
    folder: join(folder, 'kit', 'application'),
    ownerKey,
    url: `http://127.0.0.1:${String(ports.http)}/v1/traces`,
    metricsPort: own.shop,
  };
  const shop = new Shop(
    shopOptions,
    () => () => undefined,
    fileURLToPath(new URL('./shop-process.mjs', import.meta.url)),
  );
  cleanup.add(() => shop.kill());
  const shopPort = await shop.ready();

  const keyHolder = startKeyHolder(join(folder, 'kit'), noise === 'none' ? ['--import', ZERO_NOISE] : []);
  cleanup.add(() => keyHolder.stop());
  const keyHolderReady = await keyHolder.ready;
  const receiver = startReceiver(join(folder, 'kit'), [
    ...['--otlp-http', receiverAddress],
    ...['--otlp-metrics-url', `http://127.0.0.1:${String(ports.metrics)}/v1/metrics`],
  ]);
  cleanup.add(() => receiver.stop());
  const receiverReady = await receiver.ready;

  const released = await Prometheus.start(programs.prometheus, join(folder, 'released'), 'released.yml', {
    '127.0.0.1:8889': ports.prometheus,
  });
  cleanup.add(() => released.end());
  const ops = await Prometheus.start(programs.prometheus, join(folder, 'ops'), 'ops.yml', {
    '127.0.0.1:9465': portOf(receiverReady.endpoints.admin),
    '127.0.0.1:9466': portOf(keyHolderReady.endpoints.admin),
    '127.0.0.1:8888': ports.own,
    '127.0.0.1:9467': own.shop,
  });
  cleanup.add(() => ops.end());
  const signed = /** @type {SignedPlan} */ (
    JSON.parse(readFileSync(join(folder, 'kit', 'application', 'plan.json'), 'utf8'))
  );
  return { plan: signed.plan, shop, shopPort, collector, backend, receiverPid: receiverReady.pid, released, ops };
}

/** @param {string} url */
function portOf(url) {
  return Number(new URL(url).port);
}
