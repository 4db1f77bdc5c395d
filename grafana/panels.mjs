// @ts-check
/** Panels and queries as the dashboards use them. Each panel says what it shows and what not to read into it. */
import { PanelBuilder as BarGauge } from '@grafana/grafana-foundation-sdk/bargauge';
import { DataqueryBuilder, PromQueryFormat } from '@grafana/grafana-foundation-sdk/prometheus';
import { PanelBuilder as Stat } from '@grafana/grafana-foundation-sdk/stat';
import { PanelBuilder as Table } from '@grafana/grafana-foundation-sdk/table';
import { PanelBuilder as TimeSeries } from '@grafana/grafana-foundation-sdk/timeseries';

/**
 * @typedef {{ expr: string, legend?: string }} Query
 * @typedef {{ title: string, description: string, datasource: string, queries: readonly Query[], unit?: string,
 *   width?: number }} Panel `datasource`: name of the dashboard's variable; `width` of 24
 */

const HEIGHT = 8;
const KINDS = { bars: BarGauge, stat: Stat, table: Table, lines: TimeSeries };

/** @param {Panel} panel */
export const lines = (panel) => /** @type {TimeSeries} */ (build('lines', panel));
/** @param {Panel} panel of the present moment */
export const stat = (panel) => /** @type {Stat} */ (build('stat', panel));
/** @param {Panel} panel of the present moment */
export const bars = (panel) => /** @type {BarGauge} */ (build('bars', panel));

/** @param {Panel} panel of the present moment, queries joined by their labels */
export function table(panel) {
  return /** @type {Table} */ (build('table', panel)).withTransformation({ id: 'merge', options: {} });
}

/**
 * @param {keyof typeof KINDS} kind
 * @param {Panel} panel
 */
function build(kind, { title, description, datasource, queries, unit = 'none', width = 12 }) {
  const source = { type: 'prometheus', uid: `\${${datasource}}` };
  const panel = new KINDS[kind]()
    .title(title)
    .description(description)
    .datasource(source)
    .unit(unit)
    .span(width)
    .height(HEIGHT);
  queries.forEach(({ expr, legend = '__auto' }, index) => {
    const query = new DataqueryBuilder().datasource(source).expr(expr).legendFormat(legend);
    query.refId(String.fromCharCode('A'.charCodeAt(0) + index));
    if (kind === 'lines') query.range();
    else query.instant();
    if (kind === 'table') query.format(PromQueryFormat.Table);
    panel.withTarget(query);
  });
  return panel;
}
