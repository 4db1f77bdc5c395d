/** The key holder over real gRPC: sockets, certificates, health, admin endpoint, failures. */
import { copyFileSync, existsSync, mkdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { Client, credentials, status } from '@grpc/grpc-js';
import { service as healthService } from 'grpc-health-check';
import Database from 'libsql';
import { pino } from 'pino';
import { afterEach, describe, expect, onTestFinished, test } from 'vitest';
import { systemClock } from '../../src/clock.js';
import { parseCeilings } from '../../src/keyholder/ceilings.js';
import { Ledger, openLedger } from '../../src/keyholder/ledger.js';
import { createMetrics } from '../../src/keyholder/metrics.js';
import { ReleaseService } from '../../src/keyholder/release-service.js';
import { createRequestHandler } from '../../src/keyholder/request-handler.js';
import { startReleaseServer } from '../../src/keyholder/server.js';
import { ledgerPath, startKeyHolder, type KeyHolderOptions, type RunningKeyHolder } from '../../src/keyholder/start.js';
import { createKeyHolderClient, type KeyHolderClient } from '../../src/receiver/keyholder-client.js';
import { systemRandom } from '../../src/random.js';
import { watchCertificates } from '../../src/service/certificate-files.js';
import { ReloadedFiles } from '../../src/service/reloaded-files.js';
import { openSqlite } from '../../src/service/sqlite.js';
import {
  encodeWindowReleaseRequest,
  MAX_RELEASE_MESSAGE_BYTES,
  RELEASE_SERVICE,
  RELEASE_WINDOW_PATH,
} from '../../src/wire/release-messages.js';
import type { WindowReleaseResponse } from '../../src/wire/release.js';
import { CERTIFICATES } from '../support/certificates.js';
import { testPrivateKey } from '../support/keys.js';
import { TestAuthority, textsOf } from '../support/openssl.js';
import { testPlan } from '../support/plans.js';
import { aggregateOf, ALL_TIME_DAYS, cellOf, requestFor } from '../support/releases.js';
import { temporaryFolder } from '../support/temporary-folder.js';

const plan = testPlan();
const request = requestFor(plan, 0, [cellOf([aggregateOf([12n, 3n])])]);
const closers: (() => unknown)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

async function start(overrides: Partial<KeyHolderOptions> = {}): Promise<RunningKeyHolder> {
  const folder = overrides.dataFolder ?? temporaryFolder();
  const running = await startKeyHolder({
    dataFolder: folder,
    privateKeys: [testPrivateKey()],
    plans: [plan],
    ceilings: { epsilonPerPeriod: '20', period: 'day', epsilonPerRelease: '1' },
    domains: ['shop'],
    maxWindowAgeDays: ALL_TIME_DAYS,
    listen: { socketPath: join(folder, 'key-holder.sock') },
    logger: pino({ level: 'silent' }),
    ...overrides,
  });
  closers.push(() => running.close());
  return running;
}

function connect(options: Parameters<typeof createKeyHolderClient>[0]): KeyHolderClient {
  const client = createKeyHolderClient(options);
  closers.push(() => {
    client.close();
  });
  return client;
}

/** As a receiver does: the connection comes back by itself, after a pause that grows with each failure. */
async function askUntilAnswered(client: KeyHolderClient): Promise<WindowReleaseResponse> {
  for (;;) {
    const answer = await client.releaseWindow(request).catch(() => undefined);
    if (answer !== undefined) return answer;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** Sends raw bytes to the release method and resolves with the status code of the failure. */
function failureOf(target: string, bytes: Buffer): Promise<{ code: status; details: string }> {
  const client = new Client(target, credentials.createInsecure());
  const same = (buffer: Buffer): Buffer => buffer;
  return new Promise((resolve, reject) => {
    client.makeUnaryRequest(RELEASE_WINDOW_PATH, same, same, bytes, (error) => {
      client.close();
      if (error === null) reject(new Error('answered'));
      else resolve({ code: error.code, details: error.details });
    });
  });
}

function health(target: string, service: string): Promise<unknown> {
  const client = new Client(target, credentials.createInsecure());
  const check = healthService['Check']!;
  return new Promise((resolve, reject) => {
    client.makeUnaryRequest(
      check.path,
      check.requestSerialize as (value: object) => Buffer,
      check.responseDeserialize as (bytes: Buffer) => { status: unknown },
      { service },
      (error, answer) => {
        client.close();
        if (error === null) resolve(answer?.status);
        else reject(error);
      },
    );
  });
}

describe('over a Unix socket', () => {
  test('a client gets the same answers as the service in this process', async () => {
    const running = await start();
    const client = connect({ target: running.address });
    const answer = await client.releaseWindow(request);
    expect(answer.cells[0]?.status).toBe('released');
    expect(answer).toEqual(await running.service.releaseWindow(request));
    expect(await client.releaseWindow(request)).toEqual(answer);
  });

  test('stopped it is unavailable; started again it gives the same answer', async () => {
    const dataFolder = temporaryFolder();
    const first = await start({ dataFolder });
    const client = connect({ target: first.address });
    const answer = await client.releaseWindow(request);
    await first.close();
    await expect(client.releaseWindow(request)).rejects.toMatchObject({ code: 'unavailable' });
    await start({ dataFolder });
    expect(await askUntilAnswered(client)).toEqual(answer);
  });

  test('socket and folders are for their owner only, and the socket goes with the process', async () => {
    const folder = join(temporaryFolder(), 'made', 'here');
    const running = await start({ dataFolder: folder });
    const socket = join(folder, 'key-holder.sock');
    expect(statSync(folder).mode & 0o777).toBe(0o700);
    expect(statSync(socket).mode & 0o777).toBe(0o600);
    expect(statSync(ledgerPath(folder)).mode & 0o777).toBe(0o600);
    await running.close();
    expect(existsSync(socket)).toBe(false);
  });

  test('closing twice is closing once', async () => {
    const running = await start();
    await Promise.all([running.close(), running.close()]);
  });
});

describe('does not start', () => {
  test('on a data folder that another key holder uses, and leaves that one alone', async () => {
    const dataFolder = temporaryFolder();
    const first = await start({ dataFolder });
    const listen = { socketPath: join(dataFolder, 'second.sock') };
    await expect(start({ dataFolder, listen })).rejects.toMatchObject({ code: 'already_running' });
    const client = connect({ target: first.address });
    expect((await client.releaseWindow(request)).cells[0]?.status).toBe('released');
  });

  test('on a socket that somebody answers on', async () => {
    const first = await start();
    const socketPath = first.address.slice('unix:'.length);
    await expect(start({ listen: { socketPath } })).rejects.toMatchObject({ code: 'address_in_use' });
    expect((await connect({ target: first.address }).releaseWindow(request)).cells[0]?.status).toBe('released');
  });

  test('on a socket in a folder that others can enter', async () => {
    const open = join(temporaryFolder(), 'open');
    mkdirSync(open, { mode: 0o755 });
    const listen = { socketPath: join(open, 'key-holder.sock') };
    await expect(start({ listen })).rejects.toMatchObject({ code: 'invalid_configuration' });
  });

  test('on the path of a file that is no socket, which it leaves alone', async () => {
    const path = join(temporaryFolder(), 'notes.txt');
    writeFileSync(path, 'mine');
    await expect(start({ listen: { socketPath: path } })).rejects.toMatchObject({ code: 'invalid_configuration' });
    expect(statSync(path).size).toBe(4);
  });

  test('on a path longer than the system allows', async () => {
    const socketPath = join(temporaryFolder(), 'x'.repeat(120));
    await expect(start({ listen: { socketPath } })).rejects.toMatchObject({ code: 'invalid_configuration' });
  });

  test('on TCP without certificates, or with broken ones', async () => {
    for (const tls of [undefined, { ca: '', cert: '', key: '' }, { ca: 'x', cert: 'y', key: 'z' }]) {
      const listen = { host: '127.0.0.1', port: 0, tls } as KeyHolderOptions['listen'];
      await expect(start({ listen })).rejects.toMatchObject({ code: 'invalid_configuration' });
    }
  });

  test('on a port that is taken, its own or the admin endpoint’s, and gives the ledger back', async () => {
    const taken = createServer();
    const port = await listenOn(taken);
    const dataFolder = temporaryFolder();
    const tls = { ca: CERTIFICATES.ca, ...CERTIFICATES.server };
    await expect(start({ dataFolder, listen: { host: '127.0.0.1', port, tls } })).rejects.toMatchObject({
      code: 'address_in_use',
    });
    await expect(start({ dataFolder, admin: { host: '127.0.0.1', port } })).rejects.toMatchObject({
      code: 'address_in_use',
    });
    const running = await start({ dataFolder });
    expect(running.address).toContain('unix:');
  });

  test('with a data folder that is a file', async () => {
    const dataFolder = join(temporaryFolder(), 'file');
    writeFileSync(dataFolder, '');
    await expect(start({ dataFolder })).rejects.toMatchObject({ code: 'storage' });
  });
});

function listenOn(server: Server): Promise<number> {
  onTestFinished(() => {
    server.close();
  });
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      resolve(typeof address === 'object' && address !== null ? address.port : 0);
    });
  });
}

