/**
 * The SELECT that turns a segment into rows. Everything is read as text and cast here: DuckDB's typed reading
 * silently alters values (12.5 to 12, true to 1, times cut off dates), and costs about the same.
 */
import { foldName, quoteName, quoteText } from '../load/names.ts';
import { type Column, EMITTED_KEY, REPAIRS_KEY, type ReadableSegment } from '../load/types.ts';
import { type ColumnGroup, largeGroups, pairList } from './column-groups.ts';
import { CLEAN_META, changeKinds, metaOf } from './meta-sql.ts';
import { castTo } from './value-sql.ts';

/** `struct` is fast; `path` accepts any JSON object: keys that differ in case, empty and repeated keys. */
type Reading = 'struct' | 'path';

/** Whether the fast reading can distinguish these columns' keys. */
function readingFor(columns: readonly Column[]): Reading {
  const fields = columns.map(({ field }) => field);
  const folded = new Set(fields.map((field) => foldName(field ?? '')));
  const own = [EMITTED_KEY, REPAIRS_KEY].some((key) => folded.has(key));
  const odd = fields.some((field) => field === undefined || field === '' || field.includes('\u0000'));
  return own || odd || folded.size < fields.length ? 'path' : 'struct';
}

/** Whether the records of a stream with these columns may be cut to `data` lines. */
export function takesData(columns: readonly Column[]): boolean {
  return columns.every(({ field }) => field !== undefined) && readingFor(columns) === 'struct';
}

/**
 * Columns v0, v1, …, `extracted_at` and `meta`. `now` in milliseconds is used where a record does not have the time when it was
 * read.
 */
export function convertedRows(segment: ReadableSegment, columns: readonly Column[], now: number): string {
  const groups = largeGroups(columns);
  const pairs = new Map(
    groups.flatMap(({ indexes }, group) => indexes.map((index, position) => [index, `p${group}[${position + 1}].v`])),
  );
  const values = columns.map(
    (column, index) => `${pairs.get(index) ?? castTo(column, `r${index}`, segment.careful)} AS v${index}`,
  );
  const kinds = segment.careful ? groups.map((group, at) => `${changeKinds(group, `p${at}`)} AS k${at}`) : [];
  const texts = columns.flatMap((_column, index) => (pairs.has(index) ? [] : [`r${index}`]));
  const from = pairedRows(segment, columns, groups, texts);
  const cast = `SELECT ${[...values, ...kinds, ...texts].join(', ')}, emitted, meta, repairs FROM (${from})`;
  const shown = columns.map((_column, index) => `v${index}`);
  return `SELECT ${shown.join(', ')}, ${extractedAt(segment, now)} AS extracted_at, ${meta(segment, columns, groups)} AS meta FROM (${cast})`;
}

/** Columns p0, p1, … with the list of each group, and the other columns of `rawRows`. */
export function pairedRows(
  segment: ReadableSegment,
  columns: readonly Column[],
  groups: readonly ColumnGroup[],
  texts: readonly string[],
): string {
  const raw = rawRows(segment, columns);
  if (groups.length === 0) return raw;
  const lists = groups.map((group, at) => `${pairList(group, segment.careful)} AS p${at}`);
  return `SELECT ${[...texts, ...lists].join(', ')}, emitted, meta, repairs FROM (${raw})`;
}

function meta(segment: ReadableSegment, columns: readonly Column[], groups: readonly ColumnGroup[]): string {
  if (segment.careful) return metaOf(columns, groups);
  return segment.form === 'data' ? CLEAN_META : metaOf([], []);
}

function extractedAt({ form }: ReadableSegment, now: number): string {
  // The router has already validated the digits of a data line.
  if (form === 'data') return 'make_timestamptz(emitted * 1000)';
  // A time outside the years 1 to 9999 is ignored.
  const valid = 'try_cast(emitted AS DOUBLE) BETWEEN -62135596800000 AND 253402300799999';
  return `make_timestamptz(CASE WHEN ${valid} THEN CAST(try_cast(emitted AS DOUBLE) * 1000 AS BIGINT) ELSE ${now}000 END)`;
}

