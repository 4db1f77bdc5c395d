/** What the transports have in common. */
import type { PartialSuccess } from '../otlp/encode.js';
import type { ExtractedEnvelopes } from '../otlp/trace-request.js';
import type { ListenAddress } from '../service/admin-server.js';
import type { AccessControl } from '../service/access.js';
import type { Certificates } from '../service/certificates.js';
import type { Logger } from '../service/logger.js';
import type { Live } from '../service/reloaded-files.js';
import type { Capacity } from './capacity.js';
import type { IngestCounters } from './ingest-counters.js';
import type { ReceiverLimits } from './limits.js';

export interface TransportOptions {
  readonly address: ListenAddress;
  /** Left out: in clear. */
  readonly tls?: Live<Certificates> | undefined;
  /** Left out: whoever reaches the port may send. */
  readonly access?: AccessControl | undefined;
  /** Told of every failed TLS handshake. */
  readonly handshakeFailed?: () => void;
  /** `source`: address of who holds the connection. */
  readonly ingest: (request: ExtractedEnvelopes, source: string) => Promise<PartialSuccess | undefined>;
  /** Decompressed bytes held at one moment, shared by the transports. */
  readonly inFlightBytes: Capacity;
  readonly counters: IngestCounters;
  readonly limits: ReceiverLimits;
  readonly logger: Logger;
}

export interface RunningTransport {
  readonly port: number;
  /** Accepts nothing new, lets running requests finish within the drain timeout, then closes. */
  close(): Promise<void>;
}
