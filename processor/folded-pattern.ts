/**
 * A regular expression that finds any of some folded texts (text-view.ts) in a text that is not folded. It is built as
 * a tree of their characters, so that what several begin with is compared once. May find too much, never too little:
 * characters outside ASCII are taken for each other.
 */

/** What remains after a character, by that character. */
type Tree = Map<string, Tree>;

/** Stands for every character outside ASCII. */
const OTHER = '\u0080';
const ANY_OTHER = '[^\\x00-\\x7f]';
/** What else is folded to an ASCII character than the letter in its other case. */
const ALSO_FOLDED: Readonly<Partial<Record<string, string>>> = { i: '\u0130', k: '\u212a', ' ': '+' };

/** `texts`: folded, equally long, at least one. */
export function foldedPattern(texts: readonly string[]): RegExp {
  const tree: Tree = new Map();
  for (const text of texts) {
    let node = tree;
    for (const unit of text.split('')) {
      const key = unit < OTHER ? unit : OTHER;
      const next: Tree = node.get(key) ?? new Map<string, Tree>();
      node.set(key, next);
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

/** Everything that is folded to this character. */
function classOf(folded: string): string {
  if (folded === OTHER) return ANY_OTHER;
  const units = new Set([folded, folded.toUpperCase(), ALSO_FOLDED[folded] ?? folded]);
  const escaped = [...units].map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
  return escaped.length === 1 ? escaped.join('') : `[${escaped.join('')}]`;
}