/** Columns r0, r1, … with each field's text, `emitted`, `meta` and `repairs`. */
export function rawRows(segment: ReadableSegment, columns: readonly Column[]): string {
  const [only] = columns;
  const isRecordOnly = columns.length === 1 && only?.field === undefined;
  // A repeated key in a record fails the fast reading.
  const reading = segment.repaired ? 'path' : readingFor(columns);
  if (segment.form === 'data') {
    const none = 'NULL::JSON AS meta, NULL::JSON AS repairs';
    if (isRecordOnly || reading === 'path') {
      const rest = `CAST(json->>'$."${EMITTED_KEY}"' AS BIGINT) AS emitted, ${none}`;
      return byPath('json', columns, rest, `read_ndjson_objects(${source(segment)})`);
    }
    const struct = columns.map(({ field = '', type }) => `${quoteText(field)}: '${textType(type)}'`);
    const fields = columns.map(({ field = '' }, index) => `${quoteName(field)} AS r${index}`);
    const from = `read_ndjson(${source(segment)}, columns = {${[...struct, `${quoteText(EMITTED_KEY)}: 'BIGINT'`].join(', ')}})`;
    return `SELECT ${fields.join(', ')}, ${quoteName(EMITTED_KEY)} AS emitted, ${none} FROM ${from}`;
  }
  if (segment.repaired) return byPath('data', columns, 'emitted, meta, repairs', `(${messageMembers(segment)})`);
  const messages = (data: string): string => {
    const record = `'record': ${quoteText(`STRUCT(data ${data}, emitted_at VARCHAR, meta JSON)`)}`;
    return `read_ndjson(${source(segment)}, columns = {${record}})`;
  };
  const rest = `record.emitted_at AS emitted, record.meta AS meta, NULL::JSON AS repairs`;
  if (isRecordOnly) return `SELECT record.data AS r0, ${rest} FROM ${messages('JSON')}`;
  if (reading === 'path') return byPath(OBJECT_DATA, columns, rest, messages('JSON'));
  const struct = columns.map(({ field = '', type }) => `${quoteName(field)} ${textType(type)}`);
  const fields = columns.map(({ field = '' }, index) => `record.data.${quoteName(field)} AS r${index}`);
  return `SELECT ${fields.join(', ')}, ${rest} FROM ${messages(`STRUCT(${struct.join(', ')})`)}`;
}

/** Read by path, a list has no members, so a list instead of a record would go unnoticed. */
const OBJECT_DATA = `CASE WHEN coalesce(starts_with(CAST(record.data AS VARCHAR), '{'), true) THEN record.data ELSE error('no object') END`;

/** Columns `data`, `emitted`, `meta` and `repairs` of a repaired segment; accepts repeated keys. */
export function messageMembers(segment: ReadableSegment): string {
  const member = (path: string): string => `json_extract(json, '${path}')`;
  return `SELECT ${member('/record/data')} AS data, json_extract_string(json, '/record/emitted_at') AS emitted,
    ${member('/record/meta')} AS meta, ${member(`/${REPAIRS_KEY}`)} AS repairs FROM read_ndjson_objects(${source(segment)})`;
}

function byPath(data: string, columns: readonly Column[], rest: string, from: string): string {
  const paths = `[${columns.map(({ field = '' }) => quoteText(pointer(field))).join(', ')}]`;
  const fields = columns.map(({ field, type }, index) => {
    if (field === undefined) return `nullif(CAST(d AS VARCHAR), 'null') AS r${index}`;
    const json = `nullif(CAST(j[${index + 1}] AS VARCHAR), 'null')`;
    return `${type === 'JSON' ? json : `s[${index + 1}]`} AS r${index}`;
  });
  const lists = `${data} AS d, json_extract_string(${data}, ${paths}) AS s, json_extract(${data}, ${paths}) AS j`;
  return `SELECT ${fields.join(', ')}, emitted, meta, repairs FROM (SELECT ${lists}, ${rest} FROM ${from})`;
}

/** Arguments of DuckDB's readers: the file, and the buffer size that it needs. */
export function source({ path, longestLine }: Pick<ReadableSegment, 'path' | 'longestLine'>): string {
  return `${quoteText(path)}, maximum_object_size = ${Math.max(1_048_576, longestLine + 16)}`;
}

/** The JSON pointer of a field. */
export function pointer(field: string): string {
  return `/${field.replaceAll('~', '~0').replaceAll('/', '~1')}`;
}

function textType(type: Column['type']): string {
  return type === 'JSON' ? 'JSON' : 'VARCHAR';
}
