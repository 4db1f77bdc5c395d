/** The known word nearest to a misspelt one, by edits of single characters (Levenshtein 1965). */

/** `undefined` where nothing is near: more than a third of the longer word would have to change. */
export function nearest(word: string, known: readonly string[]): string | undefined {
  const ranked = known
    .map((candidate) => ({ candidate, edits: editDistance(word.toLowerCase(), candidate.toLowerCase()) }))
    .sort((one, other) => one.edits - other.edits);
  const best = ranked[0];
  if (best === undefined) return undefined;
  const longest = Math.max(word.length, best.candidate.length);
  return best.edits <= Math.ceil(longest / 3) ? best.candidate : undefined;
}

/** Row by row: `row[j]` edits turn the beginning of `from` into the first j characters of `to`. */
function editDistance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, column) => column);
  for (const [index, character] of Array.from(from).entries()) {
    const next = [index + 1];
    for (let column = 1; column <= to.length; column += 1) {
      const replaced = (row[column - 1] ?? 0) + (to[column - 1] === character ? 0 : 1);
      next.push(Math.min(replaced, (row[column] ?? 0) + 1, (next[column - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row.at(-1) ?? 0;
}
