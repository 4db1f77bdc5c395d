/**
 * The part of Prometheus' HTTP API that an anchor asks: instant queries whose samples are older than a lookback or not.
 * It understands the one shape of query that is sent, and refuses others as Prometheus refuses what it cannot parse.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';

export interface Sample {
  readonly plan: string;
  readonly sequence: number | string;
  readonly hash: string;
  /** How long ago it was scraped last. */
  readonly ageSeconds?: number;
}

const QUERY =
  /^count by \(ledger_sequence, ledger_hash\) \(last_over_time\(\{__name__=~"telemetry_kit\[\._\]release\[\._\]info",plan=~"([a-z0-9_|]+)",ledger_sequence!=""\}\[(\d+)([mhd])\]\)\)$/;
const UNIT_SECONDS: Readonly<Record<string, number>> = { m: 60, h: 3600, d: 86_400 };

export class PrometheusApi {
  samples: readonly Sample[] = [];
  /** Answers this instead, as it is. */
  raw: { readonly status: number; readonly body: string } | undefined;
  readonly queries: string[] = [];
  readonly #server = createServer((request, response) => {
    this.#answer(request, response);
  });

  static async start(): Promise<PrometheusApi> {
    const api = new PrometheusApi();
    await new Promise<void>((resolve) => api.#server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => {
      api.#server.close();
      api.#server.closeAllConnections();
    });
    return api;
  }

  get url(): string {
    return `http://127.0.0.1:${String((this.#server.address() as AddressInfo).port)}/prometheus`;
  }

  stop(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const url = new URL(request.url ?? '', 'http://127.0.0.1');
    const query = url.searchParams.get('query') ?? '';
    this.queries.push(query);
    const { status, body } = this.raw ?? this.#evaluate(url.pathname, query);
    response.writeHead(status, { 'content-type': 'application/json' }).end(body);
  }

  #evaluate(path: string, query: string): { readonly status: number; readonly body: string } {
    const [, plans = '', count, unit = ''] = path === '/prometheus/api/v1/query' ? (QUERY.exec(query) ?? []) : [];
    if (count === undefined) return { status: 400, body: '{"status":"error","errorType":"bad_data"}' };
    const seconds = Number(count) * (UNIT_SECONDS[unit] ?? 0);
    const found = this.samples.filter(
      ({ plan, ageSeconds = 0 }) => plans.split('|').includes(plan) && ageSeconds <= seconds,
    );
    const result = found.map(({ sequence, hash }) => ({
      metric: { ledger_sequence: String(sequence), ledger_hash: hash },
      value: [1_700_000_000.5, '1'],
    }));
    return { status: 200, body: JSON.stringify({ status: 'success', data: { resultType: 'vector', result } }) };
  }
}
