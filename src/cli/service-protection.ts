/** Certificates and tokens of a service from its configuration, read again when they change and at SIGHUP. */
import { resolve } from 'node:path';
import { watchCertificates } from '../service/certificate-files.js';
import type { Certificates } from '../service/certificates.js';
import type { Logger } from '../service/logger.js';
import { ReloadedFiles, type Live } from '../service/reloaded-files.js';
import { watchTokens } from '../service/token-file.js';
import type { TokenRegister } from '../service/tokens.js';

interface ProtectedConfig {
  readonly tls?: { readonly cert: string; readonly key: string; readonly clientCa?: string | undefined } | undefined;
  readonly tokensFile?: string | undefined;
  readonly allowUnprotectedNetwork: boolean;
}

interface MutualTlsFiles {
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
}

export class ServiceProtection {
  readonly files: ReloadedFiles;
  readonly #folder: string;

  /** Looks for changes from now on, until `stop`. */
  constructor(folder: string, logger: Logger) {
    this.#folder = folder;
    this.files = new ReloadedFiles(logger);
    this.files.start();
  }

  /** What a service is told. Throws `invalid_configuration` naming the file that is of no use. */
  optionsFor({ tls, tokensFile, allowUnprotectedNetwork }: ProtectedConfig): {
    tls: Live<Certificates> | undefined;
    tokens: Live<TokenRegister> | undefined;
    allowUnprotectedNetwork: boolean;
    reloads: ReloadedFiles;
  } {
    return {
      tls: tls && this.#watch({ cert: tls.cert, key: tls.key, ca: tls.clientCa }),
      tokens: tokensFile === undefined ? undefined : watchTokens(this.files, resolve(this.#folder, tokensFile)),
      allowUnprotectedNetwork,
      reloads: this.files,
    };
  }

  /** Mutual TLS towards one peer. Throws `invalid_configuration`. */
  mutual(files: MutualTlsFiles): Live<Certificates> {
    return this.#watch(files);
  }

  #watch(files: { cert: string; key: string; ca: string | undefined }): Live<Certificates> {
    const { cert, key, ca } = files;
    const at = (path: string): string => resolve(this.#folder, path);
    return watchCertificates(this.files, { cert: at(cert), key: at(key), ca: ca === undefined ? undefined : at(ca) });
  }
}
