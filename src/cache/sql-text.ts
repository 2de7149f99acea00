/** Checks and cleans the text of a query before any database reads it. */
import { InputError } from '../errors.ts';
import { unescapeHidden } from '../hidden-characters.ts';

const SQL_CAP = 100_000;

/** @throws InputError for SQL that is refused without asking a database */
export function checkText(sql: string): void {
  if (sql.length > SQL_CAP) {
    throw new InputError(
      'sql_too_long',
      `The SQL has ${sql.length} characters; at most ${SQL_CAP} are read.`,
      'Shorten it: use joins or ranges instead of long lists.',
    );
  }
  // C interfaces end at a NUL, so the checked SQL and the executed SQL would differ.
  if (sql.includes('\0') || /\p{Surrogate}/u.test(sql)) {
    throw new InputError(
      'sql_characters',
      'The SQL holds a NUL or half a character.',
      'Remove that character and call again.',
    );
  }
}

const FENCE = /^\s*```(?:[ \t]*[\w+-]*[ \t]*\r?\n|[ \t]*(?:sql|duckdb|postgres(?:ql)?)\s|)([\s\S]*?)```[\s;]*$/i;
const SINGLE_QUOTES = '‘’‚‛';
const DOUBLE_QUOTES = '“”„‟';

/**
 * Removes what chats and word processors add to SQL: a code fence, trailing semicolons, typographic
 * quotes. Invisible characters in quoted names may be written with the escapes that answers use.
 */
export function cleanSql(sql: string): string {
  if (sql.length > SQL_CAP) return sql;
  const inside = (FENCE.exec(sql)?.[1] ?? sql).replace(/[;\s]+$/, '');
  if (!/[‘’‚‛“”„‟]|\\u/.test(inside)) return inside;
  return splitSql(inside)
    .map(({ text, isCode }) => (isCode ? plainQuotes(text) : readName(text)))
    .join('');
}

function readName(quoted: string): string {
  return quoted.startsWith('"') ? unescapeHidden(quoted) : quoted;
}

/** Typographic quotes begin a text or a name only after a space or a sign: inside a word they belong to it. */
function plainQuotes(code: string): string {
  const quoted = (marks: string): RegExp => new RegExp(`(?<![\\p{L}\\p{N}_])[${marks}]([^${marks}]*)[${marks}]`, 'gu');
  return code
    .replace(quoted(SINGLE_QUOTES), (_all, text: string) => `'${text.replaceAll("'", "''")}'`)
    .replace(quoted(DOUBLE_QUOTES), (_all, name: string) => readName(`"${name.replaceAll('"', '""')}"`));
}

/** The SQL with each text, quoted name and comment replaced by a space. */
export function codeOnly(sql: string): string {
  return splitSql(sql)
    .map(({ text, isCode }) => (isCode ? text : ' '))
    .join('');
}

interface Part {
  readonly text: string;
  /** Not a text, a quoted name or a comment. */
  readonly isCode: boolean;
}

const CODE = /(?:[^'"$\-/]|-(?!-)|\/(?!\*)|(?<=\w)\$|\$(?!\w*\$))+/y;
const QUOTED = /(?<=\b[eE])'(?:[^'\\]|\\[\s\S]|'')*'?|'(?:[^']|'')*'?|"(?:[^"]|"")*"?|--[^\n]*/y;
const DOLLAR = /\$\w*\$/y;

/** One pass; an unclosed text, name or comment extends to the end. */
function splitSql(sql: string): Part[] {
  const parts: Part[] = [];
  let at = 0;
  const take = (pattern: RegExp): string => {
    pattern.lastIndex = at;
    return pattern.exec(sql)?.[0] ?? '';
  };
  const upTo = (end: string, from: number): string => {
    const found = sql.indexOf(end, from);
    return sql.slice(at, found < 0 ? sql.length : found + end.length);
  };
  while (at < sql.length) {
    const code = take(CODE);
    const dollar = code === '' ? take(DOLLAR) : '';
    const quoted =
      dollar !== '' ? upTo(dollar, at + dollar.length) : sql.startsWith('/*', at) ? upTo('*/', at + 2) : '';
    const text = code || quoted || take(QUOTED) || (sql[at] ?? '');
    parts.push({ text, isCode: code !== '' });
    at += text.length;
  }
  return parts;
}
