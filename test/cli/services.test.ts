/** `receiver`, `keyholder`, `up` and `audit` as built, as processes: from a real span to a drained end, and every way to fail. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { BasicTracerProvider } from '@opentelemetry/sdk-trace-base';
import { decodePublicKey } from 'telemetry-kit';
import { createSealedSpanProcessor } from 'telemetry-kit/exporter';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { testPlanDocument } from '../support/plans.js';
import { isRunning, run, Service, temporaryFolder } from './command.js';

const ANY_PORTS = ['--otlp-http', '--otlp-grpc', '--prometheus', '--receiver-admin', '--keyholder-admin'].flatMap(
  (option) => [option, '127.0.0.1:0'],
);

let template: string;
let ownerKey: string;

/** Windows of a day with a day's grace: nothing is late, however slow the machine. */
beforeAll(async () => {
  template = mkdtempSync(join(tmpdir(), 'tk-'));
  const plan = testPlanDocument({ window: { seconds: 86_400, graceSeconds: 86_400, lagSeconds: 0 } });
  writeFileSync(join(template, 'plan.json'), JSON.stringify(plan));
  const folder = join(template, 'shop');
  const made = await run(['init', folder, '--bits', '2048', '--plan', join(template, 'plan.json'), '--json']);
  ({ ownerKey } = JSON.parse(made.stdout) as { ownerKey: string });
});

afterAll(() => {
  rmSync(template, { recursive: true, force: true });
});

/** A fresh installation of the one key and plan. */
function installation(): string {
  const folder = temporaryFolder();
  cpSync(join(template, 'shop'), folder, { recursive: true });
  return folder;
}

function startUp(folder: string): Service {
  return new Service(['up', '--data', folder, '--log-level', 'error', ...ANY_PORTS]);
}

function readJson(path: string): unknown {
  return JSON.parse(readFileSync(path, 'utf8'));
}

async function untilGone(pid: number): Promise<void> {
  while (isRunning(pid)) await setTimeout(20);
}

/** The application's folder beside the package's own modules, as in a user's project; it sends to this URL. */
function wiredProject(folder: string, url: string): string {
  const cache = join(import.meta.dirname, '../../.cache');
  mkdirSync(cache, { recursive: true });
  const project = mkdtempSync(join(cache, 'wiring-'));
  cpSync(join(folder, 'application'), project, { recursive: true });
  const wiring = join(project, 'telemetry.mjs');
  const source = readFileSync(wiring, 'utf8');
  expect(source).toContain('http://127.0.0.1:4318/v1/traces');
  writeFileSync(wiring, source.replace('http://127.0.0.1:4318/v1/traces', url));
  return project;
}

/** Ends so many spans of one user at this time; resolves with what the processor's own counts say about them. */
async function runApplication(project: string, spans: number, unixMillis = Date.now()): Promise<object> {
  const wiring = join(project, 'telemetry.mjs');
  const file = join(project, 'app.mjs');
  writeFileSync(wiring, readFileSync(wiring, 'utf8').replace(/^const sealed/m, 'export const sealed'));
  writeFileSync(
    file,
    `import { trace } from '@opentelemetry/api';
     import { provider, sealed } from './telemetry.mjs';
     for (let index = 0; index < ${String(spans)}; index += 1) {
       const span = trace.getTracer('app').startSpan('checkout', { startTime: ${String(unixMillis)} });
       span.setAttributes({ 'checkout.success': true, 'user.id': 'user-4711' });
       span.end(${String(unixMillis + 1)});
     }
     process.once('exit', () => console.log(JSON.stringify(sealed.stats().visits)));`,
  );
  const app = spawn(process.execPath, ['--import', wiring, file], { stdio: ['inherit', 'pipe', 'inherit'] });
  const [output, ended] = await Promise.all([text(app.stdout), once(app, 'exit')]);
  expect(ended).toEqual([0, null]);
  return JSON.parse(output) as object;
}

