/**
 * A receiver in a process of its own, at its most talkative, under everything that a hostile sender can think of, while
 * an honest one goes on sending: the honest one is served, memory stays bounded, and nothing sent is in any log.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { request as httpRequest } from 'node:http';
import { connect as connectHttp2 } from 'node:http2';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { encodeMessage } from '../otlp/trace-proto.js';
import { envelope, key, plan, requestWith, until, WINDOW } from './harness.js';

const PROCESS = resolve(import.meta.dirname, 'fixtures/receiver-process.mjs');
const MEBIBYTE = 1024 * 1024;
/** Bodies in flight, queue, tables, JSON while it is read, and the runtime: several times what is needed. */
const MEMORY_BOUND = 1536 * MEBIBYTE;
const CONNECTIONS = 10_000;
/** The value of an attribute, parts of bodies, headers, names: wherever a sender can put text. */
const CANARY = 'canary-982451653';
const JSON_TYPE = 'application/json';
const PROTOBUF_TYPE = 'application/x-protobuf';

let folder: string;
let child: ChildProcess;
let ports: { readonly otlpHttp: number; readonly otlpGrpc: number; readonly admin: number };
let log = '';

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'telemetry-kit-hostile-'));
  const config = {
    dataFolder: folder,
    plans: [plan.plan],
    moduli: [String(key.n)],
    now: WINDOW + 1,
    logLevel: 'trace',
  };
  child = spawn(process.execPath, [PROCESS, JSON.stringify(config)], { stdio: ['ignore', 'pipe', 'pipe'] });
  child.stderr!.on('data', (chunk: Buffer) => (log += chunk.toString()));
  const [line] = (await once(child.stdout!, 'data')) as [Buffer];
  child.stdout!.on('data', (chunk: Buffer) => (log += chunk.toString()));
  ports = JSON.parse(line.toString()) as typeof ports;
});

afterAll(async () => {
  const ended = once(child, 'exit');
  child.kill('SIGKILL');
  await ended;
  rmSync(folder, { recursive: true });
});

/** From an address of its own, so that it is told apart from the hostile ones. */
function post(body: Buffer, headers: Record<string, string>, localAddress = '127.0.0.2'): Promise<number> {
  return new Promise((done, failed) => {
    const options = { host: '127.0.0.1', port: ports.otlpHttp, path: '/v1/traces', method: 'POST', agent: false };
    const request = httpRequest({ ...options, headers, localAddress }, (response) => {
      response.resume();
      response.once('end', () => done(response.statusCode ?? 0));
    });
    request.once('error', failed);
    request.end(body);
  });
}

/** An honest sender: one new contribution, sent again while the receiver is busy, as OTLP asks. */
async function sendHonestly(): Promise<void> {
  const body = Buffer.from(JSON.stringify(requestWith(envelope())));
  while ((await post(body, { 'content-type': JSON_TYPE })) === 503) {
    await new Promise((resume) => setTimeout(resume, 100));
  }
}

async function metric(name: string): Promise<number> {
  const text = await (await fetch(`http://127.0.0.1:${String(ports.admin)}/metrics`)).text();
  return Number(new RegExp(`^${name} (\\d+)$`, 'm').exec(text)?.[1]);
}

const accepted = (): Promise<number> => metric('telemetry_kit_receiver_contributions_total\\{outcome="accepted"\\}');

