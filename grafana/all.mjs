// @ts-check
/** Every dashboard, by the name of its file in grafana/dashboards/. */
import { pipelineHealth } from './pipeline-health.mjs';
import { privacyBudget } from './privacy-budget.mjs';
import { privateMetrics } from './private-metrics.mjs';

export const DASHBOARDS = {
  'private-metrics.json': privateMetrics,
  'privacy-budget.json': privacyBudget,
  'pipeline-health.json': pipelineHealth,
};

/** @param {object} dashboard */
export function dashboardText(dashboard) {
  return `${JSON.stringify(dashboard, undefined, 2)}\n`;
}
