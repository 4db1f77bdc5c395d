/** Bytes as text and as JSON, for targets that read either. */

export function textOf(input: Uint8Array): string {
  return Buffer.from(input).toString('utf8');
}

export function bytesOf(value: unknown): Uint8Array {
  return Uint8Array.from(Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)));
}

/** Whoever reads a document parses it as JSON first; `undefined` where that fails already. */
export function jsonOf(input: Uint8Array): { readonly value: unknown } | undefined {
  try {
    return { value: JSON.parse(textOf(input)) as unknown };
  } catch {
    return undefined;
  }
}

/** What `read` returns; `undefined` where it throws an error of one of these classes, and no other. */
export function readOr<Value>(
  classes: readonly (new (...args: never[]) => Error)[],
  read: () => Value,
): { value: Value } | undefined {
  try {
    return { value: read() };
  } catch (error) {
    if (classes.some((each) => error instanceof each)) return undefined;
    throw error;
  }
}