/** The most memory the process ever had, in bytes. */
function peakMemory(): number {
  const [, kibibytes] = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${String(child.pid)}/status`, 'utf8')) ?? [];
  return 1024 * Number(kibibytes);
}

function open(start: string): Promise<Socket> {
  return new Promise((done) => {
    const socket = connect(ports.otlpHttp, '127.0.0.1');
    socket.on('error', () => done(socket));
    socket.once('connect', () => {
      socket.write(start);
      done(socket);
    });
  });
}

/** A length-delimited field; lengths up to 2^21. */
function field(tag: number, content: Buffer): Buffer {
  const { length } = content;
  return Buffer.concat([Buffer.from([tag, (length & 127) | 128, ((length >> 7) & 127) | 128, length >> 14]), content]);
}

/** What the attack sends does not matter; who is honest is served meanwhile. */
async function whileHonest(attack: () => Promise<unknown>): Promise<void> {
  const before = await accepted();
  const attacking = attack();
  for (let sent = 0; sent < 5; sent += 1) await sendHonestly();
  await attacking;
  await sendHonestly();
  expect(await accepted()).toBe(before + 6);
  expect(peakMemory()).toBeLessThan(MEMORY_BOUND);
  expect(child.exitCode).toBeNull();
}

const ignoring = (sent: Promise<unknown>): Promise<unknown> => sent.catch(() => undefined);
const many = (count: number, attack: () => Promise<unknown>): Promise<unknown> =>
  Promise.all(Array.from({ length: count }, () => ignoring(attack())));
const hostile = (body: Buffer, headers: Record<string, string>): Promise<number> => post(body, headers, '127.0.0.1');

describe('an honest sender is served beside', () => {
  test(`${String(CONNECTIONS)} connections, half of them in the middle of a header, half in the middle of a body`, async () => {
    const header = `POST /v1/traces HTTP/1.1\r\nHost: x\r\nContent-Type: ${JSON_TYPE}\r\n`;
    const sockets: Socket[] = [];
    await whileHonest(async () => {
      for (let opened = 0; opened < CONNECTIONS; opened += 500) {
        const starts = Array.from({ length: 500 }, (_, index) =>
          index % 2 === 0 ? header : `${header}Content-Length: 60000000\r\n\r\n{`,
        );
        sockets.push(...(await Promise.all(starts.map(open))));
      }
    });
    for (const socket of sockets) socket.destroy();
  });

  test('bodies that grow a thousandfold when they are unpacked', async () => {
    const bomb = gzipSync(Buffer.alloc(200 * MEBIBYTE, ' '));
    await whileHonest(() => many(24, () => hostile(bomb, { 'content-type': JSON_TYPE, 'content-encoding': 'gzip' })));
  });

  test('bodies of nothing but brackets, and values in values', async () => {
    const json = Buffer.from(`{"resourceSpans":${'['.repeat(4 * MEBIBYTE)}`);
    // resource_spans, scope_spans, spans, attributes, value, and then array_value and values in turn.
    let protobuf: Buffer = Buffer.alloc(0);
    for (let depth = 0; depth < 2000; depth += 1) protobuf = field(0x2a, field(0x0a, protobuf));
    for (const tag of [0x12, 0x4a, 0x12, 0x12, 0x0a]) protobuf = field(tag, protobuf);
    await whileHonest(async () => {
      await many(20, () => hostile(json, { 'content-type': JSON_TYPE }));
      await many(20, () => hostile(protobuf, { 'content-type': PROTOBUF_TYPE }));
    });
  });

  test('envelopes whose proofs are wrong', async () => {
    const good = envelope();
    // The last response of the last proof: everything cheap is right.
    const wrong = good.slice(0, -8) + (good.endsWith('AAAAAAAA') ? 'BAAAAAAA' : 'AAAAAAAA');
    const body = Buffer.from(JSON.stringify(requestWith(...Array.from({ length: 200 }, () => wrong))));
    await whileHonest(() => many(4, () => hostile(body, { 'content-type': JSON_TYPE })));
    expect(await metric('telemetry_kit_receiver_rejected_total\\{reason="equation"\\}')).toBeGreaterThan(0);
  });

  test('HTTP/2 streams that are opened and reset', async () => {
    await whileHonest(async () => {
      const session = connectHttp2(`http://127.0.0.1:${String(ports.otlpGrpc)}`);
      session.on('error', () => undefined);
      for (let opened = 0; opened < 5000 && !session.destroyed; opened += 1) {
        const headers = { ':method': 'POST', ':path': '/x', 'content-type': 'application/grpc' };
        const stream = session.request(headers);
        stream.on('error', () => undefined);
        stream.close(8);
        if (opened % 100 === 0) await new Promise((resume) => setImmediate(resume));
      }
      session.destroy();
    });
  });
});

test('nothing a sender writes is in the log, at its most verbose, however malformed the request', async () => {
  const span = { name: CANARY, attributes: [{ key: CANARY, value: { stringValue: CANARY } }] };
  const good = { resourceSpans: [{ scopeSpans: [{ spans: [span] }] }] };
  const json = { 'content-type': JSON_TYPE };
  const protobuf = { 'content-type': PROTOBUF_TYPE };
  const bytes = encodeMessage('Request', good);
  const requests: [Buffer, Record<string, string>][] = [
    [Buffer.from(JSON.stringify(good)), json],
    [bytes, protobuf],
    [Buffer.from(JSON.stringify(requestWith(CANARY, envelope() + CANARY))), json],
    [Buffer.from(`{"${CANARY}": ${CANARY}}`), json],
    [Buffer.from(`{"resourceSpans": "${CANARY}"}`), json],
    [Buffer.from(CANARY), json],
    [Buffer.from(CANARY), protobuf],
    [bytes.subarray(0, -3), protobuf],
    [Buffer.from(CANARY), { ...json, 'content-encoding': 'gzip' }],
    [gzipSync(CANARY), { ...json, 'content-encoding': 'gzip' }],
    [Buffer.concat([gzipSync('{}'), Buffer.from(CANARY.repeat(30))]), { ...json, 'content-encoding': 'gzip' }],
    [Buffer.from('{}'), { 'content-type': CANARY }],
    [Buffer.from('{}'), { ...json, 'content-encoding': CANARY, 'user-agent': CANARY, [CANARY]: CANARY }],
  ];
  for (const [body, headers] of requests) await ignoring(hostile(body, headers));
  await open(`${CANARY} /${CANARY} HTTP/1.1\r\n${CANARY}\r\n\r\n`);
  await open(`POST /${CANARY} HTTP/1.1\r\nHost: ${CANARY}\r\nContent-Length: 0\r\n\r\n`);
  const session = connectHttp2(`http://127.0.0.1:${String(ports.otlpGrpc)}`);
  session.on('error', () => undefined);
  const path = '/opentelemetry.proto.collector.trace.v1.TraceService/Export';
  for (const to of [path, `/${CANARY}`]) {
    const stream = session.request({ ':method': 'POST', ':path': to, 'content-type': 'application/grpc', x: CANARY });
    stream.on('error', () => undefined);
    stream.resume().end(Buffer.concat([Buffer.from([0, 0, 0, 0, CANARY.length]), Buffer.from(CANARY)]));
    await once(stream, 'close');
  }
  session.close();
  await sendHonestly();
  await until(() => log.includes('verification is ready'));
  expect(log).not.toContain(CANARY);
  expect(log).not.toContain('982451653');
});
