/** Quotes names of the cache for SQL. */
import { unescapeHidden } from '../hidden-characters.ts';
import type { CacheKind } from './cache-kind.ts';

/** Words that need quotes as a name, in both databases and then in one; found by trying every keyword as the name of a column, a table and a schema. */
const RESERVED = words(`all analyse analyze and any array as asc asymmetric authorization binary both case cast check
  collate collation column concurrently constraint create cross default deferrable desc distinct do else end except
  false fetch for foreign freeze from full group having ilike in initially inner intersect into is isnull join lateral
  leading left like limit natural not notnull null offset on only or order outer overlaps placing primary references
  returning right select similar some symmetric table tablesample then to trailing true union unique using variadic
  verbose when where window with`);
const OWN_RESERVED: Readonly<Record<CacheKind, ReadonlySet<string>>> = {
  duckdb: words(`anti asof at by describe glob lambda pivot pivot_longer pivot_wider positional qualify semi show
    summarize system temp unpack unpivot`),
  postgres: words(`current_catalog current_date current_role current_schema current_time current_timestamp current_user
    grant localtime localtimestamp session_user user`),
};
/** Postgres folds unquoted names to lower case; DuckDB ignores case. */
const PLAIN: Readonly<Record<CacheKind, RegExp>> = {
  duckdb: /^[a-z_][a-z0-9_]*$/i,
  postgres: /^[a-z_][a-z0-9_]*$/,
};

/** The name, in double quotes where it needs them. */
export function sqlName(name: string, kind: CacheKind): string {
  return PLAIN[kind].test(name) && !isReserved(name, kind) ? name : `"${name.replaceAll('"', '""')}"`;
}

/** `dataset.table`, each quoted where necessary. */
export function sqlPath(dataset: string, table: string, kind: CacheKind): string {
  return `${sqlName(dataset, kind)}.${sqlName(table, kind)}`;
}

export function isReserved(word: string, kind: CacheKind): boolean {
  const folded = word.toLowerCase();
  return RESERVED.has(folded) || OWN_RESERVED[kind].has(folded);
}

const SQL_PATH = /^(?:"(?:[^"]|"")+"|[^".]+)(?:\.(?:"(?:[^"]|"")+"|[^".]+))*$/;

/** Parses a name, or several with dots between, that may be quoted as in SQL. Escapes of invisible characters are decoded. */
export function withoutQuotes(name: string): string {
  if (!SQL_PATH.test(name)) return unescapeHidden(name);
  const bare = name.replace(/"((?:[^"]|"")*)"/g, (_all, inner: string) => inner.replaceAll('""', '"'));
  return unescapeHidden(bare);
}

/** The possible readings of a name, the likelier first: quoted as in SQL, and literally. */
export function nameReadings(name: string): string[] {
  return [...new Set([withoutQuotes(name), name])];
}

function words(text: string): ReadonlySet<string> {
  return new Set(text.trim().split(/\s+/));
}
