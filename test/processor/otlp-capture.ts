/** A loopback OTLP/HTTP endpoint that keeps every byte it is sent and may be told to fail or to wait. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gunzipSync } from 'node:zlib';
import type { ReadableSpan, SpanExporter } from '@opentelemetry/sdk-trace-base';
import { OTLPTraceExporter as JsonExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { OTLPTraceExporter as ProtobufExporter } from '@opentelemetry/exporter-trace-otlp-proto';

export interface CapturedRequest {
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** Decompressed. */
  readonly body: Buffer;
}

export class OtlpCapture {
  readonly requests: CapturedRequest[] = [];
  readonly #server: Server;
  #port = 0;
  #gate: Promise<void> = Promise.resolve();
  #open: () => void = () => undefined;
  status = 200;

  private constructor() {
    this.#server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const raw = Buffer.concat(chunks);
        const body = request.headers['content-encoding'] === 'gzip' ? gunzipSync(raw) : raw;
        this.requests.push({ headers: request.headers, body });
        void this.#gate.then(() => {
          response.writeHead(this.status, { 'content-type': request.headers['content-type'] ?? 'application/json' });
          response.end(request.headers['content-type'] === 'application/json' ? '{}' : '');
        });
      });
    });
  }

  static async start(): Promise<OtlpCapture> {
    const capture = new OtlpCapture();
    await new Promise<void>((resolve) => capture.#server.listen(0, '127.0.0.1', resolve));
    capture.#port = (capture.#server.address() as AddressInfo).port;
    return capture;
  }

  get url(): string {
    return `http://127.0.0.1:${String(this.#port)}/v1/traces`;
  }

  /** Requests are received but not answered until `release`. */
  hold(): void {
    this.#gate = new Promise((resolve) => (this.#open = resolve));
  }

  release(): void {
    this.#open();
  }

  /** Every span of every JSON request, as OTLP/JSON has it. */
  get spans(): OtlpSpan[] {
    return this.requests.flatMap(({ body }) => spansOf(body));
  }

  async stop(): Promise<void> {
    this.release();
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  /** The bytes that these spans become, in JSON and in protobuf. */
  async bytesOf(spans: ReadableSpan[]): Promise<{ json: Buffer; protobuf: Buffer }> {
    const before = this.requests.length;
    await exportAll(new JsonExporter({ url: this.url }), spans);
    await exportAll(new ProtobufExporter({ url: this.url }), spans);
    const [json, protobuf] = this.requests.splice(before);
    return { json: json!.body, protobuf: protobuf!.body };
  }
}

export interface OtlpSpan {
  readonly name: string;
  readonly attributes: readonly { readonly key: string; readonly value: Readonly<Record<string, unknown>> }[];
}

function spansOf(json: Buffer): OtlpSpan[] {
  const { resourceSpans } = JSON.parse(json.toString()) as {
    resourceSpans: { scopeSpans: { spans: OtlpSpan[] }[] }[];
  };
  return resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap(({ spans }) => spans));
}

async function exportAll(exporter: SpanExporter, spans: ReadableSpan[]): Promise<void> {
  await new Promise<void>((resolve, reject) =>
    exporter.export(spans, ({ error }) => (error === undefined ? resolve() : reject(error))),
  );
  await exporter.shutdown();
}
