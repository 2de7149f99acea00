/** Finds values that are too short to search inside words, as complete tokens only, and values that are mostly spaces, exactly. */

export interface Literal {
  readonly text: string;
  readonly name: string;
  /** Only if it is not a part of a longer word. */
  readonly asToken: boolean;
}

export interface LiteralHit {
  readonly start: number;
  readonly end: number;
  readonly literal: Literal;
}

const DELIMITER = /[\s"'`=:,;()[\]{}<>|&\\]/;

/** @param before up to two characters before the text */
export function findLiterals(text: string, literals: readonly Literal[], before: string): LiteralHit[] {
  const hits: LiteralHit[] = [];
  const context = before + text;
  for (const literal of literals) {
    const length = literal.text.length;
    for (let at = text.indexOf(literal.text); at >= 0; at = text.indexOf(literal.text, at + 1)) {
      if (literal.asToken && !isToken(context, at + before.length, literal.text)) continue;
      hits.push({ start: at, end: at + length, literal });
    }
  }
  return hits;
}

function isToken(context: string, at: number, token: string): boolean {
  return endsBefore(context, at, token[0] ?? '') && beginsAfter(context, at + token.length, token.at(-1) ?? '');
}

function endsBefore(context: string, at: number, first: string): boolean {
  const previous = context[at - 1];
  if (previous === undefined) return true;
  // The n of an escaped \n is not a letter of a word.
  if (/[nrtbf]/.test(previous) && context[at - 2] === '\\') return true;
  return isWord(first) ? !isWord(previous) : DELIMITER.test(previous);
}

function beginsAfter(context: string, end: number, last: string): boolean {
  const next = context[end];
  if (next === undefined) return true;
  return isWord(last) ? !isWord(next) : DELIMITER.test(next);
}

function isWord(char: string): boolean {
  return /[A-Za-z0-9_\u00a1-\uffff]/.test(char) && !/\s/.test(char);
}
