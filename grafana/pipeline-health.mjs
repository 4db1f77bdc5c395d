// @ts-check
/** *Pipeline health*: raw counts of the processes, so for operators only, on the operators' Prometheus. */
import { dashboard, ops } from './dashboard.mjs';
import { lines, stat } from './panels.mjs';

const datasource = 'ops';

/**
 * @param {string} metric counter
 * @param {string} labels to keep
 */
const perSecond = (metric, labels) => `sum by (${labels}) (rate(${metric}[$__rate_interval]))`;
/** @param {string} metric histogram */
const ninetyNinth = (metric) => `histogram_quantile(0.99, sum by (le) (increase(${metric}_bucket[$__range])))`;

export const pipelineHealth = dashboard(
  'pipeline-health',
  'Pipeline health',
  'Processors, collector, receiver and key holder: what is accepted and rejected, what waits, how long it takes, what fails. Raw counts: for operators only.',
)
  .withVariable(ops())
  .withPanel(
    stat({
      title: 'Up',
      description: '1 where the process answers.',
      datasource,
      queries: [{ expr: 'up', legend: '{{job}}' }],
      width: 8,
    }),
  )
  .withPanel(
    stat({
      title: 'Windows that wait',
      description: 'Closed windows that the key holder has not answered.',
      datasource,
      queries: [{ expr: 'telemetry_kit_receiver_unanswered', legend: '{{instance}}' }],
      width: 8,
    }),
  )
  .withPanel(
    stat({
      title: 'Key holder reachable',
      description: '1 if it answered the receiver last time.',
      datasource,
      queries: [{ expr: 'telemetry_kit_receiver_key_holder_reachable', legend: '{{instance}}' }],
      width: 8,
    }),
  )
  .withPanel(
    lines({
      title: 'Processor: spans',
      description: 'By what became of them; a dropped contribution has its reason.',
      datasource,
      queries: [
        {
          expr: perSecond('telemetry_kit_processor_spans_total', 'result, error_type'),
          legend: '{{result}} {{error_type}}',
        },
      ],
      unit: 'ops',
    }),
  )
  .withPanel(
    lines({
      title: 'Processor: queue and randomness',
      description:
        'Spans that wait for randomness, and precomputed records. An empty pool means that sealing falls behind.',
      datasource,
      queries: [
        { expr: 'telemetry_kit_processor_queue_size', legend: 'queue {{instance}}' },
        { expr: 'telemetry_kit_processor_pool_size', legend: 'pool {{instance}}' },
      ],
    }),
  )
  .withPanel(
    lines({
      title: 'Receiver: contributions accepted',
      description: 'Counted, now or before.',
      datasource,
      queries: [{ expr: perSecond('telemetry_kit_receiver_contributions_total', 'outcome'), legend: '{{outcome}}' }],
      unit: 'ops',
    }),
  )
  .withPanel(
    lines({
      title: 'Receiver: contributions rejected, by reason',
      description: 'Every reason is there from the start, at 0.',
      datasource,
      queries: [{ expr: perSecond('telemetry_kit_receiver_rejected_total', 'reason'), legend: '{{reason}}' }],
      unit: 'ops',
    }),
  )
  .withPanel(
    lines({
      title: 'Queues',
      description:
        'Envelopes that wait in the collector for the receiver (requests), and in the receiver for verification.',
      datasource,
      queries: [
        { expr: 'otelcol_exporter_queue_size', legend: 'collector {{exporter}}' },
        { expr: 'telemetry_kit_receiver_queue_size', legend: 'receiver' },
      ],
    }),
  )
  .withPanel(
    lines({
      title: 'Latency, 99th percentile',
      description: 'Verification and durable recording of a request at the receiver, and a release at the key holder.',
      datasource,
      queries: [
        { expr: ninetyNinth('telemetry_kit_receiver_verify_duration'), legend: 'verify' },
        { expr: ninetyNinth('telemetry_kit_receiver_record_duration'), legend: 'record' },
        { expr: ninetyNinth('telemetry_kit_keyholder_request_duration'), legend: 'release' },
      ],
      unit: 's',
    }),
  )
  .withPanel(
    lines({
      title: 'Key holder: failures and the receiver’s requests',
      description: 'Requests without an answer, by error code, and how the receiver’s requests ended.',
      datasource,
      queries: [
        {
          expr: perSecond('telemetry_kit_keyholder_request_failures_total', 'error_type'),
          legend: 'failed: {{error_type}}',
        },
        { expr: perSecond('telemetry_kit_receiver_releases_total', 'outcome'), legend: 'requests: {{outcome}}' },
      ],
      unit: 'ops',
    }),
  )
  .build();
