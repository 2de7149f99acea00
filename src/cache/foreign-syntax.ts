/** Syntax of other databases, with what to write for DuckDB and Postgres. */
import type { CacheKind } from './cache-kind.ts';

interface Rule {
  /** Matched against the SQL without its texts, quoted names and comments. */
  readonly pattern: RegExp;
  /** The only database that this hint is for. */
  readonly kind?: CacheKind;
  instead(...groups: (string | undefined)[]): string;
}

const NAME_COLUMNS = 'Name the columns that you want, one by one; describe_data lists them.';
const GROUPED = 'Name the columns in GROUP BY and ORDER BY, or give their numbers: GROUP BY 1, 2.';

const RULES: readonly Rule[] = [
  { pattern: /`/, instead: () => 'Names are quoted with double quotes: write "name" instead of `name`.' },
  {
    pattern: /[‘’‚‛“”„‟]/,
    instead: () => "Write texts in plain single quotes ('text') and names in plain double quotes.",
  },
  {
    pattern: /\bselect\s+(?:distinct\s+)?top\s*\(?\s*(\d+)/i,
    instead: (top) => `Leave TOP ${top} out, and write LIMIT ${top} at the end.`,
  },
  { pattern: /\blimit\s+(\d+)\s*,\s*(\d+)/i, instead: (from, count) => `Write LIMIT ${count} OFFSET ${from}.` },
  { pattern: /\bfrom\s+dual\b/i, instead: () => 'Leave FROM dual out.' },
  { pattern: /\brownum\b/i, instead: () => 'Write LIMIT n at the end instead of ROWNUM.' },
  {
    pattern: /\*\s*except\s*\(/i,
    kind: 'duckdb',
    instead: () => 'Write SELECT * EXCLUDE (name) instead of EXCEPT.',
  },
  {
    pattern: /\*\s*(?:exclude|except|replace|rename)\b|\bcolumns\s*\(/i,
    kind: 'postgres',
    instead: () => NAME_COLUMNS,
  },
  { pattern: /\b(?:group|order)\s+by\s+all\b/i, kind: 'postgres', instead: () => GROUPED },
  {
    pattern: /\bqualify\b/i,
    kind: 'postgres',
    instead: () =>
      'Postgres has no QUALIFY: put the SELECT with its window function into a subquery, and filter around it with WHERE.',
  },
  {
    pattern: /\binterval\s+(\d+)\s+([a-z]+)/i,
    kind: 'postgres',
    instead: (count, unit) => `Write INTERVAL '${count} ${unit?.toLowerCase()}'.`,
  },
  { pattern: /\{/, kind: 'postgres', instead: () => "Write jsonb_build_object('key', value) instead of {…}." },
  {
    pattern: /(?:^|[^\w\])"\s])\s*\[\s*[a-z_]\w*\s*\]|\b(?:select|by|where|and|or|on|from|join)\s*\[\s*[a-z_]\w*\s*\]/i,
    kind: 'postgres',
    instead: () => 'Names are quoted with double quotes: write "name" instead of [name].',
  },
  {
    pattern: /(?:^|[^\w\])"\s])\s*\[|\b(?:select|where|and|or|in)\s*\[/i,
    kind: 'postgres',
    instead: () => 'Write ARRAY[…] instead of […].',
  },
  { pattern: /\/\//, kind: 'postgres', instead: () => 'Write div(a, b) instead of a // b.' },
  { pattern: /==/, kind: 'postgres', instead: () => 'Write = instead of ==.' },
  {
    pattern: /\basof\s+(?:left\s+)?join\b/i,
    kind: 'postgres',
    instead: () => 'Postgres has no ASOF JOIN: write JOIN LATERAL (SELECT … ORDER BY … DESC LIMIT 1) AS b ON true.',
  },
  {
    pattern: /\b(anti|semi)\s+join\b/i,
    kind: 'postgres',
    instead: (which) => `Write WHERE ${which?.toLowerCase() === 'anti' ? 'NOT ' : ''}EXISTS (SELECT …) instead of it.`,
  },
  {
    pattern: /\busing\s+sample\b/i,
    kind: 'postgres',
    instead: () => 'Write ORDER BY random() LIMIT n, or TABLESAMPLE SYSTEM (10) behind the table.',
  },
  {
    pattern: /\b(?:from|join)\s*$|\b(?:from|join)\s{2,}(?:;|where|limit|$)/i,
    kind: 'postgres',
    instead: () => 'Only tables of the cache are read here, as dataset.table: no files.',
  },
  {
    pattern: /\bpivot\b/i,
    kind: 'postgres',
    instead: () => 'Postgres has no PIVOT: write one count(*) FILTER (WHERE name = …) for each column.',
  },
];

/** @param code the SQL without its texts, quoted names and comments */
export function foreignSyntax(code: string, kind: CacheKind): string | undefined {
  for (const rule of RULES) {
    if (rule.kind !== undefined && rule.kind !== kind) continue;
    const found = rule.pattern.exec(code);
    if (found) return rule.instead(...found.slice(1));
  }
  return undefined;
}
