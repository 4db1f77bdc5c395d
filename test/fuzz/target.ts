/** One decoder or parser under test: how its inputs look, and what must hold whatever it is given. */

/** How inputs are put together, and so how they are changed. */
export type Form = 'bytes' | 'text' | 'json' | 'protobuf' | 'base64url';

/** `accepted`: the input means something; `refused`: it was turned away in the way that is documented. */
export type Verdict = 'accepted' | 'refused';

export interface Target {
  readonly name: string;
  readonly form: Form;
  /** Well-formed inputs, made by the code's own encoders. */
  readonly seeds: () => readonly Uint8Array[];
  /** Texts that mean something to it. */
  readonly words?: readonly string[];
  /** Throws where a promise is broken: anything thrown from here is a finding. */
  readonly check: (input: Uint8Array) => Verdict | Promise<Verdict>;
}

class BrokenPromise extends Error {}

/** Throws `BrokenPromise` unless the condition holds. */
export function promise(condition: boolean, what: string): asserts condition {
  if (!condition) throw new BrokenPromise(what);
}
