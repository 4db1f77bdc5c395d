// @ts-check
/** `npm run dashboards`: writes grafana/dashboards/*.json, which Grafana provisions; a test checks that they are current. */
import { writeFileSync } from 'node:fs';
import { DASHBOARDS, dashboardText } from './all.mjs';

for (const [file, dashboard] of Object.entries(DASHBOARDS)) {
  writeFileSync(new URL(`./dashboards/${file}`, import.meta.url), dashboardText(dashboard));
}
