/** What goes wrong in a campaign. Each fault is over when its promise resolves; several may run at once. */
import { setTimeout } from 'node:timers/promises';
import type { Generator } from '../fuzz/generator.js';
import type { Cluster, Receiver } from './cluster.js';
import type { Link } from './link.js';
import type { ServiceProcess } from './service-process.js';

export interface Fault {
  readonly name: string;
  /** Parts that one fault at a time uses. */
  readonly part: object;
  readonly strike: () => Promise<void>;
}

/** Milliseconds that a part is away. */
const AWAY = 4000;

export function faultsOf(cluster: Cluster, random: Generator): Fault[] {
  const { receivers, keyHolder, keyHolderLink, database } = cluster;
  const away = (): Promise<void> => setTimeout(random.below(AWAY));
  const faults: Fault[] = [
    { name: 'the key holder is killed', part: keyHolder, strike: () => killed(keyHolder, away) },
    { name: "the key holder's disk is full", part: keyHolder, strike: () => starved(keyHolder, away, true) },
    { name: 'the way to the key holder is cut', part: keyHolderLink, strike: () => cut(keyHolderLink, away) },
  ];
  for (const receiver of receivers) faults.push(...faultsOfReceiver(receiver, away));
  if (database === undefined) {
    for (const { service } of receivers) {
      const strike = (): Promise<void> => starved(service, away, random.oneIn(2));
      faults.push({ name: `the disk of ${service.name} is full`, part: service, strike });
    }
  } else {
    const { server, link } = database;
    faults.push(
      { name: 'the database is killed', part: server, strike: () => server.restart() },
      { name: 'the way to the database is cut', part: link, strike: () => cut(link, away) },
    );
  }
  return faults;
}

function faultsOfReceiver({ service, link }: Receiver, away: () => Promise<void>): Fault[] {
  return [
    { name: `${service.name} is killed`, part: service, strike: () => killed(service, away) },
    { name: `${service.name} is restarted`, part: service, strike: () => restarted(service, away) },
    { name: `the way to ${service.name} is cut`, part: link, strike: () => cut(link, away) },
  ];
}

async function killed(service: ServiceProcess, away: () => Promise<void>): Promise<void> {
  await service.end('SIGKILL');
  await away();
  await service.start();
}

async function restarted(service: ServiceProcess, away: () => Promise<void>): Promise<void> {
  await service.end('SIGTERM');
  await away();
  await service.start();
}

async function cut(link: Link, away: () => Promise<void>): Promise<void> {
  link.cut();
  await away();
  link.mend();
}

/** A key holder that could not write stays shut until it is started again; a receiver goes on by itself. */
async function starved(service: ServiceProcess, away: () => Promise<void>, restart: boolean): Promise<void> {
  service.fillDisk();
  await away();
  await setTimeout(AWAY);
  service.freeDisk();
  if (restart || !service.isRunning) await killed(service, away);
}
