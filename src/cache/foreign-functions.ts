/** Functions of other databases, with the equivalents of DuckDB and Postgres. */
import type { CacheKind } from './cache-kind.ts';

type Instead = Readonly<Record<CacheKind, string | undefined>>;

const both = (instead: string): Instead => ({ duckdb: instead, postgres: instead });
const duckdb = (instead: string): Instead => ({ duckdb: instead, postgres: undefined });
const postgres = (instead: string): Instead => ({ duckdb: undefined, postgres: instead });

/** By name in lower case; undefined if the database has the function itself. */
const FUNCTIONS: Readonly<Record<string, Instead>> = {
  // Times.
  to_char: duckdb("strftime(value, '%Y-%m-%d') for times, format('{:.2f}', value) for numbers"),
  to_date: duckdb("strptime(text, '%Y-%m-%d')::DATE"),
  to_timestamp: duckdb("strptime(text, '%Y-%m-%d')"),
  date_format: { duckdb: "strftime(value, '%Y-%m-%d')", postgres: "to_char(value, 'YYYY-MM-DD')" },
  strftime: postgres("to_char(value, 'YYYY-MM-DD')"),
  strptime: postgres("to_timestamp(text, 'YYYY-MM-DD')"),
  str_to_date: { duckdb: "strptime(text, '%Y-%m-%d')", postgres: "to_date(text, 'YYYY-MM-DD')" },
  getdate: both('now()'),
  sysdate: both('now()'),
  today: postgres('current_date'),
  curdate: both('current_date'),
  dateadd: both("value + INTERVAL '1 day'"),
  date_add: postgres("value + INTERVAL '1 day'"),
  date_sub: both("value - INTERVAL '1 day'"),
  datediff: { duckdb: "date_diff('day', from, to), its part in quotes", postgres: 'to::date - from::date for days' },
  date_diff: { duckdb: "date_diff('day', from, to), its part in quotes", postgres: 'to::date - from::date for days' },
  datepart: both("date_part('year', value)"),
  datetrunc: postgres("date_trunc('day', value)"),
  date_bin: duckdb("time_bucket(INTERVAL '1 hour', value)"),
  time_bucket: postgres("date_bin('1 hour', value, TIMESTAMPTZ '2000-01-01')"),
  ...Object.fromEntries(
    ['year', 'quarter', 'month', 'week', 'day', 'hour', 'minute', 'second'].map((part) => [
      part,
      postgres(`extract(${part} FROM value)`),
    ]),
  ),
  dayname: postgres("to_char(value, 'FMDay')"),
  monthname: postgres("to_char(value, 'FMMonth')"),
  last_day: postgres("(date_trunc('month', value) + INTERVAL '1 month - 1 day')::date"),
  epoch: postgres('extract(epoch FROM value)'),
  epoch_ms: postgres('extract(epoch FROM value) * 1000'),
  from_unixtime: both('to_timestamp(seconds)'),
  unix_timestamp: both('extract(epoch FROM value)'),
  // Values.
  isnull: both('coalesce(value, other), or value IS NULL'),
  nvl: both('coalesce(value, other)'),
  ifnull: postgres('coalesce(value, other)'),
  iif: both('CASE WHEN condition THEN a ELSE b END'),
  if: postgres('CASE WHEN condition THEN a ELSE b END'),
  decode: both('CASE value WHEN a THEN b ELSE c END'),
  convert: both('CAST(value AS type)'),
  try_cast: postgres('CAST(value AS type)'),
  safe_cast: { duckdb: 'TRY_CAST(value AS type)', postgres: 'CAST(value AS type)' },
  try_convert: { duckdb: 'TRY_CAST(value AS type)', postgres: 'CAST(value AS type)' },
  rand: both('random()'),
  // Texts.
  charindex: { duckdb: 'instr(text, part)', postgres: 'strpos(text, part)' },
  instr: postgres('strpos(text, part)'),
  contains: postgres('strpos(text, part) > 0'),
  len: postgres('length(text)'),
  strlen: postgres('octet_length(text)'),
  string_split: postgres("string_to_array(text, ',')"),
  str_split: postgres("string_to_array(text, ',')"),
  regexp_extract: postgres("substring(text FROM 'pattern')"),
  regexp_full_match: postgres("text ~ '^(pattern)$'"),
  regexp_match: duckdb("regexp_extract(text, 'pattern')"),
  initcap: duckdb('upper(text[1]) || lower(text[2:])'),
  to_number: duckdb('CAST(text AS DOUBLE)'),
  // Aggregates.
  group_concat: postgres("string_agg(value, ',')"),
  listagg: postgres("string_agg(value, ',')"),
  list: postgres('array_agg(value)'),
  any_value: postgres('min(value)'),
  first: postgres('(array_agg(value))[1]'),
  last: postgres('(array_agg(value ORDER BY other DESC))[1]'),
  ...Object.fromEntries(['arg_max', 'argmax', 'max_by'].map((name) => [name, postgres(ofGreatest(' DESC'))])),
  ...Object.fromEntries(['arg_min', 'argmin', 'min_by'].map((name) => [name, postgres(ofGreatest(''))])),
  median: postgres('percentile_cont(0.5) WITHIN GROUP (ORDER BY value)'),
  quantile: postgres('percentile_disc(0.9) WITHIN GROUP (ORDER BY value)'),
  quantile_cont: postgres('percentile_cont(0.9) WITHIN GROUP (ORDER BY value)'),
  quantile_disc: postgres('percentile_disc(0.9) WITHIN GROUP (ORDER BY value)'),
  approx_quantile: postgres('percentile_cont(0.9) WITHIN GROUP (ORDER BY value)'),
  approx_count_distinct: postgres('count(DISTINCT value)'),
  count_if: postgres('count(*) FILTER (WHERE condition)'),
  countif: both('count(*) FILTER (WHERE condition)'),
  sum_if: both('sum(value) FILTER (WHERE condition)'),
  sumif: both('sum(value) FILTER (WHERE condition)'),
  // JSON, lists, rows.
  json_value: { duckdb: "column->>'$.field'", postgres: "column->>'field'" },
  json_extract_string: postgres("column->>'field', or column #>> '{a,b}' for nested values"),
  json_extract: postgres("column->'field', or column #> '{a,b}' for nested values"),
  json_keys: postgres('jsonb_object_keys(column)'),
  json_array_length: postgres('jsonb_array_length(column)'),
  json_group_array: postgres('jsonb_agg(value)'),
  json_each: postgres('jsonb_each(column)'),
  jsonb_array_length: duckdb('json_array_length(column)'),
  jsonb_extract_path_text: duckdb("column->>'$.field'"),
  jsonb_array_elements: duckdb("unnest(json_extract(column, '$[*]'))"),
  jsonb_array_elements_text: duckdb("unnest(json_extract_string(column, '$[*]'))"),
  jsonb_object_keys: duckdb('unnest(json_keys(column))'),
  jsonb_build_object: duckdb("json_object('key', value)"),
  json_agg: duckdb('json_group_array(value)'),
  jsonb_agg: duckdb('json_group_array(value)'),
  list_contains: postgres('value = ANY (array)'),
  range: postgres('generate_series(from, to), which ends with to'),
};

function ofGreatest(order: '' | ' DESC'): string {
  return `(array_agg(value ORDER BY other${order}))[1]`;
}

/** The equivalent of a function; undefined if the database has the function itself, or none is known. */
export function functionInstead(name: string, kind: CacheKind): string | undefined {
  return Object.hasOwn(FUNCTIONS, name) ? FUNCTIONS[name]?.[kind] : undefined;
}
