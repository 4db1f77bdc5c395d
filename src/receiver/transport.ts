/** What the transports have in common. */
import type { PartialSuccess } from '../otlp/encode.js';
import type { ExtractedEnvelopes } from '../otlp/trace-request.js';
import type { ListenAddress } from '../service/admin-server.js';
import type { Logger } from '../service/logger.js';
import type { Capacity } from './capacity.js';
import type { IngestCounters } from './ingest-counters.js';
import type { ReceiverLimits } from './limits.js';

export interface TransportOptions {
  readonly address: ListenAddress;
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
