/**
 * One key holder, receivers and their store, each a process of its own, joined by links that can be cut. Everything is
 * in one temporary folder.
 */
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'libsql';
import pg from 'pg';
import { openPrivateKey } from '../../src/keyholder/key-at-rest.js';
import type { PrivateKey } from '../../src/paillier/private-key.js';
import { parsePlan } from '../../src/plan/check.js';
import { compilePlan, type CompiledPlan } from '../../src/plan/compile.js';
import { PostgresServer } from '../support/postgres.js';
import { Link } from './link.js';
import { campaignPlan } from './plan.js';
import { ReleaseTap } from './release-tap.js';
import { runCommand, ServiceProcess } from './service-process.js';

export type StoreKind = 'sqlite' | 'postgresql';

/** A receiver with the link that senders use. */
export interface Receiver {
  readonly service: ServiceProcess;
  readonly link: Link;
}

/** A window in the store: how often it is there, and how far it came. */
interface StoredWindow {
  readonly window_start: number;
  readonly state: string;
  readonly skipped: number;
}

const STORED = 'SELECT window_start, state, skipped FROM windows';
const ANY_PORT = '127.0.0.1:0';

export class Cluster {
  readonly receivers: readonly Receiver[];
  readonly keyHolder: ServiceProcess;
  /** From all receivers to the key holder. */
  readonly keyHolderLink: Link;
  readonly tap: ReleaseTap;
  readonly plan: CompiledPlan;
  readonly privateKey: PrivateKey;
  /** Where receivers share a store: its server, and the link to it. */
  readonly database: { readonly server: PostgresServer; readonly link: Link } | undefined;
  readonly #folder: string;

  private constructor(parts: Omit<Cluster, 'start' | 'storedWindows' | 'verifyLedger' | 'close'>, folder: string) {
    this.receivers = parts.receivers;
    this.keyHolder = parts.keyHolder;
    this.keyHolderLink = parts.keyHolderLink;
    this.tap = parts.tap;
    this.plan = parts.plan;
    this.privateKey = parts.privateKey;
    this.database = parts.database;
    this.#folder = folder;
  }

  /** Three receivers on PostgreSQL, or one on a SQLite file. Nothing runs yet but the database and the links. */
  static async create(kind: StoreKind): Promise<Cluster> {
    const folder = mkdtempSync(join(tmpdir(), 'tk-'));
    const at = (...names: string[]): string => join(folder, ...names);
    writeFileSync(at('plan.json'), JSON.stringify({ ...campaignPlan(), keys: [] }));
    runCommand(['init', at('x'), '--bits', '2048', '--plan', at('plan.json'), '--json']);
    const plan = compilePlan(parsePlan(readJson(at('x/owner/plan.json'))));
    const passphrase = readFileSync(at('x/keyholder/passphrase'), 'utf8').trim();
    const privateKey = await openPrivateKey(readJson(at('x/keyholder/private-key.json')), passphrase);

    const tap = new ReleaseTap(plan, privateKey, at('x/run/key-holder.sock'));
    await tap.listen(at('tap.sock'));
    const keyHolderLink = await Link.open(at('link.sock'));
    keyHolderLink.target = { path: at('tap.sock') };
    const database = kind === 'postgresql' ? await startDatabase() : undefined;
    const store = database === undefined ? [] : ['--store', `postgres://postgres@${addressOf(database.link)}/postgres`];
    const receivers: Receiver[] = [];
    for (let index = 0; index < (database === undefined ? 1 : 3); index += 1) {
      const data = at(`receiver-${String(index)}`);
      cpSync(at('x/receiver'), data, { recursive: true });
      const config = { ...readJson(join(data, 'config.json')), keyHolder: { target: `unix:${at('link.sock')}` } };
      writeFileSync(join(data, 'config.json'), JSON.stringify({ ...config, verifyWorkers: 1 }));
      receivers.push(await createReceiver(String(index), data, store));
    }
    const keyHolder = new ServiceProcess('key holder', ['keyholder', '--data', at('x/keyholder'), '--admin', ANY_PORT]);
    return new Cluster({ receivers, keyHolder, keyHolderLink, tap, plan, privateKey, database }, folder);
  }

  async start(): Promise<void> {
    await Promise.all([this.keyHolder.start(), ...this.receivers.map(({ service }) => service.start())]);
  }

  /** Windows that the store holds; receivers on a file must have stopped. */
  async storedWindows(): Promise<StoredWindow[]> {
    if (this.database === undefined) {
      const file = new Database(join(this.#folder, 'receiver-0/data/receiver.sqlite'));
      const rows = file.prepare(STORED).all() as StoredWindow[];
      file.close();
      return rows;
    }
    const client = new pg.Client(this.database.server.connection);
    await client.connect();
    await client.query('SET search_path = telemetry_kit');
    const { rows } = await client.query<Record<keyof StoredWindow, string>>(STORED);
    await client.end();
    return rows.map((row) => ({
      window_start: Number(row.window_start),
      state: row.state,
      skipped: Number(row.skipped),
    }));
  }

  /** Throws where the ledger does not verify; the key holder must have stopped. */
  verifyLedger(): void {
    runCommand(['audit', 'verify', '--data', join(this.#folder, 'x/keyholder')]);
  }

  /** Everything ends and is removed. */
  async close(): Promise<void> {
    for (const { service } of this.receivers) await service.end();
    await this.keyHolder.end();
    for (const link of [...this.receivers.map((receiver) => receiver.link), this.keyHolderLink]) link.close();
    await this.tap.close();
    this.database?.link.close();
    await this.database?.server.stop();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

async function createReceiver(name: string, data: string, store: readonly string[]): Promise<Receiver> {
  const link = await Link.open();
  const ports = ['--otlp-http', '--otlp-grpc', '--prometheus', '--admin'].flatMap((option) => [option, ANY_PORT]);
  const service = new ServiceProcess(
    `receiver ${name}`,
    ['receiver', '--data', data, ...ports, ...store],
    ({ endpoints }) => {
      link.target = { host: '127.0.0.1', port: Number(new URL(endpoints['otlpHttp'] ?? '').port) };
    },
  );
  return { service, link };
}

async function startDatabase(): Promise<NonNullable<Cluster['database']>> {
  const server = await PostgresServer.start();
  const link = await Link.open();
  link.target = { path: join(server.folder, '.s.PGSQL.5432') };
  return { server, link };
}

export function addressOf({ place }: Link): string {
  if (!('port' in place)) throw new Error('the link is on a socket');
  return `${place.host}:${String(place.port)}`;
}

function readJson(path: string): Record<string, unknown> {
  return JSON.parse(readFileSync(path, 'utf8')) as Record<string, unknown>;
}
