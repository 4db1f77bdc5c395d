/**
 * An application that counts contributions in a store, on the built package. Says what leaves it line by line, at the
 * moment it leaves: envelopes, warnings, and at last its counts.
 *
 *   contributions.mjs file PATH create | visit N | leave | forever
 *   contributions.mjs postgres SOCKET_FOLDER visit N | forever
 */
import { writeSync } from 'node:fs';
import { diag, DiagLogLevel } from '@opentelemetry/api';
import { BasicTracerProvider } from '@opentelemetry/sdk-trace-base';
import pg from 'pg';
import { decodePublicKey, EncryptingSpanProcessor, ENVELOPE_ATTRIBUTE } from 'telemetry-kit';
import { ContributionFile, createContributionFile } from 'telemetry-kit/contributions/file';
import { PostgresContributionStore } from 'telemetry-kit/contributions/postgres';

const [kind, place = '', command, visits = '1'] = process.argv.slice(2);
const { plan, trust, publicKey, subject, time } = JSON.parse(process.env['TEST_SETUP'] ?? '{}');

/** @param {object} line */
function say(line) {
  writeSync(1, `${JSON.stringify(line)}\n`);
}

/** @param {unknown} error */
function codeOf(error) {
  return error instanceof Error && 'code' in error ? error.code : 'unknown';
}

const noop = () => undefined;
const logger = {
  error: noop,
  info: noop,
  debug: noop,
  verbose: noop,
  warn: (/** @type {string} */ warning) => say({ warning }),
};
diag.setLogger(logger, { logLevel: DiagLogLevel.WARN });

if (command === 'create') {
  await createContributionFile(place).then(
    () => say({ created: true }),
    (/** @type {unknown} */ error) => say({ failed: codeOf(error) }),
  );
} else {
  await run();
}

async function run() {
  const pool = kind === 'postgres' ? new pg.Pool({ host: place, user: 'postgres', database: 'postgres' }) : undefined;
  const file = kind === 'file' ? new ContributionFile({ path: place }) : undefined;
  const store = pool === undefined ? file : new PostgresContributionStore({ pool });
  await file?.ready().catch((/** @type {unknown} */ error) => say({ failed: codeOf(error) }));
  const inner = {
    onStart: noop,
    /** @param {import('@opentelemetry/sdk-trace-base').ReadableSpan} span */
    onEnd: ({ attributes }) => say({ envelope: attributes[ENVELOPE_ATTRIBUTE] }),
    forceFlush: () => Promise.resolve(),
    shutdown: () => Promise.resolve(),
  };
  const processor = new EncryptingSpanProcessor(inner, {
    plan: { document: plan, trust },
    publicKeys: [decodePublicKey(publicKey, { allowTestSize: true })],
    ...(store !== undefined && { contributionStore: store }),
  });
  const provider = new BasicTracerProvider({ spanProcessors: [processor] });
  const visit = () => {
    const attributes = { 'checkout.success': true, 'enduser.id': subject };
    provider
      .getTracer('shop')
      .startSpan('checkout', { startTime: time, attributes })
      .end(Number(time) + 1);
  };
  await processor.ready();
  if (command === 'leave') {
    visit();
    say({ left: true });
    return;
  }
  for (let index = 0; command === 'forever' || index < Number(visits); index += 1) {
    visit();
    if (command === 'forever') await processor.forceFlush();
  }
  await provider.shutdown();
  await file?.close();
  await pool?.end();
  say({ visits: processor.stats().visits });
}