/** A port that somebody else holds. */
async function takenPort(): Promise<{ address: string; free(): Promise<void> }> {
  const server = createServer();
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    address: `127.0.0.1:${String(port)}`,
    free: () =>
      new Promise((resolve) =>
        server.close(() => {
          resolve();
        }),
      ),
  };
}

async function exportOneSpan(folder: string, url: string): Promise<void> {
  const application = join(folder, 'application');
  const sealed = createSealedSpanProcessor({
    plan: { document: readJson(join(application, 'plan.json')), trust: { ownerKey } },
    publicKeys: [decodePublicKey(readJson(join(application, 'public-key.json')))],
    poolInitialRecords: 1,
    url,
  });
  const provider = new BasicTracerProvider({ spanProcessors: [sealed] });
  const span = provider.getTracer('test').startSpan('checkout');
  span.setAttribute('checkout.success', true);
  span.end();
  await provider.shutdown();
}

describe('telemetry-kit up', () => {
  it('takes a sealed span in, drains at SIGINT and leaves no process', async () => {
    const folder = installation();
    const service = startUp(folder);
    const { endpoints, children } = await service.ready();
    await exportOneSpan(folder, endpoints['otlpHttp'] ?? '');

    const counts = await (await fetch(`${endpoints['admin'] ?? ''}/metrics`)).text();
    expect(counts).toContain('telemetry_kit_receiver_contributions_total{outcome="accepted"} 1');
    expect((await fetch(`${endpoints['admin'] ?? ''}/readyz`)).status).toBe(200);
    expect((await fetch(`${endpoints['keyHolderAdmin'] ?? ''}/readyz`)).status).toBe(200);
    expect((await fetch(endpoints['prometheus'] ?? '')).status).toBe(200);

    service.process.kill('SIGINT');
    expect(await service.ended).toEqual({ code: 0, signal: null });
    expect([children!.keyHolder, children!.receiver].filter(isRunning)).toEqual([]);
    expect(await run(['audit', 'verify', '--data', join(folder, 'keyholder')])).toMatchObject({ code: 0, stderr: '' });
  });

  it('counts a span of an application that does no more than import the wiring of init', async () => {
    const folder = installation();
    const { endpoints } = await startUp(folder).ready();
    const project = wiredProject(folder, endpoints['otlpHttp'] ?? '');
    try {
      await runApplication(project, 1);
      const counts = await (await fetch(`${endpoints['admin'] ?? ''}/metrics`)).text();
      expect(counts).toContain('telemetry_kit_receiver_contributions_total{outcome="accepted"} 1');
    } finally {
      rmSync(project, { recursive: true, force: true });
    }
  });

  it('keeps the bound of a subject over restarts of an application that only imports the wiring of init', async () => {
    const folder = temporaryFolder();
    const bounds = { subject: 'user.id', visits: 3 };
    const plan = testPlanDocument({ window: { seconds: 86_400, graceSeconds: 86_400, lagSeconds: 0 } });
    const personal = { ...plan, privacy: { ...plan.privacy, unit: 'user-period', epsilon: '10', bounds } };
    writeFileSync(join(folder, 'plan.json'), JSON.stringify(personal));
    const made = await run(['init', join(folder, 'shop'), '--bits', '2048', '--plan', join(folder, 'plan.json')]);
    expect(made.stdout).toContain('How much each subject contributed is kept in');
    const { endpoints } = await startUp(join(folder, 'shop')).ready();
    const project = wiredProject(join(folder, 'shop'), endpoints['otlpHttp'] ?? '');
    try {
      // At one moment, so that no midnight falls in between.
      const now = Date.now();
      expect(await runApplication(project, 2, now)).toMatchObject({ admitted: 2, exceeded: 0 });
      expect(await runApplication(project, 2, now)).toMatchObject({ admitted: 1, exceeded: 1 });
      expect(await runApplication(project, 2, now)).toMatchObject({ admitted: 0, exceeded: 2 });
      const counts = await (await fetch(`${endpoints['admin'] ?? ''}/metrics`)).text();
      expect(counts).toContain('telemetry_kit_receiver_contributions_total{outcome="accepted"} 6');
    } finally {
      rmSync(project, { recursive: true, force: true });
    }
  });

  it.each(['keyHolder', 'receiver'] as const)('stops everything and says so when the %s dies', async (name) => {
    const service = startUp(installation());
    const { children } = await service.ready();
    process.kill(children![name], 'SIGKILL');
    expect(await service.ended).toEqual({ code: 1, signal: null });
    expect(service.stderr).toMatch(/error \[unavailable\] the (key holder|receiver) was killed by SIGKILL/);
    expect(Object.values(children!).filter(isRunning)).toEqual([]);
  });

  it('leaves nothing behind when it is killed itself', async () => {
    const service = startUp(installation());
    const { children } = await service.ready();
    service.process.kill('SIGKILL');
    await untilGone(children!.keyHolder);
    await untilGone(children!.receiver);
  });

  it('refuses a folder that another one uses, and leaves that one alone', async () => {
    const folder = installation();
    const first = startUp(folder);
    const { endpoints } = await first.ready();
    const second = await run(['up', '--data', folder, ...ANY_PORTS]);
    expect(second.code).toBe(1);
    expect(second.stderr).toContain('error [already_running]');
    expect((await fetch(`${endpoints['admin'] ?? ''}/readyz`)).status).toBe(200);
  });

  it('names the port that is taken', async () => {
    const taken = await takenPort();
    const { code, stderr } = await run([
      ...['up', '--data', installation(), '--log-level', 'error', ...ANY_PORTS],
      ...['--otlp-http', taken.address],
    ]);
    await taken.free();
    expect(code).toBe(1);
    expect(stderr).toContain('error [address_in_use]');
    expect(stderr).toContain(taken.address);
  });

  it('says which folder is missing', async () => {
    const { code, stderr } = await run(['up', '--data', join(template, 'nowhere')]);
    expect(code).toBe(1);
    expect(stderr).toContain('error [invalid_configuration] cannot read the configuration');
  });
});

