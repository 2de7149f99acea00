/** What a database wants in the place of what other databases take. */
import type { CacheKind } from './cache-kind.ts';
import { functionInstead } from './foreign-functions.ts';
import { foreignSyntax } from './foreign-syntax.ts';
import { isReserved } from './sql-name.ts';
import { codeOnly } from './sql-text.ts';

/** What to write instead, where a part of the SQL is known to be another database's; undefined where none is. */
export function foreignSql(sql: string, kind: CacheKind): string | undefined {
  return foreignSyntax(codeOnly(sql), kind);
}

/** Their first argument is a part of a date, which other databases take without quotes: it is looked for as a column. */
const TAKE_PARTS = new Set(['datediff', 'date_diff', 'dateadd', 'date_add', 'date_sub', 'datepart']);

/** What they take is no argument but `value AS type`, and the syntax error is found there. */
const CASTS = new Set(['try_cast', 'safe_cast', 'try_convert']);

/** The same of a function that the database does not have, or not with these arguments; `message` is what the database said. */
export function foreignFunction(sql: string, message: string, kind: CacheKind): string | undefined {
  const refusal = message.toLowerCase();
  const isColumn = /column "?\w+"? (?:not found|does not exist)/.test(refusal);
  const isAtAs = refusal.includes('at or near "as"');
  for (const [, called, word] of codeOnly(sql).matchAll(/\b([a-z_]+)\s*\(|\b(sysdate)\b/gi)) {
    const name = (called ?? word ?? '').toLowerCase();
    const instead = functionInstead(name, kind);
    const isMeant = isNamed(name, refusal) || (isColumn && TAKE_PARTS.has(name)) || (isAtAs && CASTS.has(name));
    if (instead !== undefined && isMeant) return `In the place of ${name} write ${instead}.`;
  }
  return undefined;
}

/** As a word of its own: "day" is no part of "today". */
function isNamed(name: string, refusal: string): boolean {
  return new RegExp(`\\b${name}\\b`).test(refusal);
}

/** Reserved words that people give to columns; a syntax error is found at the word behind them. */
const LIKE_NAMES = new Set(
  'order group user table column default check end desc asc limit offset references primary grant'.split(' '),
);
/** Words that hardly anybody means as a name. */
const OF_CLAUSES = new Set('from as using where on and or by'.split(' '));

/** For a syntax error at or behind a word that can be a name only in quotes. */
export function reservedWord(sql: string, message: string, kind: CacheKind): string | undefined {
  const word = /at or near "([^"]+)"/.exec(message)?.[1];
  if (word === undefined) return undefined;
  const before = wordBefore(codeOnly(sql), word);
  const meant = [before, word].find(
    (one) => one !== undefined && isReserved(one, kind) && canBeName(one, one === before),
  );
  if (meant === undefined) return undefined;
  return `Correct the SQL; if ${meant} is meant as a name, write "${meant}" in double quotes, as describe_data shows it.`;
}

function wordBefore(code: string, word: string): string | undefined {
  const escaped = word.replace(/\W/g, '\\$&');
  return new RegExp(`\\b([a-z_]+)\\s*${escaped}`, 'i').exec(code)?.[1];
}

function canBeName(word: string, isBefore: boolean): boolean {
  return isBefore ? LIKE_NAMES.has(word.toLowerCase()) : !OF_CLAUSES.has(word.toLowerCase());
}

/** For a text that is compared with JSON, and is none. */
export function jsonComparison(kind: CacheKind): string {
  const path = kind === 'duckdb' ? "column->>'$'" : "column #>> '{}'";
  const field = kind === 'duckdb' ? "column->>'$.field'" : "column->>'field'";
  return `A JSON column is not a text: compare ${path} = 'text', or ${field} = 'text' for a field of it.`;
}
