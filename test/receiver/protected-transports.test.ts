/** OTLP behind TLS and tokens, with the official exporters as senders; and doors that do not open. */
import { readFileSync } from 'node:fs';
import { once } from 'node:events';
import { request } from 'node:https';
import { connect as connectTcp } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { credentials, Metadata } from '@grpc/grpc-js';
import { OTLPTraceExporter as GrpcExporter } from '@opentelemetry/exporter-trace-otlp-grpc';
import { OTLPTraceExporter as HttpExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import { pino } from 'pino';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { systemRandom } from '../../src/random.js';
import { startGrpcTransport } from '../../src/receiver/grpc-transport.js';
import { startHttpTransport } from '../../src/receiver/http-transport.js';
import type { RunningTransport, TransportOptions } from '../../src/receiver/transport.js';
import { AccessControl } from '../../src/service/access.js';
import { watchCertificates } from '../../src/service/certificate-files.js';
import { assertProtected } from '../../src/service/exposure.js';
import { HandshakeFailures } from '../../src/service/handshake-failures.js';
import { fixedValue, ReloadedFiles } from '../../src/service/reloaded-files.js';
import { createToken, TokenRegister } from '../../src/service/tokens.js';
import { TestAuthority } from '../support/openssl.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { createHarness, envelope, exportSpans, requestWith, until, type Harness } from './harness.js';

let harness: Harness;
let options: TransportOptions;
let ca: Buffer;
let access: AccessControl;
const running: RunningTransport[] = [];
const [sender, reader] = (['ingest', 'query'] as const).map((scope) =>
  createToken({ name: scope, scopes: [scope], createdAt: 0 }, systemRandom),
);

beforeEach(async () => {
  harness = await createHarness();
  const authority = new TestAuthority(temporaryFolder(), 'authority');
  ca = readFileSync(authority.ca);
  const files = new ReloadedFiles(pino({ level: 'silent' }));
  const tls = watchCertificates(files, { ...authority.issue({ name: 'receiver' }), ca: undefined });
  access = new AccessControl(fixedValue(new TokenRegister([sender!.entry, reader!.entry])), () => 0);
  options = { ...harness.transport, tls, access };
});

afterEach(async () => {
  for (const transport of running.splice(0)) await transport.close();
  await harness.close();
});

async function start(startTransport: (options: TransportOptions) => Promise<RunningTransport>): Promise<number> {
  const transport = await startTransport(options);
  running.push(transport);
  return transport.port;
}

test('the HTTP exporter with the right token is heard', async () => {
  const url = `https://127.0.0.1:${String(await start(startHttpTransport))}/v1/traces`;
  const headers = { authorization: `Bearer ${sender!.token}` };
  await exportSpans(new HttpExporter({ url, headers, httpAgentOptions: { ca } }), [envelope()]);
  expect(harness.counters).toMatchObject({ accepted: 1 });
});

test('the gRPC exporter with the right token is heard, one with another is not', async () => {
  const url = `https://localhost:${String(await start(startGrpcTransport))}`;
  const exporter = (token: string): GrpcExporter => {
    const metadata = new Metadata();
    metadata.set('authorization', `Bearer ${token}`);
    return new GrpcExporter({ url, metadata, credentials: credentials.createSsl(ca) });
  };
  await exportSpans(exporter(sender!.token), [envelope()]);
  await exportSpans(exporter(reader!.token), [envelope()]).catch(() => undefined);
  expect(harness.counters).toMatchObject({ accepted: 1, spans: 2 });
  expect(access.refused).toEqual({ unauthenticated: 0, permission_denied: 1 });
});

test('failed handshakes are counted on both transports', async () => {
  const failures = new HandshakeFailures();
  options = { ...options, handshakeFailed: failures.note };
  const ports = [await start(startHttpTransport), await start(startGrpcTransport)];
  for (const port of ports) {
    const outdated = connectTls({ port, host: '127.0.0.1', ca, minVersion: 'TLSv1.1', maxVersion: 'TLSv1.1' });
    await once(outdated, 'error');
    const inClear = connectTcp({ port, host: '127.0.0.1' });
    inClear.on('error', () => undefined).resume();
    inClear.end('GET / HTTP/1.1\r\nhost: x\r\n\r\n');
    await once(inClear, 'close');
  }
  await until(() => failures.count === 2 * ports.length);
  const known = connectTls({ port: ports[0]!, host: '127.0.0.1', ca });
  await once(known, 'secureConnect');
  known.destroy();
  expect(failures.count).toBe(4);
});

test.each<[string, string | undefined, number, RegExp]>([
  ['no token', undefined, 401, /"code":16,"message":"a bearer token with the scope ingest is needed"/],
  ['a wrong token', 'Bearer tk_no', 401, /is not known here/],
  ['a token of another scope', `Bearer ${reader!.token}`, 403, /"code":7,"message":".*lacks the scope ingest"/],
])('over HTTP %s is told what is missing', async (_, authorization, status, text) => {
  const port = await start(startHttpTransport);
  const answer = await new Promise<{ status: number | undefined; challenge: unknown; body: string }>(
    (resolve, reject) => {
      const headers = { 'content-type': 'application/json', ...(authorization === undefined ? {} : { authorization }) };
      const sent = request({ port, host: '127.0.0.1', path: '/v1/traces', method: 'POST', headers, ca, agent: false });
      sent.on('error', reject).on('response', (response) => {
        let body = '';
        response.on('data', (chunk) => (body += String(chunk)));
        const { statusCode, headers: received } = response;
        response.on('end', () => resolve({ status: statusCode, challenge: received['www-authenticate'], body }));
      });
      sent.end(JSON.stringify(requestWith(envelope())));
    },
  );
  expect(answer.status).toBe(status);
  expect(answer.body).toMatch(text);
  expect(answer.challenge).toMatch(/^Bearer realm=/);
  expect(harness.counters).toMatchObject({ accepted: 0, spans: 0 });
});

test.each(['0.0.0.0', '::', '192.0.2.1', 'receiver.example'])('%s is not opened without TLS and tokens', (host) => {
  const open = { tls: false, tokens: false, allowUnprotectedNetwork: false };
  const address = { host, port: 0 };
  expect(() => assertProtected(address, open, 'OTLP/HTTP')).toThrow('beyond this machine, without TLS and tokens');
  expect(() => assertProtected(address, { ...open, tls: true }, 'OTLP/HTTP')).toThrow('without tokens');
  expect(() => assertProtected(address, { ...open, tokens: true }, 'OTLP/HTTP')).toThrow('without TLS');
  assertProtected(address, { ...open, allowUnprotectedNetwork: true }, 'OTLP/HTTP');
  assertProtected(address, { ...open, tls: true, tokens: true }, 'OTLP/HTTP');
  for (const loopback of ['127.0.0.1', '::1', 'localhost']) assertProtected({ ...address, host: loopback }, open, 'it');
});