describe('the services alone', () => {
  it('the key holder stays shut under a wrong passphrase', async () => {
    const folder = installation();
    const wrong = join(folder, 'wrong');
    writeFileSync(wrong, 'not the passphrase');
    const data = join(folder, 'keyholder');
    const { code, stderr } = await run(['keyholder', '--data', data, '--passphrase-file', wrong]);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^telemetry-kit: error \[wrong_passphrase\] [^\n]+\n$/);
  });

  it.each(['receiver', 'keyholder'])('the %s refuses a plan that was changed after it was signed', async (name) => {
    const folder = installation();
    const file = join(folder, name, 'plan.json');
    writeFileSync(file, readFileSync(file, 'utf8').replace('"epsilon": "20"', '"epsilon": "200"'));
    const { code, stderr } = await run([name, '--data', join(folder, name)]);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^telemetry-kit: error \[untrusted_plan\] [^\n]+\n$/);
  });

  it('the key holder refuses a plan of a domain that its own configuration does not list', async () => {
    const folder = installation();
    const file = join(folder, 'keyholder/config.json');
    const config = readJson(file) as { domains: string[] };
    expect(config).toMatchObject({ domains: ['shop'], ceilings: { epsilonPerPeriod: '20', period: 'day' } });
    writeFileSync(file, JSON.stringify({ ...config, domains: ['depot'] }));
    const { code, stderr } = await run(['keyholder', '--data', join(folder, 'keyholder')]);
    expect(code).toBe(1);
    expect(stderr).toMatch(/error \[invalid_configuration\] plan shop is of domain shop.*add this one to domains/);
  });

  it.each(['receiver', 'keyholder'])('the %s refuses a plan older than the one it ran with before', async (name) => {
    const folder = installation();
    const owner = join(folder, 'owner');
    const next = join(owner, 'next.json');
    writeFileSync(next, JSON.stringify({ ...(readJson(join(owner, 'plan.json')) as object), sequence: 2 }));
    const plan = join(folder, name, 'plan.json');
    const first = readFileSync(plan);
    rmSync(plan);
    const signing = ['--owner-key', join(owner, 'owner-key.json'), '--passphrase-file', join(owner, 'passphrase')];
    expect(await run(['plan', 'sign', next, ...signing, '--out', plan])).toMatchObject({ code: 0 });
    const ports = name === 'receiver' ? ['--otlp-http', '--otlp-grpc', '--prometheus', '--admin'] : ['--admin'];
    const command = [name, '--data', join(folder, name), ...ports.flatMap((port) => [port, '127.0.0.1:0'])];
    const service = new Service(command);
    await service.ready();
    await service.kill();

    writeFileSync(plan, first);
    const { code, stderr } = await run(command);
    expect(code).toBe(1);
    expect(stderr).toMatch(/error \[untrusted_plan\] plan shop is sequence 1, and sequence 2 was already in use/);
  });

  it('the key holder does not start without its anchor, and says where none is configured', async () => {
    const data = join(installation(), 'keyholder');
    const command = ['keyholder', '--data', data, '--admin', '127.0.0.1:0'];
    const { code, stderr } = await run([...command, '--anchor', 'http://127.0.0.1:1']);
    expect(code).toBe(1);
    expect(stderr).toMatch(/error \[unavailable\] the anchor at http:\/\/127\.0\.0\.1:1 did not answer/);

    const without = new Service(command);
    await without.ready();
    await without.kill();
    expect(without.stderr).toContain('"no_anchor"');

    const file = join(data, 'config.json');
    writeFileSync(file, JSON.stringify({ ...(readJson(file) as object), anchor: '../anchor.json' }));
    const configured = new Service(command);
    await configured.ready();
    await configured.kill();
    expect(configured.stderr).toContain('"anchor_empty"');
    expect(configured.stderr).toContain(join(data, '..', 'anchor.json'));
  });

  it('a configuration with a typing error is refused with the name of the field', async () => {
    const folder = installation();
    const file = join(folder, 'receiver/config.json');
    writeFileSync(file, JSON.stringify({ ...(readJson(file) as object), otlpHtpp: '127.0.0.1:4318' }));
    const { code, stderr } = await run(['receiver', '--data', join(folder, 'receiver')]);
    expect(code).toBe(1);
    expect(stderr).toContain('otlpHtpp');
  });

  it('an address that is none is refused', async () => {
    const data = join(installation(), 'receiver');
    const { code, stderr } = await run(['receiver', '--data', data, '--otlp-http', '4318']);
    expect(code).toBe(1);
    expect(stderr).toContain('write host:port');
  });

  it('the receiver starts and drains without a key holder', async () => {
    const data = join(installation(), 'receiver');
    const ports = ['--otlp-http', '--otlp-grpc', '--prometheus', '--admin'].flatMap((port) => [port, '127.0.0.1:0']);
    const service = new Service(['receiver', '--data', data, ...ports]);
    expect((await service.ready()).ready).toBe('receiver');
    service.process.kill('SIGTERM');
    expect(await service.ended).toEqual({ code: 0, signal: null });
  });
});

describe('telemetry-kit audit', () => {
  it('exports what it verifies, and notices a changed export', async () => {
    const data = join(installation(), 'keyholder');
    const none = await run(['audit', 'export', '--data', data]);
    expect(none.code).toBe(1);
    expect(none.stderr).toContain('there is no ledger');

    const file = join(temporaryFolder(), 'ledger.jsonl');
    writeFileSync(file, '{"sequence":1,"previousHash":"A","hash":"B","body":"{}"}\n');
    const changed = await run(['audit', 'verify', file]);
    expect(changed.code).toBe(1);
    expect(changed.stderr).toMatch(/^telemetry-kit: error \[ledger_corrupt\] [^\n]+\n$/);
    expect((await run(['audit', 'verify'])).code).toBe(1);
  });
});
