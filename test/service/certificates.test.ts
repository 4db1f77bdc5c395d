/** Certificates from files: what is refused at the start, what a change does, for both HTTP versions. */
import { copyFileSync, writeFileSync } from 'node:fs';
import { connect as connectHttp2, type ClientHttp2Session } from 'node:http2';
import { get } from 'node:https';
import { join } from 'node:path';
import { connect as connectTls } from 'node:tls';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { systemClock } from '../../src/clock.js';
import { closeServer, listen } from '../../src/service/admin-server.js';
import { watchCertificates } from '../../src/service/certificate-files.js';
import { ReloadedFiles } from '../../src/service/reloaded-files.js';
import { createAnyHttp2Server, createWebServer } from '../../src/service/tls-servers.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { TestAuthority, textsOf, type IssuedFiles } from '../support/openssl.js';

const ADDRESS = { host: '127.0.0.1', port: 0 };

let folder: string;
let authority: TestAuthority;
let used: IssuedFiles;
let lines: string[];
let files: ReloadedFiles;
const closers: (() => unknown)[] = [];

beforeEach(() => {
  folder = temporaryFolder();
  authority = new TestAuthority(folder, 'authority');
  used = authority.issue({ name: 'first' });
  lines = [];
  files = new ReloadedFiles(pino({ level: 'info' }, { write: (line: string) => lines.push(line) }));
});

afterEach(async () => {
  files.stop();
  for (const close of closers.splice(0).reverse()) await close();
});

function watch(pair: IssuedFiles = used, ca?: string) {
  return watchCertificates(files, { ...pair, ca });
}

function replaceBy(pair: IssuedFiles): void {
  copyFileSync(pair.cert, used.cert);
  copyFileSync(pair.key, used.key);
  files.reload();
}

/** Common name in the certificate that a new connection is shown. */
async function shownName(port: number): Promise<string | undefined> {
  const socket = connectTls({ port, host: '127.0.0.1', ca: readFileSync(authority.ca) });
  await once(socket, 'secureConnect');
  const name = socket.getPeerCertificate().subject.CN;
  socket.destroy();
  return typeof name === 'string' ? name : undefined;
}

describe('at the start', () => {
  test('an expired certificate is named', () => {
    const expired = authority.issue({ name: 'old', days: -1 });
    expect(() => watch(expired)).toThrow(`the certificate ${expired.cert} expired on`);
  });

  test('one that is not valid yet is named', () => {
    const tomorrow = () => systemClock() - 86_400_000;
    expect(() => watchCertificates(files, { ...used, ca: undefined }, tomorrow)).toThrow('is not valid before');
  });

  test('a key of another certificate is named', () => {
    const other = authority.issue({ name: 'other' });
    expect(() => watch({ cert: used.cert, key: other.key })).toThrow(
      `the key ${other.key} does not belong to the certificate ${used.cert}`,
    );
  });

  test.each([
    ['cert', 'holds no certificate'],
    ['key', 'holds no private key'],
  ] as const)('a file that is no %s is named', (part, complaint) => {
    const file = join(folder, 'nothing');
    writeFileSync(file, 'nothing');
    expect(() => watch({ ...used, [part]: file })).toThrow(`${file} ${complaint}`);
  });

  test('a file that is missing is named', () => {
    expect(() => watch({ ...used, cert: join(folder, 'nowhere.pem') })).toThrow(/nowhere\.pem: ENOENT/);
  });

  test('an authority that is none is named', () => {
    expect(() => watch(used, used.key)).toThrow(`${used.key} holds no certificate`);
  });
});

