/**
 * Certificates and keys as PEM texts, checked before they are used: readable, belonging together, valid today.
 * What is wrong is said with the name of the file, because a failed handshake tells nobody anything.
 */
import { createPrivateKey, X509Certificate, type KeyObject } from 'node:crypto';
import { createSecureContext, type SecureContextOptions } from 'node:tls';
import type { Clock } from '../clock.js';
import { TelemetryKitError } from '../errors.js';

/** What one side of a TLS connection shows, and whom it trusts. */
export interface Certificates {
  readonly cert: string;
  readonly key: string;
  /** Authority of the peers that are let in; without it nobody is asked for a certificate. */
  readonly ca: string | undefined;
  /** Unix milliseconds after which nobody accepts it. */
  readonly expiresAt: number;
}

export interface CertificateFiles {
  readonly cert: string;
  readonly key: string;
  readonly ca: string | undefined;
}

/** Older versions have known weaknesses (RFC 8996). */
const MIN_VERSION = 'TLSv1.2';

/** `paths` name the files in messages. Throws `invalid_configuration`. */
export function checkCertificates(texts: CertificateFiles, paths: CertificateFiles, clock: Clock): Certificates {
  const certificate = parseCertificate(texts.cert, paths.cert);
  const key = parseKey(texts.key, paths.key);
  if (!certificate.checkPrivateKey(key)) {
    throw bad(`the key ${paths.key} does not belong to the certificate ${paths.cert}`, 'put the matching pair there');
  }
  assertValidNow(certificate, paths.cert, clock());
  if (texts.ca !== undefined) assertValidNow(parseCertificate(texts.ca, paths.ca ?? ''), paths.ca ?? '', clock());
  const certificates = { ...texts, expiresAt: Date.parse(certificate.validTo) };
  assertUsable(certificates, paths);
  return certificates;
}

/** For Node's TLS servers. */
export function secureContextOf({ cert, key, ca }: CertificateFiles): SecureContextOptions {
  return { cert, key, minVersion: MIN_VERSION, ...(ca === undefined ? {} : { ca }) };
}

function parseCertificate(text: string, path: string): X509Certificate {
  try {
    return new X509Certificate(text);
  } catch (cause) {
    throw bad(`${path} holds no certificate`, 'put a certificate in PEM form there (BEGIN CERTIFICATE)', cause);
  }
}

function parseKey(text: string, path: string): KeyObject {
  try {
    return createPrivateKey(text);
  } catch (cause) {
    throw bad(`${path} holds no private key`, 'put an unencrypted private key in PEM form there', cause);
  }
}

function assertValidNow({ validFrom, validTo }: X509Certificate, path: string, now: number): void {
  if (now > Date.parse(validTo)) throw bad(`the certificate ${path} expired on ${validTo}`, 'put a renewed one there');
  if (now < Date.parse(validFrom)) {
    throw bad(`the certificate ${path} is not valid before ${validFrom}`, 'check the clock of this machine');
  }
}

/** What only OpenSSL refuses, such as keys that are too short. */
function assertUsable(certificates: Certificates, paths: CertificateFiles): void {
  try {
    createSecureContext(secureContextOf(certificates));
  } catch (cause) {
    const { code = 'unknown reason' } = cause as NodeJS.ErrnoException;
    throw bad(`the certificate ${paths.cert} cannot be used (${code})`, 'make a new one with a longer key', cause);
  }
}

function bad(message: string, fix: string, cause?: unknown): TelemetryKitError {
  return new TelemetryKitError('invalid_configuration', message, { fix, cause });
}
