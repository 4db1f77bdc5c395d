/** The real SDK around the processor, with randomness computed in the same thread under the test's control. */
import { context, trace, type Span as ApiSpan } from '@opentelemetry/api';
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  SimpleSpanProcessor,
  type ReadableSpan,
  type SpanProcessor,
  type TracerConfig,
} from '@opentelemetry/sdk-trace-base';
import { EncryptingSpanProcessor } from '../../processor/encrypting-span-processor.js';
import type { PairSource } from '../../processor/pair-source.js';
import type { EncryptingSpanProcessorOptions } from '../../processor/processor-options.js';
import { ciphertextFromBytes } from '../../src/paillier/ciphertext.js';
import { decodeSlots } from '../../src/paillier/slots.js';
import { PairComputer, type PairKind } from '../../src/proofs/pairs.js';
import { systemRandom } from '../../src/random.js';
import { decodeEnvelope, ENVELOPE_ATTRIBUTE } from '../../src/wire/envelope.js';
import { EnvelopeVerifier, type VerifiedContribution } from '../../src/wire/verify.js';
import type { CompiledPlan } from '../../src/plan/compile.js';
import { testPrivateKey } from '../support/keys.js';
import { testPlan } from '../support/plans.js';

const privateKey = testPrivateKey();
export const publicKey = privateKey.publicKey;
const defaultPlan = testPlan();

/** A real computation, which the test may hold back or let fail. */
export class TestPairSource implements PairSource {
  readonly #computer = new PairComputer(publicKey, { teeth: 4, tables: 2 });
  #gate: Promise<void> = Promise.resolve();
  #open: () => void = () => undefined;
  #closed = false;
  failure: Error | undefined;
  /** Records computed so far. */
  computed = 0;
  /** Requests, answered or not. */
  requests = 0;

  /** Nothing is answered until `release`. */
  hold(): this {
    this.#gate = new Promise((resolve) => (this.#open = resolve));
    return this;
  }

  release(): void {
    this.#open();
  }

  async compute(kind: PairKind, count: number): Promise<Uint8Array> {
    this.requests += 1;
    await this.#gate;
    if (this.failure !== undefined) throw this.failure;
    if (this.#closed) throw new Error('closed');
    this.computed += count;
    return this.#computer.compute(kind, count, systemRandom);
  }

  close(): Promise<void> {
    this.#closed = true;
    this.#open();
    return Promise.resolve();
  }
}

export interface Kit {
  readonly provider: BasicTracerProvider;
  readonly processor: EncryptingSpanProcessor;
  readonly source: TestPairSource;
  /** What reached the inner processor's exporter. */
  readonly exporter: InMemorySpanExporter;
  /** Starts a span, uses it and ends it. */
  readonly span: (name: string, use?: (span: ApiSpan) => void) => void;
}

export interface KitOptions extends Partial<EncryptingSpanProcessorOptions> {
  readonly inner?: SpanProcessor;
  readonly before?: readonly SpanProcessor[];
  readonly after?: readonly SpanProcessor[];
  readonly tracing?: TracerConfig;
  readonly source?: TestPairSource;
  /** Wraps the processor before it is registered. */
  readonly wrap?: (processor: SpanProcessor) => SpanProcessor;
}

export function createKit(options: KitOptions = {}): Kit {
  const { inner, before = [], after = [], tracing, source = new TestPairSource(), wrap, ...own } = options;
  const exporter = new InMemorySpanExporter();
  const processor = new EncryptingSpanProcessor(inner ?? new SimpleSpanProcessor(exporter), {
    plan: defaultPlan,
    publicKeys: [publicKey],
    poolInitialRecords: 64,
    pairSource: () => source,
    ...own,
  });
  const provider = new BasicTracerProvider({
    ...tracing,
    spanProcessors: [...before, wrap === undefined ? processor : wrap(processor), ...after],
  });
  const tracer = provider.getTracer('shop');
  const span: Kit['span'] = (name, use) => {
    const started = tracer.startSpan(name);
    context.with(trace.setSpan(context.active(), started), () => use?.(started));
    started.end();
  };
  return { provider, processor, source, exporter, span };
}

/** As createKit, with the pool filled. */
export async function readyKit(options: KitOptions = {}): Promise<Kit> {
  const kit = createKit(options);
  await kit.processor.ready();
  return kit;
}

export function envelopeOf(span: ReadableSpan): string {
  const envelope = span.attributes[ENVELOPE_ATTRIBUTE];
  if (typeof envelope !== 'string') throw new Error('the span has no envelope');
  return envelope;
}

export interface OpenedEnvelope {
  readonly contribution: VerifiedContribution;
  /** Per measurement, the names of the slots that count one. */
  readonly counted: readonly (readonly string[])[];
}

const verifiers = new WeakMap<CompiledPlan, EnvelopeVerifier>();

/** Verifies as the receiver does and decrypts, which only a test may do with one envelope. */
export function openEnvelope(text: string, plan: CompiledPlan = defaultPlan): OpenedEnvelope {
  const verifier = verifiers.get(plan) ?? new EnvelopeVerifier([plan], [publicKey], { teeth: 4, tables: 2 });
  verifiers.set(plan, verifier);
  const verified = verifier.verify(decodeEnvelope(text) ?? new Uint8Array(0));
  if (!verified.ok) throw new Error(`rejected: ${verified.reason}`);
  const report = plan.reports[verified.contribution.header.report]!;
  const counted = report.measurements.map(({ slots }, measurement) => {
    const component = verified.contribution.ciphertexts.find((entry) => entry.measurement === measurement)!;
    const ciphertext = ciphertextFromBytes(publicKey, component.ciphertexts[0]!)!;
    const values = decodeSlots(publicKey, privateKey.decrypt(ciphertext, systemRandom), slots.length);
    return slots.filter((_, slot) => values[slot] === 1n);
  });
  return { contribution: verified.contribution, counted };
}
