/** Certificates from files, read again when they change. */
import { systemClock, type Clock } from '../clock.js';
import { checkCertificates, type CertificateFiles, type Certificates } from './certificates.js';
import type { Live, ReloadedFiles } from './reloaded-files.js';

/** Throws `invalid_configuration` naming the file that is of no use. */
export function watchCertificates(
  files: ReloadedFiles,
  paths: CertificateFiles,
  clock: Clock = systemClock,
): Live<Certificates> {
  return files.watch({
    what: `the certificate of ${paths.cert}`,
    paths: [paths.cert, paths.key, ...(paths.ca === undefined ? [] : [paths.ca])],
    parse: ([cert = '', key = '', ca]) => checkCertificates({ cert, key, ca }, paths, clock),
  });
}
