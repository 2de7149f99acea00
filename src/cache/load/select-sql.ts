/**
 * The SELECT that turns a segment into rows. Everything is read as text and cast with `try_cast`: DuckDB's typed reading
 * alters values in silence (12.5 to 12, true to 1, times cut off dates), and costs about the same.
 */
import { foldName, quoteName, quoteText } from './names.ts';
import type { Column, ColumnType, SegmentFile } from './types.ts';

/** `struct` is quick; `path` takes any JSON object: keys that differ in case, empty and repeated keys. */
export type Reading = 'struct' | 'path';

const CLEAN = `'{"changes":[]}'`;

/** Whether the quick reading can tell these columns' keys apart. */
export function readingFor(columns: readonly Column[]): Reading {
  const fields = columns.map(({ field }) => field);
  const folded = new Set(fields.map((field) => foldName(field ?? '')));
  return folded.size < fields.length || fields.some((field) => field === '' || field?.includes('\u0000'))
    ? 'path'
    : 'struct';
}

/** `now` in milliseconds stands in where a record does not say when it was read. */
export function selectRows(segment: SegmentFile, columns: readonly Column[], reading: Reading, now: number): string {
  const values = columns.map((column, index) => `${valueFrom(column.type, `r${index}`)} AS v${index}`);
  const raws = columns.map((_column, index) => `r${index}`);
  // A time outside the years 1 to 9999 is no time.
  const emitted = `CASE WHEN try_cast(emitted AS DOUBLE) BETWEEN -62135596800000 AND 253402300799999 THEN CAST(try_cast(emitted AS DOUBLE) * 1000 AS BIGINT) ELSE ${now}000 END`;
  return [
    `SELECT ${columns.map((_column, index) => `v${index}`).join(', ')},`,
    `make_timestamptz(${emitted}), ${metaOf(columns)}`,
    `FROM (SELECT ${[...values, ...raws].join(', ')}, emitted, meta`,
    `FROM (${rawRows(segment, columns, reading)}))`,
  ].join(' ');
}

function rawRows(segment: SegmentFile, columns: readonly Column[], reading: Reading): string {
  const record = (data: string): string =>
    `read_ndjson(${quoteText(segment.path)}, columns = {'record': ${quoteText(
      `STRUCT(data ${data}, emitted_at VARCHAR, meta JSON)`,
    )}}, maximum_object_size = ${Math.max(1_048_576, segment.longestLine + 16)})`;
  const rest = 'record.emitted_at AS emitted, record.meta AS meta';
  const [only] = columns;
  if (only && only.field === undefined) return `SELECT record.data AS r0, ${rest} FROM ${record('JSON')}`;
  if (reading === 'struct') {
    const struct = columns.map(({ field = '', type }) => `${quoteName(field)} ${type === 'JSON' ? 'JSON' : 'VARCHAR'}`);
    const fields = columns.map(({ field = '' }, index) => `record.data.${quoteName(field)} AS r${index}`);
    return `SELECT ${fields.join(', ')}, ${rest} FROM ${record(`STRUCT(${struct.join(', ')})`)}`;
  }
  const paths = `[${columns.map(({ field = '' }) => quoteText(pointer(field))).join(', ')}]`;
  const fields = columns.map(({ type }, index) =>
    type === 'JSON' ? `nullif(CAST(j[${index + 1}] AS VARCHAR), 'null') AS r${index}` : `s[${index + 1}] AS r${index}`,
  );
  const lists = `json_extract_string(record.data, ${paths}) AS s, json_extract(record.data, ${paths}) AS j`;
  return `SELECT ${fields.join(', ')}, emitted, meta FROM (SELECT ${lists}, ${rest} FROM ${record('JSON')})`;
}

function pointer(field: string): string {
  return `/${field.replaceAll('~', '~0').replaceAll('/', '~1')}`;
}

function valueFrom(type: ColumnType, raw: string): string {
  switch (type) {
    case 'VARCHAR':
    case 'JSON':
      return raw;
    case 'BIGINT': {
      // The cast alone would round 12.5; what has a fraction or an exponent must be whole.
      const suspicious = `contains(${raw}, '.') OR contains(${raw}, 'e') OR contains(${raw}, 'E')`;
      const whole = `try_cast(${raw} AS DOUBLE) = floor(try_cast(${raw} AS DOUBLE))`;
      return `CASE WHEN ${suspicious} THEN CASE WHEN ${whole} THEN try_cast(${raw} AS BIGINT) END ELSE try_cast(${raw} AS BIGINT) END`;
    }
    default:
      return `try_cast(${raw} AS ${type})`;
  }
}

/** Where a part of the value is lost in the cast, though the cast succeeds: a date with a time, a time with an offset. */
function cutBy(type: ColumnType, value: string, raw: string): string | undefined {
  if (type === 'DATE') {
    return `(length(${raw}) > 10 AND try_cast(${raw} AS TIMESTAMP) <> CAST(${value} AS TIMESTAMP))`;
  }
  if (type === 'TIME') return `(contains(${raw}, '+') OR contains(${raw}, '-'))`;
  return undefined;
}

function metaOf(columns: readonly Column[]): string {
  const checks: string[] = [];
  const entries: string[] = [];
  for (const [index, { type, field }] of columns.entries()) {
    if (type === 'VARCHAR' || type === 'JSON') continue;
    const [value, raw] = [`v${index}`, `r${index}`];
    const nulled = `(${value} IS NULL AND ${raw} IS NOT NULL)`;
    const cut = cutBy(type, value, raw);
    checks.push(nulled, ...(cut ? [cut] : []));
    const change = (kind: string): string =>
      `json_object('field', ${quoteText(field ?? '')}, 'change', '${kind}', 'reason', 'DESTINATION_TYPECAST_ERROR')`;
    const truncated = cut ? ` WHEN ${cut} THEN ${change('TRUNCATED')}` : '';
    entries.push(`CASE WHEN ${nulled} THEN ${change('NULLED')}${truncated} END`);
  }
  const own = entries.length > 0 ? `list_filter([${entries.join(', ')}], lambda change: change IS NOT NULL)` : '[]';
  const theirs = `coalesce(try_cast(json_extract(meta, '$.changes') AS JSON[]), [])`;
  const condition = [...checks, 'meta IS NOT NULL'].join(' OR ');
  return `CASE WHEN ${condition} THEN json_object('changes', list_concat(${theirs}, ${own})) ELSE ${CLEAN} END`;
}
