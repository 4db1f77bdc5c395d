/** What a service's folder shows: lengths of keys, where the store lies, how long certificates are good for. */
import { X509Certificate } from 'node:crypto';
import { statfsSync } from 'node:fs';
import { ok, type Finding } from './finding.js';

/** NIST SP 800-57 part 1: 128 bits of security ask for a modulus of 3072 bits. */
const LEAST_BITS = 3072;
const DAY_MILLIS = 86_400_000;
const WARNING_DAYS = 30;

/** Kinds of file system that are gone after a restart (linux/magic.h). */
const VOLATILE: Readonly<Record<number, string>> = {
  0x01021994: 'tmpfs',
  0x858458f6: 'ramfs',
  0x794c7630: 'overlayfs',
};

export function checkKeyLength(kid: string, bits: number): Finding {
  const check = `key ${kid.slice(0, 8)}`;
  if (bits >= LEAST_BITS) return ok(check, `${String(bits)} bits`);
  return {
    check,
    status: 'warning',
    result: `${String(bits)} bits, less than ${String(LEAST_BITS)}`,
    fix: 'make a key with `telemetry-kit keys generate --bits 3072` and a plan for it',
  };
}

/** `fileSystemOf` gives the kind number of the file system that holds a folder. */
export function checkDurability(folder: string, fileSystemOf = (path: string) => statfsSync(path).type): Finding {
  const check = 'store';
  const kind = VOLATILE[fileSystemOf(folder)];
  if (kind === undefined) return ok(check, `${folder} is on a disk`);
  return {
    check,
    status: 'fault',
    result: `${folder} is on ${kind}: what is acknowledged is gone after a restart`,
    fix: 'set dataFolder to a folder on a disk, in a container to a volume',
  };
}

/** `now` in Unix milliseconds. */
export function checkCertificate(path: string, text: string, now: number): Finding {
  const check = `certificate ${path}`;
  const expiry = Date.parse(new X509Certificate(text).validTo);
  const days = Math.floor((expiry - now) / DAY_MILLIS);
  const date = new Date(expiry).toISOString().slice(0, 10);
  if (days >= WARNING_DAYS) return ok(check, `good until ${date}`);
  return {
    check,
    status: days < 0 ? 'fault' : 'warning',
    result: days < 0 ? `expired on ${date}` : `expires on ${date}, in ${String(days)} days`,
    fix: 'renew it; running services take the new files over by themselves',
  };
}