describe('a change', () => {
  test('reaches new connections and leaves old ones alone, HTTP/1.1', async () => {
    const server = createWebServer(watch(), (_, response) => response.end('ok'));
    const port = await listen(server, ADDRESS, 'the test');
    closers.push(() => closeServer(server, 0));
    const old = connectTls({ port, host: '127.0.0.1', ca: readFileSync(authority.ca) });
    await once(old, 'secureConnect');
    replaceBy(authority.issue({ name: 'second' }));
    expect(await shownName(port)).toBe('second');
    old.write('GET / HTTP/1.1\r\nhost: test\r\nconnection: close\r\n\r\n');
    expect(String((await once(old, 'data'))[0])).toContain('200 OK');
    expect(files.counts).toEqual({ succeeded: 1, failed: 0 });
  });

  test('the same for HTTP/2', async () => {
    const server = createAnyHttp2Server(watch(), {});
    server.on('stream', (stream) => {
      stream.respond({ ':status': 204 }, { endStream: true });
    });
    const port = await listen(server, ADDRESS, 'the test');
    closers.push(() => server.close());
    const session: ClientHttp2Session = connectHttp2(`https://127.0.0.1:${String(port)}`, {
      ca: readFileSync(authority.ca),
    });
    closers.push(() => {
      session.destroy();
    });
    const status = async () => (await once(session.request({ ':path': '/' }), 'response'))[0] as object;
    expect(await status()).toMatchObject({ ':status': 204 });
    replaceBy(authority.issue({ name: 'second' }));
    expect(await status()).toMatchObject({ ':status': 204 });
    expect(await shownName(port)).toBe('second');
  });

  test.each<[string, () => void, RegExp]>([
    ['half of a pair', () => copyFileSync(authority.issue({ name: 'other' }).cert, used.cert), /does not belong/],
    ['an expired one', () => replaceBy(authority.issue({ name: 'old', days: -1 })), /expired on/],
    ['no certificate at all', () => writeFileSync(used.cert, ''), /holds no certificate/],
  ])('that is of no use keeps the old one, is logged and counted: %s', async (_, spoil, complaint) => {
    const server = createWebServer(watch(), (__, response) => response.end('ok'));
    const port = await listen(server, ADDRESS, 'the test');
    closers.push(() => closeServer(server, 0));
    spoil();
    files.reload();
    expect(await shownName(port)).toBe('first');
    expect(files.counts.failed).toBeGreaterThan(0);
    expect(files.counts.succeeded).toBe(0);
    expect(lines.join('')).toMatch(/reload_failed/);
    expect(lines.join('')).toMatch(complaint);
    replaceBy(authority.issue({ name: 'second' }));
    expect(await shownName(port)).toBe('second');
  });

  test('is found without being asked to look', async () => {
    const live = watch();
    const changed = new Promise<void>((resolve) => {
      live.onChange(() => {
        resolve();
      });
    });
    files.start(10);
    const next = authority.issue({ name: 'second' });
    copyFileSync(next.cert, used.cert);
    copyFileSync(next.key, used.key);
    await changed;
    expect(live.value.cert).toBe(textsOf(next).cert);
  });
});

describe('mutual TLS', () => {
  async function answerTo(client: { cert?: string; key?: string }): Promise<string> {
    const server = createWebServer(watch(used, authority.ca), (_, response) => response.end('ok'));
    const port = await listen(server, ADDRESS, 'the test');
    closers.push(() => closeServer(server, 0));
    return new Promise((resolve) => {
      const request = get({ port, host: '127.0.0.1', ca: readFileSync(authority.ca), agent: false, ...client });
      request.on('response', (response) => {
        response.resume();
        resolve(String(response.statusCode));
      });
      request.on('error', (error: NodeJS.ErrnoException) => {
        resolve(error.code ?? error.message);
      });
    });
  }

  test('lets in who has a certificate of the authority, and nobody else', async () => {
    const stranger = new TestAuthority(folder, 'stranger');
    expect(await answerTo(textsOf(authority.issue({ name: 'client' })))).toBe('200');
    expect(await answerTo({})).not.toBe('200');
    expect(await answerTo(textsOf(stranger.issue({ name: 'client' })))).not.toBe('200');
    expect(await answerTo(textsOf(authority.issue({ name: 'client', days: -1 })))).not.toBe('200');
  });
});
