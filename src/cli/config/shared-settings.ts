/** Settings that receiver and key holder have in common, and the forms that values take. */
import * as z from 'zod/mini';
import { LOG_LEVELS } from '../../service/logger.js';
import { parseAddress } from '../addresses.js';
import { setting, type SettingNotes } from './setting.js';

type FileNotes = Omit<SettingNotes, 'file'>;

export const text = (form: string): z.ZodMiniString => z.string(`must be ${form}, in quotes where YAML needs them`);

export const path = (): z.ZodMiniString => text('a path').check(z.minLength(1, 'is empty'));

export const file = (notes: FileNotes) => setting(path(), { ...notes, file: true });

export const files = (notes: FileNotes) =>
  setting(z.array(path(), 'must be a list of paths').check(z.minLength(1, 'is empty')), { ...notes, file: true });

export const wholeNumber = (least: number, most = Number.MAX_SAFE_INTEGER) =>
  z
    .int('must be a whole number')
    .check(z.gte(least, `must be ${String(least)} or more`), z.lte(most, `must be ${String(most)} or less`));

/** `host:port`; port 0 takes any free one. */
export const address = () =>
  text('host:port').check(z.refine(isAddress, 'is no address to listen on: write host:port'));

function isAddress(value: string): boolean {
  try {
    parseAddress(value);
    return true;
  } catch {
    return false;
  }
}

/** Fields of mutual TLS towards one peer, where both sides show a certificate. */
export const mutualTls = () =>
  z.strictObject({
    ca: file({ description: "Authority that signed the peer's certificate, PEM.", example: 'tls/ca.pem' }),
    cert: file({ description: 'Own certificate with its chain, PEM.', example: 'tls/cert.pem' }),
    key: file({ description: 'Its private key, PEM; for this user only.', example: 'tls/key.pem' }),
  });

/** Fields of both services. Called once for each, so that every setting has notes of its own. */
export const sharedSettings = (adminPort: number, covers: string) => ({
  plans: files({ description: 'Signed plans.', example: '[plan.json]' }),
  ownerKey: setting(text('the public key of the plan owner'), {
    description: 'Public key of the plan owner: whose signature counts.',
    example: 'nEGhT0bLLW0TfPmnlMGwZ5Gj4oZXzSBPBSQ2fJ8mN2Q',
  }),
  dataFolder: setting(z._default(path(), 'data'), {
    description: 'Folder of the store; made with mode 0700 if it is missing. One process at a time uses it.',
    example: 'data',
  }),
  admin: setting(z._default(address(), `127.0.0.1:${String(adminPort)}`), {
    description: 'For operators: /healthz, /readyz and raw counts at /metrics.',
    example: `127.0.0.1:${String(adminPort)}`,
    flag: '--admin',
  }),
  tls: setting(
    z.optional(
      z.strictObject({
        cert: file({ description: 'Certificate with its chain, PEM.', example: 'tls/cert.pem' }),
        key: file({ description: 'Its private key, PEM; for this user only.', example: 'tls/key.pem' }),
        clientCa: setting(z.optional(path()), {
          description: 'Mutual TLS: only clients with a certificate of this authority are let in.',
          example: 'tls/clients-ca.pem',
          file: true,
        }),
      }),
    ),
    {
      description: `TLS for ${covers}. Files are read again when they change or at SIGHUP.`,
      example: '{ cert: tls/cert.pem, key: tls/key.pem }',
    },
  ),
  tokensFile: setting(z.optional(path()), {
    description: `Bearer tokens as \`telemetry-kit tokens create\` writes them; with it ${covers} ask for one. Read again when it changes or at SIGHUP.`,
    example: 'tokens.json',
    file: true,
  }),
  allowUnprotectedNetwork: setting(z._default(z.boolean('must be true or false'), false), {
    description:
      'Listen beyond loopback without TLS or without tokens all the same. Whoever reaches the port is then let in.',
    example: 'false',
    flag: '--allow-unprotected-network',
  }),
  logLevel: setting(z._default(z.enum(LOG_LEVELS, `must be one of ${LOG_LEVELS.join(', ')}`), 'info'), {
    description: 'JSON lines on standard error: how much is told.',
    example: 'info',
    flag: '--log-level',
  }),
});
