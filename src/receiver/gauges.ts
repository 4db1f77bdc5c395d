/** Data points of gauges, gathered by series. */
import { ValueType, type Attributes, type HrTime } from '@opentelemetry/api';
import {
  AggregationTemporality,
  DataPointType,
  type DataPoint,
  type GaugeMetricData,
} from '@opentelemetry/sdk-metrics';
import type { SeriesDescription } from './series.js';

/** Unix seconds. */
export interface TimeRange {
  readonly start: number;
  readonly end: number;
}

export class Gauges {
  readonly #series = new Map<string, GaugeMetricData>();

  add(series: SeriesDescription, range: TimeRange, attributes: Attributes, value: number): void {
    const { name, unit, description, whole } = series;
    const gauge = this.#series.get(name) ?? {
      descriptor: { name, unit, description, valueType: whole ? ValueType.INT : ValueType.DOUBLE },
      aggregationTemporality: AggregationTemporality.CUMULATIVE,
      dataPointType: DataPointType.GAUGE,
      dataPoints: [],
    };
    const point: DataPoint<number> = { startTime: at(range.start), endTime: at(range.end), attributes, value };
    gauge.dataPoints.push(point);
    this.#series.set(name, gauge);
  }

  metrics(): GaugeMetricData[] {
    return [...this.#series.values()];
  }
}

function at(unixSeconds: number): HrTime {
  return [unixSeconds, 0];
}
