/**
 * The released values as OpenTelemetry metrics: one producer that every reader, push or scrape, asks. It
 * shows the last published window of each report from the store, the same at every collection until the next
 * one is published; nothing is drawn or computed from data when somebody looks.
 *
 * Every declared series is there in every window, with and without traffic; of an open label those of the selected
 * keys and of `__other__`, and nothing of the keys that were not. A suppressed cell has no value and is marked as
 * suppressed. Attributes hold no host, instance or count of contributions.
 */
import type { Attributes } from '@opentelemetry/api';
import { emptyResource } from '@opentelemetry/resources';
import type { CollectionResult, MetricProducer } from '@opentelemetry/sdk-metrics';
import type { Store } from '../aggregation/store.js';
import type { CompiledPlan, CompiledReport } from '../plan/compile.js';
import { PublishedPoints } from './published-points.js';
import { addBudgets } from './published-budgets.js';
import { describeWindow, type PublishedCell, type PublishedWindow } from './publication.js';
import type { PublishedGuarantee } from './published-guarantee.js';
import { addQuantiles } from './published-quantiles.js';
import { selectionInfo } from './published-selection.js';
import { measurementSeries, RELEASE_INFO, SUPPRESSED, WINDOW_END } from './series.js';

/** A published window with the plan it was made under. */
interface Shown {
  readonly plan: CompiledPlan;
  readonly window: PublishedWindow;
}

const SCOPE = { name: 'telemetry-kit' };

export class PublishedMetrics implements MetricProducer {
  readonly #store: Store;
  readonly #plans: readonly CompiledPlan[];

  constructor(store: Store, plans: readonly CompiledPlan[]) {
    this.#store = store;
    this.#plans = plans;
  }

  async collect(): Promise<CollectionResult> {
    const shown = await this.#latest();
    const points = new PublishedPoints();
    for (const each of shown) addWindow(points, each);
    addBudgets(
      points,
      shown.map(({ window }) => window),
    );
    const metrics = points.metrics();
    const scopeMetrics = metrics.length === 0 ? [] : [{ scope: SCOPE, metrics }];
    return { resourceMetrics: { resource: emptyResource(), scopeMetrics }, errors: [] };
  }

  /** The last window of every report; of two versions of a plan the later window, then the newer version. */
  async #latest(): Promise<Shown[]> {
    const byReport = new Map<string, Shown>();
    const plans = [...this.#plans].sort((a, b) => a.plan.sequence - b.plan.sequence);
    for (const plan of plans) {
      for (const { index, report } of plan.reports) {
        const stored = await this.#store.latestPublished({ planHash: plan.hashText, report: index });
        const window = stored && describeWindow(plan, stored);
        const other = byReport.get(report.name);
        if (window !== undefined && (other?.window.windowStart ?? -1) <= window.windowStart) {
          byReport.set(report.name, { plan, window });
        }
      }
    }
    return [...byReport.values()];
  }
}

function addWindow(points: PublishedPoints, { plan, window }: Shown): void {
  const { report, windowStart: start, windowEnd: end, cells } = window;
  points.add(WINDOW_END, { start, end }, { report }, end);
  const compiled = plan.reports.find((each) => each.report.name === report);
  if (compiled === undefined) return;
  for (const { measurement } of compiled.measurements) {
    const own = cells.filter((cell) => cell.measurement === measurement.name);
    const series = measurementSeries(report, measurement);
    for (const cell of own) {
      addCell(points, window, series, cell);
      if (measurement.kind === 'histogram' && series.quantiles !== undefined)
        addQuantiles(points, series.quantiles, measurement, cell, { report, start, end });
    }
    points.add(RELEASE_INFO, { start, end }, releaseInfo(plan, compiled, window, own), 1);
  }
}

function addCell(
  points: PublishedPoints,
  { report, windowStart: start, windowEnd: end }: PublishedWindow,
  series: Pick<ReturnType<typeof measurementSeries>, 'own' | 'count'>,
  cell: PublishedCell,
): void {
  const { measurement, labels, since, suppressed, values } = cell;
  if (suppressed !== undefined) {
    points.add(SUPPRESSED, { start, end }, { report, measurement, ...labels, reason: suppressed }, 1);
  }
  for (const { series: which, value, amount, isCount, stddev, halfWidth95 } of values) {
    const { value: own, display, stddev: deviation, low, high } = series[which] ?? series.own;
    const attributes = { ...labels, ...(value === undefined ? {} : { value }) };
    points.add(own, { start: since, end }, attributes, amount);
    points.add(display, { start: since, end }, attributes, isCount ? Math.max(0, amount) : amount);
    points.add(deviation, { start: since, end }, attributes, stddev);
    points.add(low, { start: since, end }, attributes, amount - halfWidth95);
    points.add(high, { start: since, end }, attributes, amount + halfWidth95);
  }
}

/** What protects a measurement's values, and the last ledger entry among its cells. */
function releaseInfo(
  compiled: CompiledPlan,
  report: CompiledReport,
  window: PublishedWindow,
  cells: readonly PublishedCell[],
): Attributes {
  const { plan, hashText } = compiled;
  const ledger = cells
    .flatMap((cell) => cell.ledger ?? [])
    .reduce<PublishedCell['ledger']>(
      (last, each) => (last === undefined || each.sequence > last.sequence ? each : last),
      undefined,
    );
  return {
    report: window.report,
    measurement: cells[0]?.measurement ?? '',
    plan: plan.name,
    plan_hash: hashText,
    unit: plan.privacy.unit,
    period: plan.privacy.period,
    window_seconds: plan.window.seconds,
    ...describeGuarantee(cells[0]?.guarantee),
    ...selectionInfo(compiled, report),
    noise: plan.privacy.noise,
    ...(ledger === undefined ? {} : { ledger_sequence: ledger.sequence, ledger_hash: ledger.hash }),
  };
}

function describeGuarantee(guarantee: PublishedGuarantee | undefined): Attributes {
  if (guarantee === undefined) return {};
  const { mechanism, epsilon, delta, noise } = guarantee;
  return { mechanism, epsilon, delta, [mechanism === 'discrete-laplace' ? 'scale' : 'variance']: noise };
}