test('takes the place of a socket that nobody answers on', async () => {
  const folder = temporaryFolder();
  const socketPath = join(folder, 'key-holder.sock');
  // A socket file whose process is gone: the listener is closed after its name was moved out of its sight.
  const dead = createServer();
  await new Promise<void>((resolve) => {
    dead.listen(join(folder, 'dead.sock'), resolve);
  });
  renameSync(join(folder, 'dead.sock'), socketPath);
  await new Promise((resolve) => {
    dead.close(resolve);
  });
  expect(existsSync(socketPath)).toBe(true);
  const running = await start({ listen: { socketPath } });
  expect((await connect({ target: running.address }).releaseWindow(request)).cells[0]?.status).toBe('released');
});

describe('over TCP with certificates on both sides', () => {
  const tls = { ca: CERTIFICATES.ca, ...CERTIFICATES.server };
  const listen = { host: '127.0.0.1', port: 0, tls };

  test('a known receiver is served, and named in the log', async () => {
    const lines: string[] = [];
    const logger = pino({ level: 'info' }, { write: (line: string) => void lines.push(line) });
    const running = await start({ listen, logger });
    const client = connect({ target: running.address, tls: { ca: CERTIFICATES.ca, ...CERTIFICATES.client } });
    expect((await client.releaseWindow(request)).cells[0]?.status).toBe('released');
    expect(lines.join('')).toMatch(/"peer":"127\.0\.0\.1:\d+ \(receiver\)"/);
  });

  test('a stranger is not', async () => {
    const running = await start({ listen });
    const stranger = connect({ target: running.address, tls: { ca: CERTIFICATES.ca, ...CERTIFICATES.stranger } });
    await expect(stranger.releaseWindow(request)).rejects.toMatchObject({ code: 'unavailable' });
  });

  test('nor is anybody without a certificate', async () => {
    const running = await start({ listen });
    const failure = await failureOf(running.address, Buffer.from(encodeWindowReleaseRequest(request)));
    expect(failure.code).toBe(status.UNAVAILABLE);
  });

  test('where names are listed, a certificate of the authority must carry one of them, whole', async () => {
    const authority = new TestAuthority(temporaryFolder(), 'authority');
    const ca = readFileSync(authority.ca, 'utf8');
    const serverTls = { ca, ...textsOf(authority.issue({ name: 'key holder' })) };
    const lines: string[] = [];
    const running = await start({
      listen: { host: '127.0.0.1', port: 0, tls: serverTls, allowedClients: ['one.internal', 'two.internal'] },
      logger: pino({ level: 'warn' }, { write: (line: string) => void lines.push(line) }),
    });
    const ask = (name: string, names: string): Promise<WindowReleaseResponse> =>
      connect({
        target: running.address,
        tls: { ca, ...textsOf(authority.issue({ name, names })) },
      }).releaseWindow(request);
    expect((await ask('receiver', 'DNS:other.internal,DNS:two.internal')).cells[0]?.status).toBe('released');
    const strangers: [string, string][] = [
      ['two.internal', 'DNS:other.internal'],
      ['receiver', 'DNS:*.internal'],
      ['receiver', 'DNS:a.two.internal'],
      ['receiver', 'URI:two.internal'],
    ];
    for (const [name, names] of strangers) {
      await expect(ask(name, names)).rejects.toMatchObject({
        code: 'unavailable',
        message: expect.stringContaining('PERMISSION_DENIED') as string,
      });
    }
    expect(lines.filter((line) => line.includes('client_not_allowed'))).toHaveLength(strangers.length);
  });

  test('a client does not speak to a key holder whose certificate is for another name', async () => {
    const authority = new TestAuthority(temporaryFolder(), 'authority');
    const ca = readFileSync(authority.ca, 'utf8');
    const elsewhere = textsOf(authority.issue({ name: 'key holder', names: 'DNS:elsewhere.internal' }));
    const running = await start({ listen: { host: '127.0.0.1', port: 0, tls: { ca, ...elsewhere } } });
    const client = connect({ target: running.address, tls: { ca, ...textsOf(authority.issue({ name: 'receiver' })) } });
    await expect(client.releaseWindow(request)).rejects.toMatchObject({ code: 'unavailable' });
  });

  test('a changed certificate is shown to new clients, and a change of the authority shuts old ones out', async () => {
    const folder = temporaryFolder();
    const [old, next] = ['old', 'next'].map((name) => new TestAuthority(folder, name)) as [
      TestAuthority,
      TestAuthority,
    ];
    const files = new ReloadedFiles(pino({ level: 'silent' }));
    closers.push(() => {
      files.stop();
    });
    const used = { ca: join(folder, 'used-ca.pem'), cert: join(folder, 'used.pem'), key: join(folder, 'used.key') };
    const use = (authority: TestAuthority): void => {
      const pair = authority.issue({ name: 'key holder' });
      copyFileSync(authority.ca, used.ca);
      copyFileSync(pair.cert, used.cert);
      copyFileSync(pair.key, used.key);
    };
    use(old);
    const running = await start({ listen: { host: '127.0.0.1', port: 0, tls: watchCertificates(files, used) } });
    const clientOf = (authority: TestAuthority): KeyHolderClient =>
      connect({
        target: running.address,
        tls: { ca: readFileSync(authority.ca, 'utf8'), ...textsOf(authority.issue({ name: 'receiver' })) },
      });
    const first = clientOf(old);
    const answer = await first.releaseWindow(request);
    await expect(clientOf(next).releaseWindow(request)).rejects.toMatchObject({ code: 'unavailable' });
    use(next);
    files.reload();
    expect(await askUntilAnswered(clientOf(next))).toEqual(answer);
    await expect(clientOf(old).releaseWindow(request)).rejects.toMatchObject({ code: 'unavailable' });
    // A connection that exists goes on.
    expect(await first.releaseWindow(request)).toEqual(answer);
  });

  test('a client refuses to go in clear', () => {
    expect(() => createKeyHolderClient({ target: '127.0.0.1:4000' })).toThrow(
      expect.objectContaining({ code: 'invalid_configuration' }),
    );
  });
});

