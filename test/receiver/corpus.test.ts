/**
 * The corpus against a receiver in a process of its own, over OTLP/HTTP and OTLP/gRPC with the official exporters.
 * Every row travels between two honest envelopes: its outcome is counted under its reason, theirs as accepted, and
 * the process is up and ready for the next.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { OTLPTraceExporter as GrpcExporter } from '@opentelemetry/exporter-trace-otlp-grpc';
import { OTLPTraceExporter as HttpExporter } from '@opentelemetry/exporter-trace-otlp-http';
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  SimpleSpanProcessor,
  type ReadableSpan,
  type SpanExporter,
} from '@opentelemetry/sdk-trace-base';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ENVELOPE_ATTRIBUTE } from '../../src/wire/envelope.js';
import type { RejectionReason } from '../../src/wire/rejection.js';
import { SENT_ROWS } from '../corpus/corpus.js';
import { honest } from '../corpus/envelope-rows.js';
import { KEYS, NOW, PLANS } from '../corpus/plans.js';
import { verdictsOf, type Outcome, type SentRow } from '../corpus/row.js';

const PROCESS = resolve(import.meta.dirname, 'fixtures/receiver-process.mjs');
/** Well below the 4 MiB of a gRPC message. */
const REQUEST_CHARACTERS = 2_000_000;

interface Ports {
  readonly otlpHttp: number;
  readonly otlpGrpc: number;
  readonly admin: number;
}

let folder: string;
let child: ChildProcess;
let ports: Ports;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'telemetry-kit-corpus-'));
  const config = {
    dataFolder: folder,
    plans: PLANS.map(({ plan }) => plan),
    moduli: KEYS.map(({ n }) => String(n)),
    now: NOW,
  };
  child = spawn(process.execPath, [PROCESS, JSON.stringify(config)], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [line] = (await once(child.stdout!, 'data')) as [Buffer];
  ports = JSON.parse(line.toString()) as Ports;
});

afterAll(async () => {
  const ended = once(child, 'exit');
  child.kill('SIGKILL');
  await ended;
  rmSync(folder, { recursive: true });
});

interface Counts {
  accepted: number;
  duplicate: number;
  readonly rejected: Partial<Record<string, number>>;
}

/** The receiver's own counters; those at 0 are left out of `rejected`. */
async function counts(): Promise<Counts> {
  const text = await admin('/metrics');
  const rejected: Counts['rejected'] = {};
  for (const [, reason, value] of text.matchAll(/^telemetry_kit_receiver_rejected_total\{reason="(\w+)"\} (\d+)$/gm)) {
    if (value !== '0') rejected[reason!] = Number(value);
  }
  const contributions = (outcome: string): number => {
    const pattern = new RegExp(`^telemetry_kit_receiver_contributions_total\\{outcome="${outcome}"\\} (\\d+)$`, 'm');
    return Number(pattern.exec(text)?.[1]);
  };
  return { accepted: contributions('accepted'), duplicate: contributions('duplicate'), rejected };
}

async function admin(path: string): Promise<string> {
  const response = await fetch(`http://127.0.0.1:${String(ports.admin)}${path}`);
  const text = await response.text();
  if (response.status !== 200) throw new Error(`${path}: ${text}`);
  return text;
}

/** What this sending adds to the counters. */
async function added(send: () => Promise<void>): Promise<Counts> {
  // Making envelopes takes seconds of this thread: idle connections that the receiver closed meanwhile are noticed now.
  for (let turn = 0; turn < 3; turn += 1) await setImmediate();
  const before = await counts();
  await send();
  const after = await counts();
  const rejected = Object.fromEntries(
    Object.entries(after.rejected)
      .map(([reason, count]) => [reason, (count ?? 0) - (before.rejected[reason] ?? 0)] as const)
      .filter(([, count]) => count > 0),
  );
  return {
    accepted: after.accepted - before.accepted,
    duplicate: after.duplicate - before.duplicate,
    rejected,
  };
}

/** Spans of the real SDK with these attributes. */
function spansOf(texts: readonly string[]): ReadableSpan[] {
  const kept = new InMemorySpanExporter();
  const provider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(kept)] });
  const tracer = provider.getTracer('corpus');
  for (const text of texts) tracer.startSpan('checkout', { attributes: { [ENVELOPE_ATTRIBUTE]: text } }).end();
  return kept.getFinishedSpans();
}

