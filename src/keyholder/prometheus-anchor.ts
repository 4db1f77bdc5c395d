/**
 * The anchor in the published series themselves: `telemetry_kit.release.info` carries the ledger's position, and
 * Prometheus keeps what it scraped out of the key holder's reach. Asked through its HTTP API, by instant queries.
 */
import * as z from 'zod/mini';
import { TelemetryKitError } from '../errors.js';
import { anchorOf, type AnchorSource, type SeenPosition } from './anchor.js';

/** Series end soon after the last scrape: how far back is looked, until something is found. */
const LOOKBACKS = ['15m', '1d', '30d'] as const;
const TIMEOUT_MILLIS = 10_000;
const MAX_ANSWER_BYTES = 16 * 1024 * 1024;
/** As scraped, and as OTLP ingestion may keep it. */
const SERIES = 'telemetry_kit[._]release[._]info';

const answer = z.object({
  status: z.literal('success'),
  data: z.object({
    resultType: z.literal('vector'),
    /** The first part of a value: the time by Prometheus' clock. */
    result: z.array(z.object({ metric: z.record(z.string(), z.string()), value: z.tuple([z.number(), z.string()]) })),
  }),
});

export class PrometheusAnchor implements AnchorSource {
  readonly description: string;
  readonly #url: URL;
  readonly #plans: readonly string[];

  /**
   * `url`: of the server, such as `http://127.0.0.1:9090`. `plans`: names whose series count; another key holder's
   * are about another ledger. Throws `invalid_configuration`.
   */
  constructor(url: string, plans: readonly string[]) {
    this.#url = parseUrl(url);
    this.#plans = plans;
    this.description = `the series of ${this.#url.origin}`;
  }

  async read(): Promise<SeenPosition | undefined> {
    for (const lookback of LOOKBACKS) {
      const found = await this.#query(lookback);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  async #query(lookback: string): Promise<SeenPosition | undefined> {
    const selector = `{__name__=~"${SERIES}",plan=~"${this.#plans.join('|')}",ledger_sequence!=""}`;
    const url = new URL('api/v1/query', this.#url);
    url.searchParams.set('query', `count by (ledger_sequence, ledger_hash) (last_over_time(${selector}[${lookback}]))`);
    const { data } = await ask(url);
    return data.result
      .flatMap(({ metric, value: [time] }) => anchorOf(metric['ledger_sequence'], metric['ledger_hash'], time) ?? [])
      .reduce<SeenPosition | undefined>(newer, undefined);
  }
}

function newer(newest: SeenPosition | undefined, each: SeenPosition): SeenPosition {
  return newest === undefined || each.sequence > newest.sequence ? each : newest;
}

function parseUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url !== undefined && ['http:', 'https:'].includes(url.protocol)) {
    // So that a path the server is served under is kept.
    return new URL(url.href.endsWith('/') ? url.href : `${url.href}/`);
  }
  throw new TelemetryKitError('invalid_configuration', 'the anchor is no http or https URL', {
    fix: 'name a Prometheus server, such as http://127.0.0.1:9090, or a file',
  });
}

async function ask(url: URL): Promise<z.infer<typeof answer>> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(TIMEOUT_MILLIS), redirect: 'error' });
    if (!response.ok) throw new Error(`status ${String(response.status)}`);
    return answer.parse(JSON.parse(await textOf(response)));
  } catch (cause) {
    throw new TelemetryKitError('unavailable', `the anchor at ${url.origin} did not answer as Prometheus does`, {
      fix: 'start Prometheus first, or correct the URL; without an anchor a rolled-back ledger is not noticed',
      cause,
    });
  }
}

async function textOf(response: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of (response.body ?? []) as AsyncIterable<Uint8Array>) {
    size += chunk.length;
    if (size > MAX_ANSWER_BYTES) throw new Error('the answer is too long');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
