/** Converts values that DuckDB can hold and Postgres cannot, for segments that are read tolerantly. */
import { quoteText } from '../load/names.ts';
import type { Column } from '../load/types.ts';

/** Substitute for an escaped backslash in JSON text: a character that never occurs there. */
const ASIDE = 'chr(1)';
/** Replaces U+0000 in a key; without a substitute, distinct keys would become equal. */
const SIGN_FOR_NULL = '\u2400';

/**
 * The rows of `convertedRows` with texts without U+0000, or with a sign for it in keys (noted in the row's `_airbyte_meta`),
 * and years before Christ as Postgres writes them.
 * @param rows a SELECT of v0, v1, …, `extracted_at` and `meta`
 */
export function acceptableRows(rows: string, columns: readonly Column[]): string {
  const values = columns.map((column, index) => `${acceptable(column, `v${index}`)} AS v${index}`);
  const changes = columns.flatMap(({ type, field }, index) => {
    const holds = holdsZero(type, `v${index}`);
    const name = quoteText((field ?? '').replaceAll('\0', ''));
    const change = `json_object('field', ${name}, 'change', 'TRUNCATED', 'reason', 'DESTINATION_SERIALIZATION_ERROR')`;
    return holds ? [{ holds, entry: `CASE WHEN ${holds} THEN ${change} END` }] : [];
  });
  const meta = withoutZeros('CAST(meta AS VARCHAR)');
  return `SELECT ${[...values, 'extracted_at', `${withChanges(meta, changes)} AS meta`].join(', ')} FROM (${rows})`;
}

/** A SELECT of how many values of each column hold U+0000: one row, one number for each column. */
export function countZeros(rows: string, columns: readonly Column[]): string {
  const counts = columns.map(({ type }, index) => {
    const holds = holdsZero(type, `v${index}`);
    return holds ? `count(*) FILTER (${holds})` : '0';
  });
  return `SELECT ${counts.join(', ')} FROM (${rows})`;
}

function withChanges(meta: string, changes: readonly { readonly holds: string; readonly entry: string }[]): string {
  if (changes.length === 0) return meta;
  const any = changes.map(({ holds }) => `coalesce(${holds}, false)`).join(' OR ');
  const own = `list_filter([${changes.map(({ entry }) => entry).join(', ')}], lambda change: change IS NOT NULL)`;
  const before = `coalesce(try_cast(json_extract(${meta}, '$.changes') AS JSON[]), [])`;
  return `CASE WHEN ${any} THEN CAST(json_object('changes', list_concat(${before}, ${own})) AS VARCHAR) ELSE ${meta} END`;
}

function holdsZero(type: Column['type'], value: string): string | undefined {
  if (type === 'VARCHAR') return `contains(${value}, chr(0))`;
  return type === 'JSON' ? `contains(${aside(value)}, '\\u0000')` : undefined;
}

function acceptable({ type, exact }: Column, value: string): string {
  const text = `CAST(${value} AS VARCHAR)`;
  const isBefore = `contains(${text}, ' (BC)')`;
  switch (type) {
    case 'VARCHAR':
      return `replace(${value}, chr(0), '${exact ? SIGN_FOR_NULL : ''}')`;
    case 'JSON':
      return withoutZeros(value, exact ? SIGN_FOR_NULL : '');
    case 'DATE':
    case 'TIMESTAMPTZ':
      return `CASE WHEN ${isBefore} THEN replace(${text}, ' (BC)', '') || ' BC' ELSE ${text} END`;
    default:
      return value;
  }
}

function withoutZeros(json: string, sign = ''): string {
  const cleaned = `replace(replace(${aside(json)}, '\\u0000', '${sign}'), ${ASIDE}, '\\\\')`;
  return `CASE WHEN contains(${json}, '\\u0000') THEN ${cleaned} ELSE CAST(${json} AS VARCHAR) END`;
}

function aside(json: string): string {
  return `replace(CAST(${json} AS VARCHAR), '\\\\', ${ASIDE})`;
}
