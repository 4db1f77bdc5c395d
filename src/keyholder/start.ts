/** Starts the key holder: ledger, release service, gRPC server and admin endpoint, in this process. */
import { mkdirSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { join } from 'node:path';
import { systemClock, type Clock } from '../clock.js';
import type { PrivateKey } from '../paillier/private-key.js';
import type { CompiledPlan } from '../plan/compile.js';
import { systemRandom, type RandomBytes } from '../random.js';
import { AccessControl } from '../service/access.js';
import { closeServer, createAdminServer, listen, type ListenAddress } from '../service/admin-server.js';
import type { Certificates } from '../service/certificates.js';
import { assertProtected } from '../service/exposure.js';
import { HandshakeFailures } from '../service/handshake-failures.js';
import type { Logger } from '../service/logger.js';
import type { Live, ReloadedFiles } from '../service/reloaded-files.js';
import type { TokenRegister } from '../service/tokens.js';
import { newestSequences } from '../service/plan-sequences.js';
import { asStorageError } from '../service/storage-error.js';
import { AnchorGuard, type AnchorGuardOptions } from './anchor-guard.js';
import { parseCeilings, type CeilingOptions } from './ceilings.js';
import { FileAnchor } from './file-anchor.js';
import { openLedger, type Ledger } from './ledger.js';
import { Cleanup } from './cleanup.js';
import { createMetrics, type KeyHolderMetrics } from './metrics.js';
import { PrometheusAnchor } from './prometheus-anchor.js';
import { ReleaseService } from './release-service.js';
import { createRequestHandler } from './request-handler.js';
import { startReleaseServer, type KeyHolderListen } from './server.js';

export interface KeyHolderOptions {
  /** Created with mode 0700 where it is missing; holds the ledger. */
  readonly dataFolder: string;
  readonly privateKeys: readonly PrivateKey[];
  /** Opened against the owner's key by the caller, with `openSignedPlan`. */
  readonly plans: readonly CompiledPlan[];
  readonly ceilings: CeilingOptions;
  /** Privacy domains that may have a budget here; a plan of another one stops the start. */
  readonly domains: readonly string[];
  /** A window that ended longer ago is refused (`range`) unless it was asked for before; default 7. */
  readonly maxWindowAgeDays?: number;
  /**
   * Where a rollback of the ledger shows: the URL of the Prometheus server that scrapes the released values, or the
   * path of a file on storage that is not restored together with the ledger. Without one it is not noticed.
   */
  readonly anchor?: string;
  /** From one comparison with the anchor to the next; default a minute. */
  readonly anchorIntervalMillis?: number;
  /** Goes on although the clock is behind the ledger's newest entry, because the ledger's time was wrong. */
  readonly acceptClock?: boolean;
  readonly listen: KeyHolderListen;
  /** Health and the process's own metrics; left out: not served. */
  readonly admin?: ListenAddress;
  /** For the admin endpoint; left out: in clear. */
  readonly tls?: Live<Certificates> | undefined;
  /** Who may read raw counts (`admin`); left out: whoever asks. */
  readonly tokens?: Live<TokenRegister> | undefined;
  /** Let the admin endpoint listen beyond loopback although TLS or tokens are left out. */
  readonly allowUnprotectedNetwork?: boolean;
  /** What reads certificates and tokens again; its counts are among the metrics. */
  readonly reloads?: Pick<ReloadedFiles, 'counts'>;
  readonly logger: Logger;
  readonly clock?: Clock;
  readonly random?: RandomBytes;
}

export interface RunningKeyHolder {
  /** gRPC target for `createKeyHolderClient`. */
  readonly address: string;
  readonly adminPort: number | undefined;
  /** The same service, for callers in this process. */
  readonly service: ReleaseService;
  /** Lets running requests finish, then gives socket, port and ledger back. */
  close(): Promise<void>;
}

const ADMIN_CLOSE_MILLIS = 1000;
const NO_ANCHOR = 'no anchor is configured: a ledger that is restored from an old copy will not be noticed';

/** The ledger of a key holder's data folder. */
export function ledgerPath(dataFolder: string): string {
  return join(dataFolder, 'ledger.sqlite');
}

/**
 * Throws `invalid_configuration`, `untrusted_plan` (no plan of a name is as new as one that ran before),
 * `already_running` (another process holds the data folder), `ledger_corrupt`, `unavailable` (the anchor cannot be
 * read), `storage` or `address_in_use`; then nothing is left running.
 */
export async function startKeyHolder(options: KeyHolderOptions): Promise<RunningKeyHolder> {
  const cleanup = new Cleanup();
  try {
    return await start(options, cleanup);
  } catch (error) {
    await cleanup.run();
    throw error;
  }
}

async function start(options: KeyHolderOptions, cleanup: Cleanup): Promise<RunningKeyHolder> {
  const { clock = systemClock, random = systemRandom, logger } = options;
  assertAdminProtected(options);
  const ceilings = parseCeilings(options.ceilings);
  const ledger = openLedgerIn(options.dataFolder);
  cleanup.add(() => {
    ledger.close();
  });
  const guard = createGuard(options, ledger, clock, (action) => service.exclusively(action));
  const service = new ReleaseService({
    ...options,
    ceilings,
    ledger,
    clock,
    random,
    onDurable: () => {
      guard?.keep();
    },
  });
  cleanup.add(() => service.stop());
  ledger.admitSequences(newestSequences(options.plans));
  if (guard === undefined) logger.warn({ event: 'no_anchor' }, NO_ANCHOR);
  else {
    cleanup.add(() => guard.stop());
    await guard.start();
  }
  const handshakes = new HandshakeFailures();
  const metrics = createMetrics(
    () => ledger.head.sequence,
    options.reloads?.counts,
    () => handshakes.count,
  );
  cleanup.add(() => metrics.close());
  const server = await startReleaseServer(createRequestHandler({ service, metrics, logger, clock }), options.listen);
  cleanup.add(() => server.close());
  const adminPort = options.admin && (await startAdmin(options.admin, options, service, metrics, handshakes, cleanup));
  logger.info({ event: 'started', address: server.address, ledger: ledger.head }, 'the key holder is ready');
  return { address: server.address, adminPort, service, close: () => cleanup.run() };
}

function assertAdminProtected({ admin, tls, tokens, allowUnprotectedNetwork = false }: KeyHolderOptions): void {
  if (admin === undefined) return;
  const protection = { tls: tls !== undefined, tokens: tokens !== undefined, allowUnprotectedNetwork };
  assertProtected(admin, protection, 'the admin endpoint');
}

function createGuard(
  { anchor, plans, logger, anchorIntervalMillis }: KeyHolderOptions,
  ledger: Ledger,
  clock: Clock,
  exclusively: AnchorGuardOptions['exclusively'],
): AnchorGuard | undefined {
  if (anchor === undefined) return undefined;
  const isUrl = /^https?:/.test(anchor);
  const source = isUrl ? new PrometheusAnchor(anchor, planNames(plans)) : new FileAnchor(anchor);
  const interval = anchorIntervalMillis === undefined ? {} : { intervalMillis: anchorIntervalMillis };
  return new AnchorGuard({ source, ledger, clock, logger, exclusively, ...interval });
}

function planNames(plans: readonly CompiledPlan[]): string[] {
  return [...new Set(plans.map(({ plan }) => plan.name))];
}

function openLedgerIn(dataFolder: string): Ledger {
  try {
    mkdirSync(dataFolder, { recursive: true, mode: 0o700 });
  } catch (cause) {
    throw asStorageError(cause, `cannot create the data folder ${dataFolder}`);
  }
  return openLedger(ledgerPath(dataFolder));
}

async function startAdmin(
  address: ListenAddress,
  { tls, tokens, clock = systemClock }: KeyHolderOptions,
  service: ReleaseService,
  metrics: KeyHolderMetrics,
  handshakes: HandshakeFailures,
  cleanup: Cleanup,
): Promise<number> {
  const routes = {
    notReadyBecause: () => service.notServingBecause(),
    metrics: (request: IncomingMessage, response: ServerResponse) => {
      metrics.expose(request, response);
    },
  };
  const access = new AccessControl(tokens, clock);
  const admin = createAdminServer(routes, { tls, access, handshakeFailed: handshakes.note });
  const port = await listen(admin, address, 'the admin endpoint');
  cleanup.add(() => closeServer(admin, ADMIN_CLOSE_MILLIS));
  return port;
}
