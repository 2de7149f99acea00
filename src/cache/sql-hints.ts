/** What a database wants in the place of what other databases take. */
import type { Cache } from './cache.ts';
import { isReserved } from './sql-name.ts';
import { codeOnly } from './sql-text.ts';

type Kind = Cache['kind'];

/** Functions of other databases, with what each of ours has instead; undefined where it has the function itself. */
const FUNCTIONS: Readonly<Record<string, Readonly<Record<Kind, string | undefined>>>> = {
  to_char: {
    duckdb: "strftime(value, '%Y-%m-%d') for times, format('{:.2f}', value) for numbers",
    postgres: undefined,
  },
  to_date: { duckdb: "strptime(text, '%Y-%m-%d')::DATE", postgres: undefined },
  date_format: { duckdb: "strftime(value, '%Y-%m-%d')", postgres: "to_char(value, 'YYYY-MM-DD')" },
  strftime: { duckdb: undefined, postgres: "to_char(value, 'YYYY-MM-DD')" },
  strptime: { duckdb: undefined, postgres: "to_timestamp(text, 'YYYY-MM-DD')" },
  str_to_date: { duckdb: "strptime(text, '%Y-%m-%d')", postgres: "to_date(text, 'YYYY-MM-DD')" },
  getdate: both('now()'),
  sysdate: both('now()'),
  curdate: both('current_date'),
  isnull: both('coalesce(value, other), or value IS NULL'),
  nvl: both('coalesce(value, other)'),
  ifnull: { duckdb: undefined, postgres: 'coalesce(value, other)' },
  iif: both('CASE WHEN condition THEN a ELSE b END'),
  decode: { duckdb: 'CASE value WHEN a THEN b ELSE c END', postgres: 'CASE value WHEN a THEN b ELSE c END' },
  dateadd: both("value + INTERVAL '1 day'"),
  date_add: { duckdb: undefined, postgres: "value + INTERVAL '1 day'" },
  date_sub: { duckdb: "value - INTERVAL '1 day'", postgres: "value - INTERVAL '1 day'" },
  datediff: { duckdb: "date_diff('day', from, to), its part in quotes", postgres: 'to::date - from::date for days' },
  date_diff: { duckdb: "date_diff('day', from, to), its part in quotes", postgres: 'to::date - from::date for days' },
  datepart: { duckdb: "date_part('year', value)", postgres: "date_part('year', value)" },
  from_unixtime: both('to_timestamp(seconds)'),
  unix_timestamp: both('extract(epoch FROM value)'),
  convert: both('CAST(value AS type)'),
  safe_cast: { duckdb: 'TRY_CAST(value AS type)', postgres: 'CAST(value AS type)' },
  try_convert: { duckdb: 'TRY_CAST(value AS type)', postgres: 'CAST(value AS type)' },
  charindex: { duckdb: 'instr(text, part)', postgres: 'strpos(text, part)' },
  group_concat: { duckdb: undefined, postgres: "string_agg(value, ',')" },
  listagg: { duckdb: undefined, postgres: "string_agg(value, ',')" },
  json_value: { duckdb: "column->>'$.field'", postgres: "column->>'field'" },
  rand: both('random()'),
};

/** What to write instead, where a part of the SQL is known to be another database's; undefined where none is. */
export function foreignSql(sql: string): string | undefined {
  const code = codeOnly(sql);
  if (code.includes('`')) return 'Names are quoted with double quotes: write "name" in the place of `name`.';
  if (/[‘’‚‛“”„‟]/.test(code)) return "Write texts in plain single quotes ('text') and names in plain double quotes.";
  const top = /\bselect\s+(?:distinct\s+)?top\s*\(?\s*(\d+)/i.exec(code)?.[1];
  if (top !== undefined) return `Leave TOP ${top} out, and write LIMIT ${top} at the end.`;
  const limit = /\blimit\s+(\d+)\s*,\s*(\d+)/i.exec(code);
  if (limit) return `Write LIMIT ${limit[2]} OFFSET ${limit[1]}.`;
  if (/\bfrom\s+dual\b/i.test(code)) return 'Leave FROM dual out.';
  if (/\brownum\b/i.test(code)) return 'Write LIMIT n at the end in the place of ROWNUM.';
  return undefined;
}

/** Their first argument is a part of a date, which other databases take without quotes: it is looked for as a column. */
const TAKE_PARTS = new Set(['datediff', 'date_diff', 'dateadd', 'date_add', 'date_sub', 'datepart']);

/** The same of a function that the database does not have, or not with these arguments; `message` is what the database said. */
export function foreignFunction(sql: string, message: string, kind: Kind): string | undefined {
  const refusal = message.toLowerCase();
  const isColumn = /column "?\w+"? (?:not found|does not exist)/.test(refusal);
  for (const [, called, word] of codeOnly(sql).matchAll(/\b([a-z_]+)\s*\(|\b(sysdate)\b/gi)) {
    const name = (called ?? word ?? '').toLowerCase();
    const instead = Object.hasOwn(FUNCTIONS, name) ? FUNCTIONS[name]?.[kind] : undefined;
    const isMeant = refusal.includes(name) || (isColumn && TAKE_PARTS.has(name));
    if (instead !== undefined && isMeant) return `In the place of ${name} write ${instead}.`;
  }
  return undefined;
}

/** Reserved words that stand before others in any query. */
const LEADING =
  /^(?:select|distinct|from|where|on|using|join|and|or|not|having|with|as|case|when|then|else|union|in|is)$/i;

/** For a syntax error at a word that can be a name only in quotes, or right behind one: `select order from`. */
export function reservedWord(sql: string, message: string, kind: Kind): string | undefined {
  const found = /at or near "(\w+)"/.exec(message)?.[1];
  if (found === undefined || !isReserved(found, kind)) return undefined;
  const behind = new RegExp(`\\b(\\w+)\\s+${found}\\b`, 'gi');
  const before = [...codeOnly(sql).matchAll(behind)].flatMap(([, word = '']) => word);
  const word = before.find((one) => isReserved(one, kind) && !LEADING.test(one)) ?? found;
  return `Correct the SQL; if ${word} is meant as a name, write "${word}" in double quotes, as describe_data shows it.`;
}

/** For a text that is compared with JSON, and is none. */
export function jsonComparison(kind: Kind): string {
  const path = kind === 'duckdb' ? "column->>'$'" : "column #>> '{}'";
  const field = kind === 'duckdb' ? "column->>'$.field'" : "column->>'field'";
  return `A JSON column is not a text: compare ${path} = 'text', or ${field} = 'text' for a field of it.`;
}

function both(instead: string): Record<Kind, string> {
  return { duckdb: instead, postgres: instead };
}
