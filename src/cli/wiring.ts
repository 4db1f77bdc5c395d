/** The lines a user pastes into the application, and writes as `application/telemetry.mjs`. */
import { DEFAULT_PORTS, FILES } from './layout.js';

/** A module for `node --import`; stands in the application's folder beside plan and public key. */
export function wiringModule(ownerKey: string): string {
  return `import { readFileSync } from 'node:fs';
import { NodeTracerProvider } from '@opentelemetry/sdk-trace-node';
import { decodePublicKey } from 'telemetry-kit';
import { createSealedSpanProcessor } from 'telemetry-kit/exporter';

const read = (file) => JSON.parse(readFileSync(new URL(file, import.meta.url), 'utf8'));
const sealed = createSealedSpanProcessor({
  plan: { document: read('./${FILES.plan}'), trust: { ownerKey: '${ownerKey}' } },
  publicKeys: [decodePublicKey(read('./${FILES.publicKey}'))],
  url: 'http://127.0.0.1:${String(DEFAULT_PORTS.otlpHttp)}/v1/traces',
});
export const provider = new NodeTracerProvider({ spanProcessors: [sealed] });
provider.register();
process.once('beforeExit', () => provider.shutdown());
`;
}
