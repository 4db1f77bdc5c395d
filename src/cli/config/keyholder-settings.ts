/** Every setting of the key holder. Describes files and numbers; holds and loads no key. */
import * as z from 'zod/mini';
import { PERIODS } from '../../plan/plan.js';
import { DEFAULT_PORTS } from '../layout.js';
import { setting } from './setting.js';
import { address, file, files, mutualTls, path, sharedSettings, text, wholeNumber } from './shared-settings.js';

/** Whole names only: a dot in front would stand for all below it. */
const dnsName = () =>
  text('a DNS name').check(z.regex(/^[a-z\d_]([a-z\d_-]*[a-z\d])?(\.[a-z\d]([a-z\d-]*[a-z\d])?)*$/i, 'is no DNS name'));

const decimal = () => text('a decimal number in quotes');

export const keyHolderSettings = z.strictObject({
  ...sharedSettings(DEFAULT_PORTS.keyHolderAdmin, 'the admin endpoint'),
  privateKeys: files({ description: 'Sealed private keys.', example: '[private-key.json]' }),
  passphraseFile: z.optional(
    file({
      description: 'What opens the keys; else TELEMETRY_KIT_PASSPHRASE, else asked for on a terminal.',
      example: 'passphrase',
    }),
  ),
  ceilings: z.strictObject({
    epsilonPerPeriod: setting(decimal(), {
      description: 'Most epsilon of a domain in a period, whatever plans declare.',
      example: "'20'",
    }),
    period: setting(z.enum(PERIODS, `must be one of ${PERIODS.join(', ')}`), {
      description: 'Period of epsilonPerPeriod.',
      example: 'day',
    }),
    epsilonPerRelease: setting(decimal(), { description: 'Most epsilon of one release.', example: "'1'" }),
    deltaPerPeriod: setting(z.optional(decimal()), {
      description: 'Most delta of a domain in a period; 0 if left out: no plan may declare a delta.',
      example: "'0.000001'",
    }),
  }),
  domains: setting(z.array(text('a name'), 'must be a list of domains').check(z.minLength(1, 'is empty')), {
    description:
      'Privacy domains that may have a budget here; a plan of another one stops the start. Adding one grants another full budget.',
    example: '[shop]',
  }),
  anchor: setting(z.optional(path()), {
    description:
      'Where a rolled-back ledger shows: URL of the Prometheus server that scrapes the released values, or a file on other storage.',
    example: 'http://127.0.0.1:9090',
    flag: '--anchor',
  }),
  maxWindowAgeDays: setting(z.optional(wholeNumber(1)), {
    description: 'Windows that ended longer ago are refused on first asking; 7 if left out.',
    example: '7',
  }),
  listen: z
    .strictObject({
      socketPath: setting(z.optional(path()), {
        description: 'Unix socket, in a folder that only this user may enter. This, or address with tls.',
        example: '../run/key-holder.sock',
      }),
      address: setting(z.optional(address()), {
        description: 'TCP address, with tls in any case.',
        example: '127.0.0.1:9467',
      }),
      tls: z.optional(mutualTls()),
      allowedClients: setting(
        z.optional(
          z
            .array(dnsName(), 'must be a list of DNS names')
            .check(z.minLength(1, 'is empty; leave it out to let in every certificate of the authority')),
        ),
        {
          description:
            'With address: DNS names, one of which a client must carry in its certificate as subject alternative name, without wildcards. Left out: every certificate of the authority may ask.',
          example: '[receiver.internal]',
        },
      ),
    })
    .check(z.refine(isOneWay, 'needs socketPath alone, or address together with tls')),
});

type Listen = Readonly<Partial<Record<'socketPath' | 'address' | 'tls' | 'allowedClients', unknown>>>;

function isOneWay({ socketPath, address, tls, allowedClients }: Listen): boolean {
  return socketPath === undefined
    ? address !== undefined && tls !== undefined
    : address === undefined && tls === undefined && allowedClients === undefined;
}

/** Complete: every default is filled in. */
export type KeyHolderConfig = z.output<typeof keyHolderSettings>;
/** As it may be written. */
export type KeyHolderConfigFile = z.input<typeof keyHolderSettings>;
