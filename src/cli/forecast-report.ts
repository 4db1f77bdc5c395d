/** The forecast of a plan as a table and a proposal. */
import type { Plan } from '../plan/plan.js';
import { forecast, type Forecast, type Population } from './forecast.js';
import { alignColumns } from './output.js';
import { compilePlan } from '../plan/compile.js';
import type { ReportTraffic } from './traffic.js';

export function describeForecast(plan: Plan, population: Population): string {
  const found = forecast(compilePlan(plan), population);
  const { usersPerDay, visitsPerUser } = population;
  return [
    `with ${String(usersPerDay)} users a day and ${String(visitsPerUser)} visits each, spread evenly over time, labels and values:`,
    alignColumns(
      [
        ['series', 'expected a window', '95 % half width', 'of it'],
        ...found.series.map(({ series, expected, halfWidth }) => [
          series,
          short(expected),
          short(halfWidth),
          relative(halfWidth, expected),
        ]),
      ],
      '  ',
    ),
    ...proposals(plan, found),
    'sealed envelopes, as text in span attributes:',
    trafficTable(found.traffic),
  ].join('\n');
}

function proposals(plan: Plan, { keptShare, shortestUsefulWindow }: Forecast): string[] {
  const { bounds } = plan.privacy;
  const kept =
    bounds === undefined
      ? []
      : [
          `  ${percent(keptShare)} of visits are kept: of one ${bounds.subject}, ${String(bounds.visits)} a ${plan.privacy.period} and report`,
        ];
  return [...kept, `  ${windowAdvice(plan, shortestUsefulWindow)}`];
}

function windowAdvice({ window, privacy }: Plan, shortest: number | undefined): string {
  if (shortest === undefined) {
    return `no window of a ${privacy.period} or less shows the first series within 10 %: use fewer values or labels, fewer visits, or a larger epsilon`;
  }
  if (shortest <= window.seconds) return `the first series shows within 10 % from windows of ${duration(shortest)} on`;
  return `windows of ${duration(window.seconds)} are too short: ${duration(shortest)} is the shortest that shows the first series within 10 %`;
}

function trafficTable(traffic: readonly ReportTraffic[]): string {
  const rows = traffic.map(({ report, keyBits, envelopeBytes, envelopesPerDay, bytesPerDay }) => [
    report,
    `${String(keyBits)} bits`,
    size(envelopeBytes),
    short(envelopesPerDay),
    size(bytesPerDay),
  ]);
  return alignColumns([['report', 'key', 'each', 'a day', 'bytes a day'], ...rows], '  ');
}

function size(bytes: number): string {
  const units: readonly (readonly [number, string])[] = [
    [1e9, 'GB'],
    [1e6, 'MB'],
    [1e3, 'kB'],
  ];
  const [unit, name] = units.find(([least]) => bytes >= least) ?? [1, 'B'];
  return `${String(Number((bytes / unit).toPrecision(3)))} ${name}`;
}

function relative(halfWidth: number, expected: number): string {
  return expected > 0 ? percent(halfWidth / expected) : '';
}

function percent(part: number): string {
  return `${String(Number((100 * part).toPrecision(2)))} %`;
}

function short(value: number): string {
  return String(Number(value.toPrecision(4)));
}

export function duration(seconds: number): string {
  const units: readonly (readonly [number, string])[] = [
    [86_400, 'd'],
    [3600, 'h'],
    [60, 'min'],
  ];
  const [size, unit] = units.find(([size]) => seconds % size === 0) ?? [1, 's'];
  return `${String(seconds / size)} ${unit}`;
}
