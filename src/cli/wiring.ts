/** The lines a user pastes into the application, and writes as `application/telemetry.mjs`. */
import { DEFAULT_PORTS, FILES } from './layout.js';

export interface WiringFacts {
  /** Public key of the owner: what the application pins. */
  readonly ownerKey: string;
  /** Whether the plan bounds what a subject contributes: then restarts go on counting, in a file. */
  readonly countsSubjects: boolean;
}

/** A module for `node --import`; stands in the application's folder beside plan and public key. */
export function wiringModule({ ownerKey, countsSubjects }: WiringFacts): string {
  const [imported, option] = countsSubjects
    ? [
        "import { ContributionFile } from 'telemetry-kit/contributions/file';\n",
        `\n  contributionStore: new ContributionFile({ path: fileURLToPath(new URL('./${FILES.contributions}', import.meta.url)) }),`,
      ]
    : ['', ''];
  return `import { readFileSync } from 'node:fs';${countsSubjects ? "\nimport { fileURLToPath } from 'node:url';" : ''}
import { NodeTracerProvider } from '@opentelemetry/sdk-trace-node';
import { decodePublicKey } from 'telemetry-kit';
${imported}import { createSealedSpanProcessor } from 'telemetry-kit/exporter';

const read = (file) => JSON.parse(readFileSync(new URL(file, import.meta.url), 'utf8'));
const sealed = createSealedSpanProcessor({
  plan: { document: read('./${FILES.plan}'), trust: { ownerKey: '${ownerKey}' } },
  publicKeys: [decodePublicKey(read('./${FILES.publicKey}'))],
  url: 'http://127.0.0.1:${String(DEFAULT_PORTS.otlpHttp)}/v1/traces',${option}
});
export const provider = new NodeTracerProvider({ spanProcessors: [sealed] });
provider.register();
process.once('beforeExit', () => provider.shutdown());
`;
}