describe('bad requests', () => {
  test('get INVALID_ARGUMENT with the field named, and the server goes on', async () => {
    const running = await start();
    const bytes = Buffer.from(encodeWindowReleaseRequest(request));
    const flipped = Buffer.from(bytes);
    flipped[1] = 31;
    for (const bad of [Buffer.alloc(0), Buffer.from('not protobuf'), bytes.subarray(0, 40), flipped]) {
      expect(await failureOf(running.address, bad)).toMatchObject({ code: status.INVALID_ARGUMENT });
    }
    expect((await connect({ target: running.address }).releaseWindow(request)).cells[0]?.status).toBe('released');
  });

  test('larger than any window get an error and do no harm', async () => {
    const running = await start();
    const failure = await failureOf(running.address, Buffer.alloc(MAX_RELEASE_MESSAGE_BYTES + 1));
    expect(failure.code).toBe(status.RESOURCE_EXHAUSTED);
    expect((await connect({ target: running.address }).releaseWindow(request)).cells[0]?.status).toBe('released');
  });
});

describe('after a write to the ledger failed', () => {
  test('nothing is served until a restart, and every sign says so', async () => {
    const folder = temporaryFolder();
    const database = openSqlite(join(folder, 'ledger.sqlite'));
    const ledger = Ledger.fromDatabase(database);
    const logger = pino({ level: 'silent' });
    const service = new ReleaseService({
      privateKeys: [testPrivateKey()],
      plans: [plan],
      ceilings: parseCeilings({ epsilonPerPeriod: '20', period: 'day', epsilonPerRelease: '1' }),
      domains: ['shop'],
      maxWindowAgeDays: ALL_TIME_DAYS,
      ledger,
      clock: systemClock,
      random: systemRandom,
      logger,
    });
    const metrics = createMetrics(() => ledger.head.sequence);
    const handler = createRequestHandler({ service, metrics, logger, clock: systemClock });
    const server = await startReleaseServer(handler, { socketPath: join(folder, 'key-holder.sock') });
    closers.push(() => {
      ledger.close();
    });
    closers.push(() => metrics.close());
    closers.push(() => server.close());
    const client = connect({ target: server.address });
    const answer = await client.releaseWindow(request);
    expect(await health(server.address, RELEASE_SERVICE)).toBe('SERVING');

    // The disk is full: no page can be added.
    const { page_count: pages } = database.prepare('PRAGMA page_count').get() as { page_count: number };
    database.pragma(`max_page_count = ${String(pages)}`);
    const large = requestFor(
      plan,
      1,
      [0, 1, 2].map((label) => cellOf([aggregateOf([1n, 1n])], { labels: [label] })),
    );
    const failed = { code: 'unavailable', message: expect.stringContaining('restarted') as string };
    for (let window = 1; ; window += 1) {
      const outcome = await client.releaseWindow({ ...large, ...windowAt(window) }).catch((error: unknown) => error);
      if (!(outcome instanceof Error)) continue;
      expect(outcome).toMatchObject(failed);
      break;
    }
    expect(await health(server.address, RELEASE_SERVICE)).toBe('NOT_SERVING');
    expect(service.notServingBecause()).toContain('restart');
    // Not even what is stored: whether it is on disk is not known any more.
    await expect(client.releaseWindow(request)).rejects.toMatchObject(failed);
    expect(answer.cells[0]?.status).toBe('released');
  });

  function windowAt(window: number): { windowStart: number; windowEnd: number } {
    const { windowStart, windowEnd } = requestFor(plan, window, []);
    return { windowStart, windowEnd };
  }
});

