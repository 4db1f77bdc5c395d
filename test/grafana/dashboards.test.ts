/** The committed dashboards are those that the code makes, explain themselves, and calculate nothing with noise. */
import { readdirSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { DASHBOARDS, dashboardText } from '../../grafana/all.mjs';

interface Panel {
  readonly title: string;
  readonly description?: string;
  readonly datasource: { readonly uid: string };
  readonly targets: readonly { readonly expr: string }[];
}

const folder = resolve(import.meta.dirname, '../../grafana/dashboards');

describe('the dashboards', () => {
  it('are all there, and nothing else', () => {
    expect(readdirSync(folder).sort()).toEqual(Object.keys(DASHBOARDS).sort());
  });
  it.each(Object.entries(DASHBOARDS))('%s is what `npm run dashboards` writes', (file, dashboard) => {
    expect(readFileSync(resolve(folder, file), 'utf8')).toBe(dashboardText(dashboard));
  });

  const panels = Object.values(DASHBOARDS).flatMap((dashboard) => (dashboard.panels ?? []) as unknown as Panel[]);
  it.each(panels.map((panel) => [panel.title, panel] as const))('%s explains itself and asks something', (_, panel) => {
    expect(panel.description ?? '').not.toBe('');
    expect(panel.targets.length).toBeGreaterThan(0);
  });
  it('read released values as they are: no rate, sum or average over noise', () => {
    const released = panels.filter(({ datasource }) => datasource.uid === '${released}');
    const queries = released.flatMap(({ targets }) => targets.map(({ expr }) => expr));
    const noisy = queries.filter((expr) => expr.includes('${series}'));
    expect(noisy.length).toBeGreaterThan(5);
    expect(noisy.filter((expr) => !/^\$\{series\}(_\w+)?(\{value="\$\{value\}"\})?$/.test(expr))).toEqual([]);
  });
  it('ask for raw counts only where operators look', () => {
    const raw = panels.filter(({ targets }) =>
      targets.some(({ expr }) => /telemetry_kit_(receiver|keyholder|processor)_|otelcol_/.test(expr)),
    );
    expect(raw.length).toBeGreaterThan(5);
    expect(raw.filter(({ datasource }) => datasource.uid !== '${ops}')).toEqual([]);
  });
});
