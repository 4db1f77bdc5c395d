/** A release service over a real ledger, whose log lines are kept. */
import { join } from 'node:path';
import { pino } from 'pino';
import { onTestFinished } from 'vitest';
import type { Clock } from '../../src/clock.js';
import { systemClock } from '../../src/clock.js';
import { parseCeilings } from '../../src/keyholder/ceilings.js';
import type { ReleaseLedger } from '../../src/keyholder/ledger-record.js';
import { openLedger, type Ledger } from '../../src/keyholder/ledger.js';
import { ReleaseService } from '../../src/keyholder/release-service.js';
import type { PrivateKey } from '../../src/paillier/private-key.js';
import type { CompiledPlan } from '../../src/plan/compile.js';
import type { Period } from '../../src/plan/plan.js';
import { systemRandom, type RandomBytes } from '../../src/random.js';
import { describeError } from '../../src/service/logger.js';
import { testPrivateKey } from './keys.js';
import { testPlan } from './plans.js';
import { ALL_TIME_DAYS } from './releases.js';
import { temporaryFolder } from './temporary-folder.js';

export interface TestServiceOptions {
  readonly plans?: readonly CompiledPlan[];
  readonly privateKeys?: readonly PrivateKey[];
  readonly path?: string;
  readonly epsilonPerPeriod?: string;
  readonly epsilonPerRelease?: string;
  readonly deltaPerPeriod?: string;
  readonly periodOfCeiling?: Period;
  readonly domains?: readonly string[];
  readonly maxWindowAgeDays?: number;
  readonly clock?: Clock;
  readonly random?: RandomBytes;
  readonly acceptClock?: boolean;
  readonly onDurable?: () => void;
  readonly snapshotEvery?: number;
  /** Stands between the service and its real ledger. */
  readonly between?: (ledger: Ledger) => ReleaseLedger;
}

export interface TestService {
  readonly service: ReleaseService;
  readonly ledger: Ledger;
  readonly path: string;
  readonly log: string[];
}

export function startService(options: TestServiceOptions = {}): TestService {
  const path = options.path ?? join(temporaryFolder(), 'ledger.sqlite');
  const { snapshotEvery } = options;
  const ledger = openLedger(path, snapshotEvery === undefined ? {} : { snapshotEvery });
  onTestFinished(() => {
    ledger.close();
  });
  const log: string[] = [];
  const logger = pino({ serializers: { err: describeError } }, { write: (line: string) => void log.push(line) });
  const service = new ReleaseService({
    plans: options.plans ?? [testPlan()],
    privateKeys: options.privateKeys ?? [testPrivateKey()],
    ceilings: parseCeilings({
      epsilonPerPeriod: options.epsilonPerPeriod ?? '1000',
      period: options.periodOfCeiling ?? 'day',
      epsilonPerRelease: options.epsilonPerRelease ?? '10',
      deltaPerPeriod: options.deltaPerPeriod ?? '0.00001',
    }),
    domains: options.domains ?? ['shop'],
    maxWindowAgeDays: options.maxWindowAgeDays ?? ALL_TIME_DAYS,
    ledger: options.between?.(ledger) ?? ledger,
    clock: options.clock ?? systemClock,
    random: options.random ?? systemRandom,
    logger,
    acceptClock: options.acceptClock ?? false,
    onDurable: options.onDurable ?? (() => undefined),
  });
  return { service, ledger, path, log };
}
