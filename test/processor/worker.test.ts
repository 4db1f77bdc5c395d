/** The worker thread, in real applications on the built package. */
import { spawn } from 'node:child_process';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';
import type { ProcessorSnapshot } from '../../processor/processor-stats.js';
import { signPlan } from '../../src/plan/document.js';
import { decodeEnvelope, headerBytes } from '../../src/wire/envelope.js';
import { encodePublicKey } from '../../src/wire/public-key-document.js';
import { testPlan, testPlanDocument } from '../support/plans.js';
import { responseBytes } from '../../src/proofs/parameters.js';
import { openEnvelope, publicKey } from './harness.js';

const document = signPlan(testPlanDocument(), new Uint8Array(32).fill(7));
const setup = JSON.stringify({
  plan: document,
  trust: { ownerKey: document.signature.publicKey },
  publicKey: encodePublicKey(publicKey),
});
const app = (name: string): string => fileURLToPath(new URL(`apps/${name}.mjs`, import.meta.url));

interface Ended {
  readonly code: number | null;
  readonly lines: readonly string[];
  readonly stderr: string;
}

function run(args: readonly string[], environment: Record<string, string> = {}): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, { env: { TEST_SETUP: setup, ...environment } });
    let stdout = '';
    let stderr = '';
    child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, lines: stdout.trim().split('\n'), stderr }));
  });
}

/** Every group element of an envelope, ciphertexts and commitments: one per precomputed record. */
function elementsOf(text: string): string[] {
  const bytes = Buffer.from(decodeEnvelope(text)!);
  const element = 2 * publicKey.modulusBytes;
  const [report] = testPlan().reports;
  let offset = headerBytes(report!.labels.length);
  return report!.measurements.flatMap(({ components }) =>
    components.flatMap(({ tuples }) => {
      const elements = [bytes.toString('hex', offset, offset + element)];
      offset += element;
      for (let branch = 0; branch < tuples.length; branch += 1) {
        elements.push(bytes.toString('hex', offset, offset + element));
        offset += element + 16 + responseBytes(publicKey);
      }
      return elements;
    }),
  );
}

/** No record was used twice: an element of one that was would stand in two places. */
function expectAllDifferent(envelopes: readonly string[]): void {
  const elements = envelopes.flatMap(elementsOf);
  expect(elements).toHaveLength(envelopes.length * (1 + 3 + 1 + 5));
  expect(new Set(elements).size).toBe(elements.length);
}

describe('the worker that computes randomness', () => {
  it('may die at any time: sealing goes on, and no record is used twice', async () => {
    const { code, lines, stderr } = await run([app('crash')]);
    expect(stderr).toBe('');
    expect(code).toBe(0);
    const { envelopes, died, stats } = JSON.parse(lines.at(-1)!) as {
      envelopes: string[];
      died: string[];
      stats: ProcessorSnapshot;
    };
    expect(died).toEqual(['RangeError', 'RangeError']);
    expect(stats.spans).toMatchObject({ sealed: 240, unprotected: 0 });
    expect(envelopes).toHaveLength(240);
    for (const envelope of envelopes) expect(openEnvelope(envelope).counted).toEqual([[], ['team-monthly']]);
    expectAllDifferent(envelopes);
  });

  it('may be ended at any moment, again and again: another one takes over, and nothing is sealed twice', async () => {
    const { code, lines, stderr } = await run([app('killed')]);
    expect(stderr).toBe('');
    expect(code).toBe(0);
    const { envelopes, started, stats } = JSON.parse(lines.at(-1)!) as {
      envelopes: string[];
      started: number;
      stats: ProcessorSnapshot;
    };
    // The first, and one in the place of each that was ended.
    expect(started).toBe(5);
    expect(stats.spans).toMatchObject({ sealed: 170, unprotected: 0 });
    expect(envelopes).toHaveLength(170);
    for (const envelope of envelopes) expect(openEnvelope(envelope).counted).toEqual([[], ['team-monthly']]);
    expectAllDifferent(envelopes);
  });

  it('computes nothing after shutdown: later spans go on without a contribution, and without their values', async () => {
    const { code, lines } = await run([app('after-shutdown')]);
    expect(code).toBe(0);
    const { envelopes, late, refused, stats } = JSON.parse(lines.at(-1)!) as {
      envelopes: string[];
      late: object[];
      refused: string;
      stats: ProcessorSnapshot;
    };
    expect(envelopes.map((envelope) => openEnvelope(envelope).counted)).toEqual([[[], ['team-monthly']]]);
    expect(late).toEqual([]);
    expect(refused).toBe('unavailable');
    expect(stats).toMatchObject({ poolSize: 0, spans: { sealed: 1, dropped: { shutdown: 5 } } });
  });

  it('is one for each process: forked ones share no record with their parent or each other', async () => {
    const { code, lines } = await run([app('forked')]);
    expect(code).toBe(0);
    const { envelopes } = JSON.parse(lines.at(-1)!) as { envelopes: string[] };
    expect(envelopes).toHaveLength(60);
    for (const envelope of envelopes) expect(openEnvelope(envelope).counted).toEqual([[], ['team-monthly']]);
    expectAllDifferent(envelopes);
  });

  it('does not keep an application alive that has nothing else to do', async () => {
    const { code, lines } = await run([app('no-shutdown')]);
    expect([code, lines.at(-1)]).toEqual([0, 'done']);
  });

  it('is waited for by a flush and by ready, even where nothing else keeps the application alive', async () => {
    const flushed = await run([app('flush-last')]);
    expect([flushed.code, flushed.lines.at(-1)]).toEqual([0, '{"waiting":50,"sealed":50}']);
    const ready = await run([app('ready-last')]);
    expect([ready.code, ready.lines.at(-1)]).toEqual([0, '{"pool":120}']);
  });

  it('is not instrumented itself, however the application is', async () => {
    const tracing = pathToFileURL(app('tracing')).href;
    const byArgument = await run(['--import', tracing, app('ready-last')]);
    expect(byArgument.lines.filter((line) => line === 'tracing loaded')).toHaveLength(1);
    const byEnvironment = await run([app('ready-last')], { NODE_OPTIONS: `--import ${tracing}` });
    expect(byEnvironment.lines.filter((line) => line === 'tracing loaded')).toHaveLength(1);
    expect([byArgument.code, byEnvironment.code]).toEqual([0, 0]);
  });
});