describe('the admin endpoint', () => {
  test('shows its own counters, every reason from the start, and no value', async () => {
    const running = await start({ admin: { host: '127.0.0.1', port: 0 } });
    const read = async (): Promise<string> =>
      (await fetch(`http://127.0.0.1:${String(running.adminPort)}/metrics`)).text();
    const before = await read();
    for (const line of [
      'telemetry_kit_keyholder_released_total 0',
      'telemetry_kit_keyholder_suppressed_total{reason="budget"} 0',
      'telemetry_kit_keyholder_suppressed_total{reason="below_minimum"} 0',
      'telemetry_kit_keyholder_suppressed_total{reason="error"} 0',
      'telemetry_kit_keyholder_refused_total{reason="conflict"} 0',
      'telemetry_kit_keyholder_refused_total{reason="ciphertext"} 0',
      'telemetry_kit_keyholder_ledger_sequence 0',
    ]) {
      expect(before).toContain(`${line}\n`);
    }
    const client = connect({ target: running.address });
    await client.releaseWindow(request);
    await client.releaseWindow({ ...request, report: 9 });
    const after = await read();
    for (const line of [
      'telemetry_kit_keyholder_released_total 1',
      'telemetry_kit_keyholder_refused_total{reason="unknown_cell"} 1',
      'telemetry_kit_keyholder_ledger_sequence 3',
      'telemetry_kit_keyholder_request_duration_count 2',
    ]) {
      expect(after).toContain(line);
    }
  });

  test('is not there where it was not asked for', async () => {
    expect((await start()).adminPort).toBeUndefined();
  });
});

test('a ledger that was edited keeps the key holder from starting', async () => {
  const dataFolder = temporaryFolder();
  const running = await start({ dataFolder });
  await running.service.releaseWindow(request);
  await running.close();
  const database = new Database(ledgerPath(dataFolder));
  database.exec("DROP TRIGGER entries_are_not_changed; UPDATE entries SET body = replace(body, 'shop', 'shoq')");
  database.close();
  await expect(start({ dataFolder })).rejects.toMatchObject({ code: 'ledger_corrupt' });
  expect(() => openLedger(ledgerPath(dataFolder))).toThrow();
});
