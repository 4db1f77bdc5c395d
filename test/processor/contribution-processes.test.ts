/** Stores that outlive processes, in real applications on the built package: restarts, crashes, two at once. */
import { spawn, type ChildProcess } from 'node:child_process';
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Pool } from 'pg';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { createContributionTables } from '../../processor/postgres-contribution-store.js';
import { signPlan } from '../../src/plan/document.js';
import type { CompiledPlan } from '../../src/plan/compile.js';
import { encodePublicKey } from '../../src/wire/public-key-document.js';
import { describeWith } from '../support/outside.js';
import { personalPlan } from '../support/personal-plan.js';
import { PostgresServer, postgresPrograms } from '../support/postgres.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { openEnvelope, publicKey } from './harness.js';

const app = fileURLToPath(new URL('apps/contributions.mjs', import.meta.url));
const ALICE = 'alice-in-wonderland@example.com';
const VISITS = 40;
/** What a process that ends may leave reserved and unused. */
const BLOCK = VISITS / 8;

interface Line {
  readonly envelope?: string;
  readonly warning?: string;
  readonly failed?: string;
  readonly created?: boolean;
  readonly left?: boolean;
  readonly visits?: Record<string, number>;
}

/** One process of an application, and what left it. */
class Application {
  readonly lines: Line[] = [];
  readonly #child: ChildProcess;
  readonly #ended: Promise<number | null>;
  readonly #waiting = new Set<() => void>();
  stderr = '';

