/** What a receiver is told when it starts, and what it offers when it runs. */
import type { Clock } from '../clock.js';
import type { PublicKey } from '../paillier/public-key.js';
import type { CompiledPlan } from '../plan/compile.js';
import type { RandomBytes } from '../random.js';
import type { ListenAddress } from '../service/admin-server.js';
import type { Certificates } from '../service/certificates.js';
import type { Logger } from '../service/logger.js';
import type { Live, ReloadedFiles } from '../service/reloaded-files.js';
import type { TokenRegister } from '../service/tokens.js';
import type { AggregateDecryptor } from '../wire/release.js';
import type { RejectionCounts } from './ingest-counters.js';
import type { ReceiverLimits } from './limits.js';
import type { PublishedWindow } from './publication.js';
import type { OtlpMetricsOptions } from './published-endpoint.js';

export interface ReceiverOptions {
  /** Folder of what this receiver keeps by itself; made if it is missing. One receiver at a time uses it. */
  readonly dataFolder: string;
  /**
   * `postgres://user@host:port/database` of a store that any number of receivers share; needs the package `pg`. Default:
   * a SQLite file in the data folder.
   */
  readonly store?: string;
  /** Plans whose signature and pins were checked. Earlier versions of a plan serve until their windows are closed. */
  readonly plans: readonly CompiledPlan[];
  /** At least the first key of every plan. */
  readonly publicKeys: readonly PublicKey[];
  /** Who opens aggregates: the key holder's client, or one of your own. Closed together with the receiver. */
  readonly decryptor: AggregateDecryptor & { readonly close?: () => void };
  readonly otlpHttp: ListenAddress;
  readonly otlpGrpc: ListenAddress;
  /** Released values for Prometheus, at /metrics. */
  readonly prometheus: ListenAddress;
  /** Operators only: /healthz, /readyz and raw counts at /metrics. */
  readonly admin: ListenAddress;
  /** Where to send released values as OTLP metrics; nowhere by default. */
  readonly otlpMetrics?: OtlpMetricsOptions;
  /** For every port; left out: in clear. With an authority, clients must show a certificate of it. */
  readonly tls?: Live<Certificates> | undefined;
  /** Who may send (`ingest`), read released values (`query`) and raw counts (`admin`); left out: whoever asks. */
  readonly tokens?: Live<TokenRegister> | undefined;
  /** Listen beyond loopback although TLS or tokens are left out. */
  readonly allowUnprotectedNetwork?: boolean;
  /** What reads `tls` and `tokens` again; its counts are among the metrics. */
  readonly reloads?: Pick<ReloadedFiles, 'counts'>;
  /** Threads that verify; default one less than there are cores, at least 1. */
  readonly verifyWorkers?: number;
  readonly limits?: Partial<ReceiverLimits>;
  /** How long published windows are kept; default 7 days. The last of each report is always kept. */
  readonly retentionSeconds?: number;
  readonly logger: Logger;
  /** Default: the system's. */
  readonly clock?: Clock;
  readonly random?: RandomBytes;
}

export interface ReceiverCounts {
  readonly accepted: number;
  readonly duplicate: number;
  /** Every reason is there. */
  readonly rejected: Readonly<RejectionCounts>;
}

export interface RunningReceiver {
  readonly ports: {
    readonly otlpHttp: number;
    readonly otlpGrpc: number;
    readonly prometheus: number;
    readonly admin: number;
  };
  /** Every published window that is still kept, in order of publication. */
  releases(): Promise<PublishedWindow[]>;
  /** What became of contributions since the start. */
  counters(): ReceiverCounts;
  /** Accepts nothing new, finishes and stores what runs, closes everything. May be called twice. */
  close(): Promise<void>;
}
