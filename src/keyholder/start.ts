/** Starts the key holder: ledger, release service, gRPC server and admin endpoint, in this process. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { systemClock, type Clock } from '../clock.js';
import type { PrivateKey } from '../paillier/private-key.js';
import type { CompiledPlan } from '../plan/compile.js';
import { systemRandom, type RandomBytes } from '../random.js';
import { closeServer, createAdminServer, listen, type ListenAddress } from '../service/admin-server.js';
import type { Logger } from '../service/logger.js';
import { newestSequences } from '../service/plan-sequences.js';
import { asStorageError } from '../service/sqlite.js';
import { parseCeilings, type CeilingOptions } from './ceilings.js';
import { openLedger, type Ledger } from './ledger.js';
import { Cleanup } from './cleanup.js';
import { createMetrics, type KeyHolderMetrics } from './metrics.js';
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
  readonly listen: KeyHolderListen;
  /** Health and the process's own metrics; left out: not served. */
  readonly admin?: ListenAddress;
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

/** The ledger of a key holder's data folder. */
export function ledgerPath(dataFolder: string): string {
  return join(dataFolder, 'ledger.sqlite');
}

/**
 * Throws `invalid_configuration`, `untrusted_plan` (no plan of a name is as new as one that ran before),
 * `already_running` (another process holds the data folder),
 * `ledger_corrupt`, `storage` or `address_in_use`; then nothing is left running.
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
  const ceilings = parseCeilings(options.ceilings);
  const ledger = openLedgerIn(options.dataFolder);
  cleanup.add(() => {
    ledger.close();
  });
  const service = new ReleaseService({ ...options, ceilings, ledger, clock, random });
  cleanup.add(() => service.stop());
  ledger.admitSequences(newestSequences(options.plans));
  const metrics = createMetrics(() => ledger.head.sequence);
  cleanup.add(() => metrics.close());
  const server = await startReleaseServer(createRequestHandler({ service, metrics, logger, clock }), options.listen);
  cleanup.add(() => server.close());
  const adminPort = options.admin && (await startAdmin(options.admin, service, metrics, cleanup));
  logger.info({ event: 'started', address: server.address, ledger: ledger.head }, 'the key holder is ready');
  return { address: server.address, adminPort, service, close: () => cleanup.run() };
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
  service: ReleaseService,
  metrics: KeyHolderMetrics,
  cleanup: Cleanup,
): Promise<number> {
  const admin = createAdminServer({
    notReadyBecause: () => service.notServingBecause(),
    metrics: (request, response) => {
      metrics.expose(request, response);
    },
  });
  const port = await listen(admin, address, 'the admin endpoint');
  cleanup.add(() => closeServer(admin, ADMIN_CLOSE_MILLIS));
  return port;
}
