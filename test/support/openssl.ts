/** Certificates made by openssl when a test runs: an authority, and what it or a stranger signs. */
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export interface IssuedFiles {
  readonly cert: string;
  readonly key: string;
}

export interface IssueOptions {
  /** Common name. */
  readonly name: string;
  /** Subject alternative names; by default this machine. */
  readonly names?: string;
  /** Whole days from now; a negative number gives one that has expired. */
  readonly days?: number;
}

export class TestAuthority {
  /** The authority's own certificate. */
  readonly ca: string;
  readonly #folder: string;
  readonly #name: string;
  #issued = 0;

  constructor(folder: string, name: string) {
    this.#folder = folder;
    this.#name = name;
    this.ca = join(folder, `${name}.pem`);
    newKey(this.#key);
    const extensions = ['-addext', 'basicConstraints=critical,CA:TRUE', '-addext', 'keyUsage=critical,keyCertSign'];
    openssl('req', '-x509', '-key', this.#key, '-out', this.ca, '-days', '30', '-subj', `/CN=${name}`, ...extensions);
  }

  issue({ name, names = 'DNS:localhost,IP:127.0.0.1', days = 30 }: IssueOptions): IssuedFiles {
    this.#issued += 1;
    const at = (kind: string): string => join(this.#folder, `${this.#name}-${String(this.#issued)}.${kind}`);
    const [key, request, extensions, cert] = [at('key'), at('csr'), at('ext'), at('pem')];
    newKey(key);
    openssl('req', '-new', '-key', key, '-out', request, '-subj', `/CN=${name}`);
    writeFileSync(extensions, `subjectAltName=${names}\nextendedKeyUsage=serverAuth,clientAuth\n`);
    const signing = ['-CA', this.ca, '-CAkey', this.#key, '-CAcreateserial', '-extfile', extensions];
    openssl('x509', '-req', '-in', request, '-out', cert, '-days', String(days), ...signing);
    return { cert, key };
  }

  get #key(): string {
    return join(this.#folder, `${this.#name}.key`);
  }
}

/** The files' texts, as options of TLS clients. */
export function textsOf({ cert, key }: IssuedFiles): { cert: string; key: string } {
  return { cert: readFileSync(cert, 'utf8'), key: readFileSync(key, 'utf8') };
}

function newKey(path: string): void {
  openssl('ecparam', '-name', 'prime256v1', '-genkey', '-noout', '-out', path);
}

function openssl(...commandLine: string[]): void {
  execFileSync('openssl', commandLine, { stdio: 'pipe' });
}
