/**
 * A PostgreSQL server for one test file: Debian's binaries, a data folder of its own, a Unix socket and no port. As
 * root it runs as the user postgres, because the server refuses root.
 */
import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { chownSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const INSTALLED = '/usr/lib/postgresql';

/** Folder of the newest server's programs; `undefined` where there is none. */
export function postgresPrograms(): string | undefined {
  if (!existsSync(INSTALLED)) return undefined;
  const versions = readdirSync(INSTALLED).sort((a, b) => Number(b) - Number(a));
  return versions.map((version) => join(INSTALLED, version, 'bin')).find((bin) => existsSync(join(bin, 'postgres')));
}

interface Owner {
  readonly uid?: number;
  readonly gid?: number;
}

function idOf(option: '-u' | '-g'): number {
  return Number(execFileSync('id', [option, 'postgres'], { encoding: 'utf8' }));
}

export class PostgresServer {
  /** Of the socket. */
  readonly folder: string;
  readonly #programs: string;
  readonly #owner: Owner;
  #server: ChildProcess | undefined;

  private constructor(programs: string) {
    this.#programs = programs;
    this.#owner = process.getuid?.() === 0 ? { uid: idOf('-u'), gid: idOf('-g') } : {};
    this.folder = mkdtempSync(join(tmpdir(), 'telemetry-kit-postgres-'));
    const { uid, gid } = this.#owner;
    if (uid !== undefined && gid !== undefined) chownSync(this.folder, uid, gid);
  }

  static async start(): Promise<PostgresServer> {
    const programs = postgresPrograms();
    if (programs === undefined) throw new Error('PostgreSQL is not installed: apt-get install postgresql');
    const server = new PostgresServer(programs);
    server.#initialise();
    await server.restart();
    return server;
  }

  /** For `pg`. */
  get connection(): { readonly host: string; readonly user: string; readonly database: string } {
    return { host: this.folder, user: 'postgres', database: 'postgres' };
  }

  /** Starts it; where it runs it is cut off first, without a chance to tidy up. */
  async restart(): Promise<void> {
    await this.#end('SIGQUIT');
    const arguments_ = ['-D', join(this.folder, 'data'), '-k', this.folder, '-h', '', '-c', 'shared_buffers=16MB'];
    this.#server = spawn(join(this.#programs, 'postgres'), arguments_, {
      ...this.#owner,
      cwd: this.folder,
      stdio: 'ignore',
    });
    while (!this.#isReady()) await new Promise((resolve) => setTimeout(resolve, 50));
  }

  /** For good. */
  async stop(): Promise<void> {
    await this.#end('SIGINT');
    rmSync(this.folder, { recursive: true, force: true });
  }

  #initialise(): void {
    const arguments_ = ['-D', join(this.folder, 'data'), '-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--no-sync'];
    execFileSync(join(this.#programs, 'initdb'), arguments_, { ...this.#owner, cwd: this.folder, stdio: 'ignore' });
  }

  #isReady(): boolean {
    if (this.#server?.exitCode != null) throw new Error('PostgreSQL ended at its start');
    try {
      execFileSync(join(this.#programs, 'pg_isready'), ['-h', this.folder, '-U', 'postgres'], { stdio: 'ignore' });
      return true;
    } catch {
      return false;
    }
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const server = this.#server;
    if (server === undefined || server.exitCode !== null) return;
    const ended = new Promise((resolve) => server.once('exit', resolve));
    server.kill(signal);
    await ended;
    this.#server = undefined;
  }
}
