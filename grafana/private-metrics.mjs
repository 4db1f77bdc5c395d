// @ts-check
/** *Private metrics*: for everybody who may read released values. Nothing is summed, averaged or derived from noise. */
import { choice, dashboard, released } from './dashboard.mjs';
import { bars, lines, stat, table } from './panels.mjs';

const datasource = 'released';

export const privateMetrics = dashboard(
  'private-metrics',
  'Private metrics',
  'Released values with the band that their noise leaves, what is suppressed and why, and how old the values are.',
)
  .withVariable(released())
  .withVariable(choice('series', 'Series', 'metrics(telemetry_kit_.*_display)', '/(.*)_display/'))
  .withVariable(choice('value', 'Value', 'label_values(${series}, value)'))
  .withPanel(
    lines({
      title: 'Value with its band',
      description:
        'The noised value of each window and the 95 % interval that its noise leaves. It may be negative. Do not add up or average values: ask for a longer window or a running total instead.',
      datasource,
      queries: [
        { expr: '${series}{value="${value}"}', legend: 'value' },
        { expr: '${series}_ci_high{value="${value}"}', legend: '95 % high' },
        { expr: '${series}_ci_low{value="${value}"}', legend: '95 % low' },
      ],
      width: 16,
    })
      .overrideByName('95 % high', [
        { id: 'custom.fillBelowTo', value: '95 % low' },
        { id: 'custom.lineWidth', value: 0 },
      ])
      .overrideByName('95 % low', [{ id: 'custom.lineWidth', value: 0 }]),
  )
  .withPanel(
    bars({
      title: 'Last window, for the eye',
      description: 'Negative counts shown as 0, which makes them biased: for looking at, not for calculating.',
      datasource,
      queries: [{ expr: '${series}_display', legend: '{{value}}' }],
      width: 8,
    }),
  )
  .withPanel(
    table({
      title: 'Cells of the last window',
      description: 'Value, interval and standard deviation of the noise, for every cell of the series.',
      datasource,
      queries: [
        { expr: '${series}' },
        { expr: '${series}_ci_low' },
        { expr: '${series}_ci_high' },
        { expr: '${series}_stddev' },
      ],
      width: 16,
    }),
  )
  .withPanel(
    stat({
      title: 'Window age',
      description:
        'Seconds since the last published window ended. Up to a window, its grace and the time to publish is normal; more means that windows are stuck.',
      datasource,
      queries: [{ expr: 'time() - max by (report) (telemetry_kit_window_end)', legend: '{{report}}' }],
      unit: 's',
      width: 8,
    }),
  )
  .withPanel(
    lines({
      title: 'Suppressed cells, by reason',
      description:
        'Cells without a value; suppressed is not zero. budget: it is used up until the next period. below_minimum: the noised count was below the plan’s minimum. error: the window was not released.',
      datasource,
      queries: [
        {
          expr: 'count by (report, measurement, reason) (telemetry_kit_suppressed)',
          legend: '{{report}}.{{measurement}} {{reason}}',
        },
      ],
    }),
  )
  .withPanel(
    table({
      title: 'How the values are protected',
      description: 'Plan, unit, period, mechanism and its parameters, and where the ledger holds the last release.',
      datasource,
      queries: [{ expr: 'telemetry_kit_release_info' }],
    }),
  )
  .build();
