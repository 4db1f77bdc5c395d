/**
 * A regular expression that finds any of some folded texts (letter-folding.ts) in a text that is folded, or that is not
 * but holds ASCII only, so that most texts need not be folded. It is built as a tree of their characters, so that what
 * several begin with is compared once.
 */

/** What remains after a character, by that character. */
type Tree = Map<string, Tree>;

/** What else is folded to an ASCII character than the letter in its other case. */
const ALSO_FOLDED: Readonly<Partial<Record<string, string>>> = { ' ': '+' };

/** `texts`: folded, at least one, none empty. Finds them by so many first characters as the shortest has. */
export function foldedPattern(texts: readonly string[]): RegExp {
  const length = Math.min(...texts.map((text) => text.length));
  const tree: Tree = new Map();
  for (const text of texts) {
    let node = tree;
    for (const unit of text.slice(0, length).split('')) {
      const next: Tree = node.get(unit) ?? new Map<string, Tree>();
      node.set(unit, next);
      node = next;
    }
  }
  return new RegExp(alternatives(tree));
}

function alternatives(tree: Tree): string {
  return [...tree].map(([unit, rest]) => classOf(unit) + group(rest)).join('|');
}

function group(tree: Tree): string {
  return tree.size > 1 ? `(?:${alternatives(tree)})` : alternatives(tree);
}

/** Everything in ASCII that is folded to this character, or the character itself. */
function classOf(folded: string): string {
  const units = new Set([folded]);
  if (folded <= '\u007f') units.add(folded.toUpperCase()).add(ALSO_FOLDED[folded] ?? folded);
  const escaped = [...units].map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
  return escaped.length === 1 ? escaped.join('') : `[${escaped.join('')}]`;
}
