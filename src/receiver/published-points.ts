/** Data points of what is published, gathered by series: gauges, and cumulative sums that may fall. */
import { ValueType, type Attributes, type HrTime } from '@opentelemetry/api';
import {
  AggregationTemporality,
  DataPointType,
  type DataPoint,
  type GaugeMetricData,
  type SumMetricData,
} from '@opentelemetry/sdk-metrics';
import type { SeriesDescription } from './series.js';

/** Unix seconds. */
export interface TimeRange {
  readonly start: number;
  readonly end: number;
}

type Series = GaugeMetricData | SumMetricData;

export class PublishedPoints {
  readonly #series = new Map<string, Series>();

  add(series: SeriesDescription, range: TimeRange, attributes: Attributes, value: number): void {
    const gathered = this.#series.get(series.name) ?? emptySeries(series);
    const point: DataPoint<number> = { startTime: at(range.start), endTime: at(range.end), attributes, value };
    gathered.dataPoints.push(point);
    this.#series.set(series.name, gathered);
  }

  metrics(): Series[] {
    return [...this.#series.values()];
  }
}

function emptySeries({ name, unit, description, whole, cumulative }: SeriesDescription): Series {
  const common = {
    descriptor: { name, unit, description, valueType: whole ? ValueType.INT : ValueType.DOUBLE },
    aggregationTemporality: AggregationTemporality.CUMULATIVE,
    dataPoints: [],
  };
  return cumulative === true
    ? { ...common, dataPointType: DataPointType.SUM, isMonotonic: false }
    : { ...common, dataPointType: DataPointType.GAUGE };
}

function at(unixSeconds: number): HrTime {
  return [unixSeconds, 0];
}
