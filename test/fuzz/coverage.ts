/**
 * Which code has run, as V8 counts it (Profiler domain of its inspector, block by block): an input that reaches code
 * which none reached before is worth keeping. Taking stock costs milliseconds, so it is done once for many inputs.
 */
import { Session, type Profiler } from 'node:inspector';

export class Coverage {
  readonly #session = new Session();
  readonly #script: string;
  /** By function: which characters of its text have run. */
  readonly #covered = new Map<string, Uint8Array>();

  /** @param script the address of the code that counts. */
  constructor(script: string) {
    this.#script = script;
    this.#session.connect();
    this.#session.post('Profiler.enable');
    this.#session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true });
  }

  /** Whether anything ran since the last call that had not run before; with `keep`, from now on it has. */
  grew(keep: boolean): boolean {
    let grown = false;
    // Answered before `post` returns: it is this very thread that is asked.
    this.#session.post('Profiler.takePreciseCoverage', (_error, taken) => {
      const own = taken.result.find(({ url }) => url === this.#script);
      for (const each of own?.functions ?? []) grown = this.#add(each, keep) || grown;
    });
    return grown;
  }

  /** Characters of code that have run. */
  get size(): number {
    let size = 0;
    for (const text of this.#covered.values()) for (const covered of text) size += covered;
    return size;
  }

  close(): void {
    this.#session.disconnect();
  }

  #add({ ranges }: Profiler.FunctionCoverage, keep: boolean): boolean {
    const [whole] = ranges;
    if (whole === undefined || whole.count === 0) return false;
    const { startOffset: start, endOffset: end } = whole;
    const ran = new Uint8Array(end - start);
    // Outer ranges come before those inside of them.
    for (const range of ranges) ran.fill(Math.min(1, range.count), range.startOffset - start, range.endOffset - start);
    const name = `${String(start)}-${String(end)}`;
    const before = this.#covered.get(name);
    const isNew = (covered: number, at: number): boolean => covered === 1 && before?.[at] !== 1;
    if (!ran.some(isNew)) return false;
    if (keep)
      this.#covered.set(name, before === undefined ? ran : ran.map((covered, at) => covered | (before[at] ?? 0)));
    return true;
  }
}
