/**
 * One text that is searched for in many, in time linear in those whatever the two hold (Knuth, Morris and Pratt,
 * "Fast pattern matching in strings", SIAM J. Comput. 6, 1977). SECRET: holds the text.
 */

/** The beginning that is looked for first, by the engine's own search: most texts do not hold it. */
const LONGEST_BEGINNING = 16;

export interface Occurrence {
  readonly start: number;
  /** Exclusive. */
  readonly end: number;
}

export class TextNeedle {
  /** Is in every text in which something is found. */
  readonly beginning: string;
  readonly #text: string;
  readonly #minimumLength: number;
  /** Per length of a beginning of the text, less one: the longest shorter beginning that it ends in. */
  #borders: Uint32Array | undefined;

  /** `text` has `minimumLength` characters or more. Nothing is to be searched for where it is empty. */
  constructor(text: string, minimumLength: number) {
    this.#text = text;
    this.beginning = text.slice(0, Math.min(minimumLength, LONGEST_BEGINNING));
    this.#minimumLength = minimumLength;
  }

  get isEmpty(): boolean {
    return this.#text === '';
  }

  /** False where occurrencesIn finds nothing. */
  mayBeIn(searched: string): boolean {
    return searched.includes(this.beginning);
  }

  /**
   * Where the text occurs, in order, overlapping ones as one; and where `searched` ends inside it, if there are
   * `minimumLength` characters of it there.
   */
  occurrencesIn(searched: string): readonly Occurrence[] {
    const first = searched.indexOf(this.beginning);
    if (first < 0) return [];
    const text = this.#text;
    const borders = (this.#borders ??= bordersOf(text));
    const found: Occurrence[] = [];
    let matched = 0;
    for (let position = first; position < searched.length; position += 1) {
      matched = nextMatched(text, borders, matched, searched[position]);
      if (matched === text.length) {
        add(found, { start: position + 1 - matched, end: position + 1 });
        matched = borders[matched - 1] ?? 0;
      }
    }
    if (matched >= this.#minimumLength) add(found, { start: searched.length - matched, end: searched.length });
    return found;
  }
}

/** How much of the text has been matched after one more character. */
function nextMatched(text: string, borders: Uint32Array, before: number, character: string | undefined): number {
  let matched = before;
  while (matched > 0 && character !== text[matched]) matched = borders[matched - 1] ?? 0;
  return character === text[matched] ? matched + 1 : matched;
}

function bordersOf(text: string): Uint32Array {
  const borders = new Uint32Array(text.length);
  for (let position = 1; position < text.length; position += 1) {
    borders[position] = nextMatched(text, borders, borders[position - 1] ?? 0, text[position]);
  }
  return borders;
}

function add(found: Occurrence[], occurrence: Occurrence): void {
  const last = found.at(-1);
  if (last === undefined || last.end < occurrence.start) found.push(occurrence);
  else found[found.length - 1] = { start: last.start, end: occurrence.end };
}
