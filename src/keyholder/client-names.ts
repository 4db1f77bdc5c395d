/**
 * Which receivers may ask, where one authority signs certificates for others too. Names are compared as RFC 9525 has it:
 * DNS names among the subject alternative names, whole, without wildcards; the common name says nothing.
 */
import { X509Certificate } from 'node:crypto';

/** `raw`: the certificate as DER; `names`: DNS names. */
export function carriesOneOf(raw: Buffer, names: readonly string[]): boolean {
  const certificate = new X509Certificate(raw);
  return names.some((name) => certificate.checkHost(name, { subject: 'never', wildcards: false }) !== undefined);
}
