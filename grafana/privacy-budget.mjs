// @ts-check
/** *Privacy budget*: what was spent and what is left, for readers; who was refused, for operators. */
import { dashboard, ops, released } from './dashboard.mjs';
import { lines, stat, table } from './panels.mjs';

const datasource = 'released';

export const privacyBudget = dashboard(
  'privacy-budget',
  'Privacy budget',
  'Budget of the current period by domain: limit, spent, left, how long it lasts; refusals and the head of the audit.',
)
  .withVariable(released())
  .withVariable(ops())
  .withPanel(
    stat({
      title: 'Spent',
      description: 'Share of the period’s budget that releases have used.',
      datasource,
      queries: [{ expr: 'telemetry_kit_budget_consumed / telemetry_kit_budget_limit', legend: '{{domain}}' }],
      unit: 'percentunit',
      width: 6,
    }),
  )
  .withPanel(
    stat({
      title: 'Left',
      description:
        'Epsilon (or rho, as the measure says) left in the period. A shorter or longer period of another plan may bind first.',
      datasource,
      queries: [{ expr: 'telemetry_kit_budget_remaining', legend: '{{domain}} ({{measure}})' }],
      width: 6,
    }),
  )
  .withPanel(
    stat({
      title: 'Lasts for',
      description:
        'Seconds until the budget is used up at the pace of the time range shown. Empty while nothing is spent.',
      datasource,
      queries: [
        {
          expr: 'telemetry_kit_budget_remaining / (deriv(telemetry_kit_budget_consumed[$__range]) > 0)',
          legend: '{{domain}}',
        },
      ],
      unit: 's',
      width: 6,
    }),
  )
  .withPanel(
    stat({
      title: 'Cells without budget',
      description: 'Cells of the last window that were suppressed because the budget was used up.',
      datasource,
      queries: [{ expr: 'count by (report) (telemetry_kit_suppressed{reason="budget"})', legend: '{{report}}' }],
      width: 6,
    }),
  )
  .withPanel(
    lines({
      title: 'Burn-down',
      description: 'What is left over time. It refills when a period begins.',
      datasource,
      queries: [
        { expr: 'telemetry_kit_budget_remaining', legend: '{{domain}} left' },
        { expr: 'telemetry_kit_budget_limit', legend: '{{domain}} limit' },
      ],
    }),
  )
  .withPanel(
    lines({
      title: 'Refused and suppressed by the key holder',
      description: 'Requests it did not act on, and cells it answered as suppressed, by reason. Operators only.',
      datasource: 'ops',
      queries: [
        {
          expr: 'sum by (reason) (increase(telemetry_kit_keyholder_refused_total[$__rate_interval]))',
          legend: 'refused: {{reason}}',
        },
        {
          expr: 'sum by (reason) (increase(telemetry_kit_keyholder_suppressed_total[$__rate_interval]))',
          legend: 'suppressed: {{reason}}',
        },
      ],
    }),
  )
  .withPanel(
    table({
      title: 'Audit head as published',
      description:
        'Number and hash of the newest ledger entry beside each measurement. Compare them with `telemetry-kit audit verify`: a ledger that was rolled back does not have them.',
      datasource,
      queries: [
        {
          expr: 'max by (plan, report, measurement, ledger_sequence, ledger_hash) (telemetry_kit_release_info{ledger_sequence!=""})',
        },
      ],
      width: 16,
    }),
  )
  .withPanel(
    stat({
      title: 'Ledger entries',
      description: 'Entries in the key holder’s ledger. It never falls. Operators only.',
      datasource: 'ops',
      queries: [{ expr: 'telemetry_kit_keyholder_ledger_sequence', legend: '{{instance}}' }],
      width: 8,
    }),
  )
  .build();
