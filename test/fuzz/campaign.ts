/**
 * One target, one input after the other. Where coverage is measured, an input that reaches new code joins those that
 * further ones are made from.
 */
import type { Coverage } from './coverage.js';
import type { Generator } from './generator.js';
import { mutate } from './mutate.js';
import type { Target } from './target.js';

export interface Finding {
  readonly target: string;
  readonly input: Uint8Array;
  readonly error: string;
}

export interface Observer {
  /** Before an input is tried, so that it is known should it never end. */
  readonly onInput?: (target: string, input: Uint8Array) => void;
  readonly onFinding: (finding: Finding) => void;
  readonly onReach?: (target: string, input: Uint8Array) => void;
}

/** Inputs between two looks at the coverage. */
const BATCH = 512;
/** Most of the time that goes into looking: a look costs as much as thousands of small inputs. */
const LOOKING_SHARE = 0.3;
/** Looks that one batch is worth; what it reached beyond is found again. */
const MAX_LOOKS = 24;

export class Campaign {
  readonly #target: Target;
  readonly #corpus: Uint8Array[];
  readonly #random: Generator;
  readonly #observer: Observer;
  readonly #coverage: Coverage | undefined;
  readonly #seen = new Set<string>();
  inputs = 0;
  accepted = 0;
  #tryingMillis = 0;
  #lookingMillis = 0;
  #looks = 0;

  constructor(
    target: Target,
    corpus: readonly Uint8Array[],
    random: Generator,
    observer: Observer,
    coverage?: Coverage,
  ) {
    this.#target = target;
    this.#corpus = [...target.seeds(), ...corpus];
    this.#random = random;
    this.#observer = observer;
    this.#coverage = coverage;
  }

  /** The inputs it starts from, unchanged. */
  async replay(): Promise<void> {
    for (const input of this.#corpus) await this.#try(input);
    this.#coverage?.grew(true);
  }

  /** So many new inputs. */
  async run(inputs: number): Promise<void> {
    for (let left = inputs; left > 0; left -= BATCH) {
      const batch = Array.from({ length: Math.min(left, BATCH) }, () => {
        return mutate(this.#target, this.#corpus, this.#random);
      });
      const start = performance.now();
      const look = this.#coverage !== undefined && this.#lookingMillis <= LOOKING_SHARE * this.#tryingMillis;
      // Forgets what ran since the last look: another target, or batches that nobody looked at.
      if (look) this.#coverage.grew(false);
      const looked = performance.now();
      for (const input of batch) await this.#try(input);
      const tried = performance.now();
      this.#looks = 0;
      if (look && this.#coverage.grew(false)) await this.#findReach(batch);
      this.#tryingMillis += tried - looked;
      this.#lookingMillis += looked - start + performance.now() - tried;
    }
  }

  async #try(input: Uint8Array): Promise<void> {
    this.#observer.onInput?.(this.#target.name, input);
    this.inputs += 1;
    try {
      if ((await this.#target.check(input)) === 'accepted') this.accepted += 1;
    } catch (error) {
      this.#report(input, error);
    }
  }

  /** One finding for each place that fails. */
  #report(input: Uint8Array, error: unknown): void {
    const { message, stack = '' } = error instanceof Error ? error : new Error(String(error));
    const place = stack.split('\n').find((line) => line.startsWith('    at ')) ?? '';
    if (this.#seen.has(place)) return;
    this.#seen.add(place);
    this.#observer.onFinding({ target: this.#target.name, input, error: `${message}\n${stack}` });
  }

  /** Which of a batch reached new code: by halves. */
  async #findReach(batch: readonly Uint8Array[]): Promise<void> {
    this.#looks += 1;
    if (this.#looks > MAX_LOOKS) return;
    for (const input of batch) await this.#quietly(input);
    if (this.#coverage?.grew(batch.length === 1) !== true) return;
    const [only] = batch;
    if (batch.length === 1 && only !== undefined) {
      this.#corpus.push(only);
      this.#observer.onReach?.(this.#target.name, only);
      return;
    }
    const half = Math.ceil(batch.length / 2);
    await this.#findReach(batch.slice(0, half));
    await this.#findReach(batch.slice(half));
  }

  async #quietly(input: Uint8Array): Promise<void> {
    this.#observer.onInput?.(this.#target.name, input);
    try {
      await this.#target.check(input);
    } catch {
      // It was reported when it was first tried.
    }
  }
}
