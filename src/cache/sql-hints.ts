/** Hints for SQL of other databases: what to write instead. */
import type { CacheKind } from './cache-kind.ts';
import { functionInstead } from './foreign-functions.ts';
import { foreignSyntax } from './foreign-syntax.ts';
import { isReserved } from './sql-name.ts';
import { codeOnly } from './sql-text.ts';

/** What to write instead of syntax that is known from another database; undefined if there is none. */
export function foreignSql(sql: string, kind: CacheKind): string | undefined {
  return foreignSyntax(codeOnly(sql), kind);
}

/** Their first argument is a date part, which other databases accept without quotes, but DuckDB and Postgres read as a column. */
const TAKE_PARTS = new Set(['datediff', 'date_diff', 'dateadd', 'date_add', 'date_sub', 'datepart']);

/** They take `value AS type`, where DuckDB and Postgres report a syntax error. */
const CASTS = new Set(['try_cast', 'safe_cast', 'try_convert']);

/** As `foreignSql`, for a function that the database does not have, or not with these arguments; `message` is the database's error. */
export function foreignFunction(sql: string, message: string, kind: CacheKind): string | undefined {
  const refusal = message.toLowerCase();
  const isColumn = /column "?\w+"? (?:not found|does not exist)/.test(refusal);
  const isAtAs = refusal.includes('at or near "as"');
  for (const [, called, word] of codeOnly(sql).matchAll(/\b([a-z_]+)\s*\(|\b(sysdate)\b/gi)) {
    const name = (called ?? word ?? '').toLowerCase();
    const instead = functionInstead(name, kind);
    const isMeant = isNamed(name, refusal) || (isColumn && TAKE_PARTS.has(name)) || (isAtAs && CASTS.has(name));
    if (instead !== undefined && isMeant) return `Instead of ${name} write ${instead}.`;
  }
  return undefined;
}

/** As a separate word: "day" does not match in "today". */
function isNamed(name: string, refusal: string): boolean {
  return new RegExp(`\\b${name}\\b`).test(refusal);
}

/** Reserved words that people use as column names; the syntax error is reported at the word after them. */
const LIKE_NAMES = new Set(
  'order group user table column default check end desc asc limit offset references primary grant'.split(' '),
);
/** Words that are hardly ever meant as a name. */
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

/** For a text that is compared with JSON but is not JSON. */
export function jsonComparison(kind: CacheKind): string {
  const path = kind === 'duckdb' ? "column->>'$'" : "column #>> '{}'";
  const field = kind === 'duckdb' ? "column->>'$.field'" : "column->>'field'";
  return `A JSON column is not a text: compare ${path} = 'text', or ${field} = 'text' for a field of it.`;
}
