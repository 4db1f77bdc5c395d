/** Certificates of a mutual TLS connection, from the files that a configuration names. */
import { resolve } from 'node:path';
import { readText } from './files.js';

export interface TlsFiles {
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
}

/** The files' PEM texts. Throws `invalid_configuration` naming the file that cannot be read. */
export function readTls(folder: string, files: TlsFiles): TlsFiles {
  return {
    ca: readText(resolve(folder, files.ca), 'the certificate authority'),
    cert: readText(resolve(folder, files.cert), 'the certificate'),
    key: readText(resolve(folder, files.key), 'the certificate key'),
  };
}
