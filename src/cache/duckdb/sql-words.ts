/** The words of an SQL text, as DuckDB's lexer finds them outside of texts, quoted names and comments. */
import { InputError } from '../../errors.ts';
import { tooDeep } from './query-errors.ts';

const SPACE = /(?:[ \t\n\r\f\v]|--[^\n\r]*)+/y;
const COMMENT_PART = /\/\*|\*\//g;
// A text with escapes continues after a line break, and keeps its escapes.
const ESCAPED_TEXT = /[eE]'(?:[^'\\]|\\[\s\S]|''|'[ \t\f]*[\n\r](?:\s|--[^\n\r]*[\n\r])*')*'?/y;
const TEXT = /'(?:[^']|'')*'?|"(?:[^"]|"")*"?/y;
const DOLLAR = /\$(?:[A-Za-z_\u0080-\uffff][\w\u0080-\uffff]*)?\$/y;
const NUMBER = /0[xX][\dA-Fa-f]+|\d(?:_?\d)*(?:\.(?:\d(?:_?\d)*)?)?(?:[eE][+-]?\d+)?|\.\d(?:_?\d)*(?:[eE][+-]?\d+)?/y;
const WORD = /[A-Za-z_\u0080-\uffff][\w$\u0080-\uffff]*/y;
const QUOTED = '0';
const MAX_COMMENTS = 20;

/** Characters that DuckDB treats as spaces, in some or all positions. */
const OTHER_SPACE = /[\u00a0\u1680\u180e\u2000-\u200f\u2028-\u202f\u205f-\u206f\u3000\ufeff]/;

/**
 * Words in upper case, and other characters one by one; a number, a text and a quoted name are each one `0`.
 * @throws InputError `sql_characters` for other spaces than ASCII's, `sql_too_deep` for comments in comments
 */
export function* sqlWords(sql: string): Generator<string> {
  let at = 0;
  const take = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = at;
    const found = pattern.exec(sql)?.[0];
    if (found !== undefined) at += found.length;
    return found;
  };
  while (at < sql.length) {
    if (take(SPACE) !== undefined) continue;
    if (sql.startsWith('/*', at)) {
      at = afterComment(sql, at);
      continue;
    }
    const dollar = take(DOLLAR);
    if (dollar !== undefined) {
      const end = sql.indexOf(dollar, at);
      at = end < 0 ? sql.length : end + dollar.length;
      yield QUOTED;
    } else if (take(ESCAPED_TEXT) !== undefined || take(TEXT) !== undefined || take(NUMBER) !== undefined) {
      yield QUOTED;
    } else {
      const word = take(WORD) ?? sql[at++] ?? '';
      if (OTHER_SPACE.test(word)) throw otherSpace(word);
      yield word.toUpperCase();
    }
  }
}

function otherSpace(word: string): InputError {
  const code = OTHER_SPACE.exec(word)?.[0].codePointAt(0)?.toString(16).toUpperCase().padStart(4, '0');
  return new InputError(
    'sql_characters',
    `The SQL contains the character U+${code} instead of a space.`,
    'Write plain spaces; texts and quoted names may contain any character.',
  );
}

/** Nested comments. */
function afterComment(sql: string, start: number): number {
  let depth = 0;
  COMMENT_PART.lastIndex = start;
  for (let part = COMMENT_PART.exec(sql); part; part = COMMENT_PART.exec(sql)) {
    depth += part[0] === '/*' ? 1 : -1;
    // DuckDB reads a comment again for each level of nesting.
    if (depth > MAX_COMMENTS) throw tooDeep();
    if (depth === 0) return COMMENT_PART.lastIndex;
  }
  return sql.length;
}
