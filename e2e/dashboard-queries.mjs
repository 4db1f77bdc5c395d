// @ts-check
/** Every query of every panel, as committed, on the Prometheus it is meant for: each must find something. */
import { readdirSync, readFileSync } from 'node:fs';
import { until } from './until.mjs';

const FOLDER = new URL('../grafana/dashboards/', import.meta.url);
/** What Grafana would put in place. */
const VARIABLES = {
  '${series}': 'telemetry_kit_checkout_success',
  '${value}': 'true',
  $__rate_interval: '30s',
  $__range: '15m',
};

/**
 * Some find something only when the budget is used up, after some windows.
 * @param {import('./installation.mjs').Installation} installation
 * @param {(line: string) => void} print
 */
export async function checkDashboardQueries({ released, ops }, print) {
  const servers = { '${released}': released, '${ops}': ops };
  const queries = readdirSync(FOLDER).flatMap((file) => queriesOf(file));
  await Promise.all(
    queries.map(async ({ where, uid, expr }) => {
      const server = servers[/** @type {keyof typeof servers} */ (uid)];
      await until(`data for ${where}: ${expr}`, async () => {
        const samples = await server.query(expr);
        return samples.some(({ value: [, amount] }) => Number.isFinite(Number(amount))) || undefined;
      });
    }),
  );
  print(`${String(queries.length)} queries of dashboard panels found data`);
}

/** @param {string} file */
function queriesOf(file) {
  const dashboard = JSON.parse(readFileSync(new URL(file, FOLDER), 'utf8'));
  const panels = /** @type {{ title: string, targets: { expr: string, datasource: { uid: string } }[] }[]} */ (
    dashboard.panels
  );
  return panels.flatMap(({ title, targets }) =>
    targets.map(({ expr, datasource }) => ({ where: `${file}, ${title}`, uid: datasource.uid, expr: filled(expr) })),
  );
}

/** @param {string} expr */
function filled(expr) {
  return Object.entries(VARIABLES).reduce((text, [name, value]) => text.replaceAll(name, value), expr);
}