function exported(exporter: SpanExporter, texts: readonly string[]): Promise<void> {
  return new Promise((done, failed) => {
    exporter.export(spansOf(texts), ({ error }) => (error === undefined ? done() : failed(error)));
  });
}

/** Requests of at most some size, each with an honest envelope at its start and its end. */
function requestsOf(texts: readonly string[]): string[][] {
  const requests: string[][] = [];
  let size = Infinity;
  for (const text of texts) {
    if (size + text.length > REQUEST_CHARACTERS) {
      requests.push([honest()]);
      size = 0;
    }
    requests.at(-1)!.push(text);
    size += text.length;
  }
  for (const request of requests) request.push(honest());
  return requests;
}

/** What a row must add, with so many honest envelopes around it; `rejected` of any reason is checked apart. */
function expected(row: SentRow, texts: readonly string[], around: number): Counts & { readonly sweep: boolean } {
  const verdicts = verdictsOf(row, texts);
  const reasons = verdicts.filter((verdict): verdict is RejectionReason => !['accepted', 'rejected'].includes(verdict));
  const outcome: Outcome = row.server ?? {
    accepted: verdicts.filter((verdict) => verdict === 'accepted').length,
    rejected: Object.fromEntries(
      [...new Set(reasons)].map((reason) => [reason, reasons.filter((other) => other === reason).length]),
    ),
  };
  return {
    accepted: around + (outcome.accepted ?? 0),
    duplicate: outcome.duplicate ?? 0,
    rejected: outcome.rejected ?? {},
    sweep: verdicts.includes('rejected'),
  };
}

function sum(rejected: Counts['rejected']): number {
  return Object.values(rejected).reduce<number>((total, count) => total + (count ?? 0), 0);
}

const TRANSPORTS: [string, () => SpanExporter][] = [
  ['OTLP/HTTP', () => new HttpExporter({ url: `http://127.0.0.1:${String(ports.otlpHttp)}/v1/traces` })],
  ['OTLP/gRPC', () => new GrpcExporter({ url: `http://127.0.0.1:${String(ports.otlpGrpc)}` })],
];

describe.each(TRANSPORTS)('over %s', (_transport, create) => {
  let exporter: SpanExporter;
  beforeAll(() => {
    exporter = create();
  });
  afterAll(() => exporter.shutdown());

  describe.each(['proof', 'envelope', 'batch', 'range'])('%s', (section) => {
    const rows = SENT_ROWS.filter((row) => row.section === section);
    it.each(rows.map((row) => [row.name, row] as const))('%s', async (_name, row) => {
      const texts = row.texts();
      const requests = requestsOf(texts);
      const seen = await added(async () => {
        for (const request of requests) await exported(exporter, request);
      });
      const { sweep, ...wanted } = expected(row, texts, 2 * requests.length);
      expect(seen).toMatchObject({ accepted: wanted.accepted, duplicate: wanted.duplicate });
      if (sweep) expect(sum(seen.rejected)).toBe(texts.length);
      else expect(seen.rejected).toEqual(wanted.rejected);
      await admin('/readyz');
    });
  });

  it('every row at once, in requests that come together', async () => {
    const all = SENT_ROWS.map((row) => ({ row, texts: row.texts() })).filter(({ texts }) => texts.length < 50);
    const requests = requestsOf(all.flatMap(({ texts }) => texts));
    const seen = await added(async () => {
      await Promise.all(requests.map((request) => exported(exporter, request)));
    });
    const wanted = all.map(({ row, texts }) => expected(row, texts, 0));
    expect(seen.accepted).toBe(wanted.reduce((total, { accepted }) => total + accepted, 2 * requests.length));
    expect(seen.duplicate).toBe(wanted.reduce((total, { duplicate }) => total + duplicate, 0));
    expect(sum(seen.rejected)).toBe(wanted.reduce((total, { rejected }) => total + sum(rejected), 0));
  });

  it('leaves the process as it was: up, ready, nothing held', async () => {
    expect(child.exitCode).toBeNull();
    expect(await admin('/healthz')).toBe('ok\n');
    expect(await admin('/readyz')).toBe('ready\n');
    const text = await admin('/metrics');
    expect(text).toContain('telemetry_kit_receiver_queue_size 0');
    expect(text).toContain('telemetry_kit_receiver_in_flight_size 0');
  });
});