  constructor(plan: CompiledPlan, time: number, args: readonly string[], shell?: string) {
    const document = signPlan(plan.plan, new Uint8Array(32).fill(7));
    const setup = {
      plan: document,
      trust: { ownerKey: document.signature.publicKey },
      publicKey: encodePublicKey(publicKey),
      subject: ALICE,
      time,
    };
    const command =
      shell === undefined ? [app, ...args] : ['-c', `${shell}; exec "$0" "$@"`, process.execPath, app, ...args];
    this.#child = spawn(shell === undefined ? process.execPath : 'bash', command, {
      env: { TEST_SETUP: JSON.stringify(setup) },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    onTestFinished(() => {
      this.#child.kill('SIGKILL');
    });
    let rest = '';
    this.#child.stdout?.on('data', (chunk: Buffer) => {
      const lines = (rest + chunk.toString()).split('\n');
      rest = lines.pop() ?? '';
      this.lines.push(...lines.map((line) => JSON.parse(line) as Line));
      for (const wake of this.#waiting) wake();
    });
    this.#child.stderr?.on('data', (chunk: Buffer) => (this.stderr += chunk.toString()));
    this.#ended = new Promise((resolve, reject) => {
      this.#child.on('error', reject);
      this.#child.on('close', resolve);
    });
  }

  /** Until so many lines are there. */
  async said(count: number): Promise<void> {
    while (this.lines.length < count) {
      await Promise.race([
        new Promise<void>((resolve) => this.#waiting.add(resolve)),
        this.#ended.then((code) => Promise.reject(new Error(`ended (${String(code)}): ${this.stderr}`))),
      ]);
    }
  }

  async kill(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#ended;
  }

  async end(): Promise<this> {
    expect([await this.#ended, this.stderr]).toEqual([0, '']);
    return this;
  }

  /** Contributions that count, of all envelopes that left. */
  counted(plan: CompiledPlan): number {
    const envelopes = this.lines.flatMap(({ envelope }) => envelope ?? []);
    return envelopes.filter((envelope) => openEnvelope(envelope, plan).counted[0]!.includes('true')).length;
  }

  get warnings(): string[] {
    return this.lines.flatMap(({ warning }) => warning ?? []);
  }
}

const today = (): number => Math.floor(Date.now() / 86_400_000) * 86_400_000;
/** A day that is over, so that no test meets a midnight. */
const yesterday = today() - 86_400_000;

describe('a contribution file', () => {
  /** An application's file in a folder of its own, and the application. */
  const setUp = (): { plan: CompiledPlan; path: string; start: (...command: string[]) => Application } => {
    const plan = personalPlan({ visits: VISITS });
    const path = join(temporaryFolder(), 'contributions');
    return { plan, path, start: (...command) => new Application(plan, yesterday, ['file', path, ...command]) };
  };

  it('goes on counting from one process to the next', async () => {
    const { plan, start } = setUp();
    expect((await start('create').end()).lines).toEqual([{ created: true }]);
    expect((await start('create').end()).lines).toEqual([{ failed: 'invalid_argument' }]);
    let counted = 0;
    for (let process = 0; process < 4; process += 1) {
      const application = await start('visit', '15').end();
      expect(application.warnings).toEqual([]);
      counted += application.counted(plan);
      expect(application.lines.at(-1)).toHaveProperty('visits.not_reserved', 0);
    }
    expect(counted).toBeLessThanOrEqual(VISITS);
    expect(counted).toBeGreaterThanOrEqual(VISITS - 4 * BLOCK);
  });

  it('loses no count of what left a process that was killed, wherever that was', async () => {
    const { plan, start } = setUp();
    await start('create').end();
    let counted = 0;
    for (let process = 0; process < 4; process += 1) {
      const application = start('forever');
      await application.said(3 + 2 * process);
      await application.kill();
      counted += application.counted(plan);
    }
    expect(counted).toBeGreaterThan(0);
    const last = await start('visit', '60').end();
    counted += last.counted(plan);
    expect(counted).toBeLessThanOrEqual(VISITS);
    expect(counted).toBeGreaterThanOrEqual(VISITS - 5 * BLOCK);
  });

  it('is for one process: another is refused, and counts nobody until it is free', async () => {
    const { plan, start } = setUp();
    await start('create').end();
    const first = start('forever');
    await first.said(2);
    const second = start('visit', '5');
    await second.end();
    expect(second.lines[0]).toMatchObject({ failed: 'already_running' });
    expect(second.counted(plan)).toBe(0);
    expect(second.lines.at(-1)).toHaveProperty('visits.not_reserved', 5);
    expect(second.warnings).toEqual([expect.stringContaining('another process holds it')]);
    await first.kill();
    const third = await start('visit', '5').end();
    expect(third.lines[0]).not.toHaveProperty('failed');
    expect(third.lines.at(-1)).toHaveProperty('visits.not_reserved', 0);
  });

  it.each([
    ['lost', (path: string) => rmSync(path)],
    ['damaged', (path: string) => writeFileSync(path, Buffer.alloc(5000, 0x66))],
    ['emptied', (path: string) => writeFileSync(path, '')],
  ])(
    'that was %s keeps every subject silent, with a warning, and is there again for the next period',
    async (_, damage) => {
      const { plan, path, start } = setUp();
      await start('create').end();
      expect((await start('visit', '1').end()).counted(plan)).toBe(1);
      damage(path);
      for (let process = 0; process < 2; process += 1) {
        const silent = await start('visit', '3').end();
        expect(silent.counted(plan)).toBe(0);
        expect(silent.lines.filter(({ envelope }) => envelope !== undefined)).toHaveLength(3);
        expect(silent.warnings.some((warning) => warning.includes('every subject counts as absent until'))).toBe(true);
        expect(silent.warnings.some((warning) => warning.includes('begins anew'))).toBe(process === 0);
      }
      const tomorrow = new Application(plan, today() + 86_400_000, ['file', path, 'visit', '3']);
      expect((await tomorrow.end()).counted(plan)).toBe(3);
    },
  );

  it('cannot be where nothing can be written: nobody is counted, and it says why', async () => {
    const { plan } = setUp();
    const nowhere = join(temporaryFolder(), 'no-folder', 'contributions');
    const application = await new Application(plan, yesterday, ['file', nowhere, 'visit', '3']).end();
    expect(application.lines[0]).toMatchObject({ failed: 'storage' });
    expect(application.counted(plan)).toBe(0);
  });

  it('counts nobody on a full disk, and goes on where it stopped once there is room', async () => {
    const { plan, path, start } = setUp();
    await start('create').end();
    expect((await start('visit', '1').end()).counted(plan)).toBe(1);
    // No file may be written to.
    const full = new Application(plan, yesterday, ['file', path, 'visit', '30'], 'trap "" XFSZ; ulimit -f 0');
    await full.end();
    expect(full.counted(plan)).toBe(0);
    expect(full.warnings).toEqual([expect.stringMatching(/cannot be reserved.*EFBIG/)]);
    expect((await start('visit', '60').end()).counted(plan)).toBeGreaterThanOrEqual(VISITS - 3 * BLOCK);
  });

  it('does not hold back an application that ends without closing it', async () => {
    const { start } = setUp();
    await start('create').end();
    const { lines } = await start('leave').end();
    // On a busy machine its one span may still be sealed before the process ends.
    expect(lines.filter((line) => !('envelope' in line))).toEqual([{ left: true }]);
  });

  it('never has a subject in it, in any form', async () => {
    const { path, start } = setUp();
    await start('create').end();
    const application = start('forever');
    await application.said(10);
    const forms = [ALICE, ALICE.toUpperCase(), encodeURIComponent(ALICE)].flatMap((text) => [
      text,
      Buffer.from(text).toString('base64').slice(0, -4),
      Buffer.from(text).toString('hex'),
    ]);
    const folder = dirname(path);
    const everything = readdirSync(folder).map((name) => readFileSync(join(folder, name)));
    expect(everything.some((content) => content.includes('telemetry-kit'))).toBe(true);
    for (const form of forms) expect(everything.some((content) => content.includes(form))).toBe(false);
    await application.kill();
    expect(JSON.stringify(application.lines)).not.toContain('wonderland');
  });
});

const missing =
  postgresPrograms() === undefined ? 'PostgreSQL is not installed: apt-get install postgresql' : undefined;

describeWith('one contribution store of several processes', missing, () => {
  let server: PostgresServer;

  beforeAll(async () => {
    server = await PostgresServer.start();
    const pool = new Pool(server.connection);
    await createContributionTables(pool);
    await pool.end();
  });

  afterAll(async () => {
    await server.stop();
  });

  const start = (plan: CompiledPlan, ...command: string[]): Application =>
    new Application(plan, yesterday, ['postgres', server.folder, ...command]);

  it('counts all of them as one', async () => {
    const plan = personalPlan({ visits: VISITS });
    const applications = [1, 2, 3].map(() => start(plan, 'visit', '30'));
    await Promise.all(applications.map((application) => application.end()));
    const counted = applications.reduce((sum, application) => sum + application.counted(plan), 0);
    expect(counted).toBeLessThanOrEqual(VISITS);
    expect(counted).toBeGreaterThanOrEqual(VISITS - 3 * BLOCK);
  });

  it('loses no count of what left processes that were killed, while others go on', async () => {
    const plan = personalPlan({ visits: VISITS });
    const applications = [start(plan, 'forever'), start(plan, 'forever')];
    for (const application of [...applications]) {
      await application.said(4);
      await application.kill();
      applications.push(start(plan, 'visit', '12'));
    }
    await Promise.all(applications.slice(2).map((application) => application.end()));
    const last = await start(plan, 'visit', '60').end();
    const counted = [...applications, last].reduce((sum, application) => sum + application.counted(plan), 0);
    expect(counted).toBeLessThanOrEqual(VISITS);
    expect(counted).toBeGreaterThanOrEqual(VISITS - 5 * BLOCK);
  });

  it('goes without values while the server is gone, and goes on when it is there again', async () => {
    const plan = personalPlan({ visits: VISITS });
    const application = start(plan, 'forever');
    await application.said(2);
    await server.restart();
    await application.said(application.lines.length + 3);
    await application.kill();
    const last = await start(plan, 'visit', '60').end();
    const counted = application.counted(plan) + last.counted(plan);
    expect(counted).toBeLessThanOrEqual(VISITS);
    expect(counted).toBeGreaterThanOrEqual(VISITS - 3 * BLOCK);
  });

  it('never has a subject in it', async () => {
    const plan = personalPlan({ visits: VISITS });
    await start(plan, 'visit', '3').end();
    const pool = new Pool(server.connection);
    const tables = await pool.query(
      'SELECT p::text AS period, c::text AS counter FROM telemetry_kit_periods p JOIN telemetry_kit_counters c USING (period_id)',
    );
    await pool.end();
    expect(tables.rows.length).toBeGreaterThan(0);
    expect(JSON.stringify(tables.rows)).not.toMatch(/alice|wonderland/i);
  });
});
