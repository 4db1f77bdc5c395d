/** Certificates that may change, in the form in which the gRPC library asks for them. */
import type { experimental } from '@grpc/grpc-js';
import type { Certificates } from './certificates.js';
import type { Live } from './reloaded-files.js';

type CaListener = experimental.CaCertificateUpdateListener;
type IdentityListener = experimental.IdentityCertificateUpdateListener;

/**
 * Both parts of a change are told one after the other; connections that exist are not touched. The first values come
 * after the call that asks for them: the library does not listen to itself yet while it registers.
 */
export function certificateProvider(tls: Live<Certificates>): experimental.CertificateProvider {
  const authorities = new Set<CaListener>();
  const identities = new Set<IdentityListener>();
  const tellAuthority = (listener: CaListener): void => {
    listener(tls.value.ca === undefined ? null : { caCertificate: Buffer.from(tls.value.ca) });
  };
  const tellIdentity = (listener: IdentityListener): void => {
    listener({ certificate: Buffer.from(tls.value.cert), privateKey: Buffer.from(tls.value.key) });
  };
  tls.onChange(() => {
    authorities.forEach(tellAuthority);
    identities.forEach(tellIdentity);
  });
  return {
    addCaCertificateListener: (listener) => {
      authorities.add(listener);
      queueMicrotask(() => authorities.has(listener) && tellAuthority(listener));
    },
    removeCaCertificateListener: (listener) => void authorities.delete(listener),
    addIdentityCertificateListener: (listener) => {
      identities.add(listener);
      queueMicrotask(() => identities.has(listener) && tellIdentity(listener));
    },
    removeIdentityCertificateListener: (listener) => void identities.delete(listener),
  };
}
