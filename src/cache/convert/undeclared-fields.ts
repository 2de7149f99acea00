/** Finds fields that a stream's schema does not have, and the types of their values. */
import { open, rm, writeFile } from 'node:fs/promises';
import type { DuckDBConnection } from '@duckdb/node-api';
import { isObject } from '../../protocol/index.ts';
import { quoteText } from '../load/names.ts';
import { type Column, type ColumnType, EMITTED_KEY, REPAIRS_KEY, type ReadableSegment } from '../load/types.ts';
import { linesOf } from './lines.ts';
import { parse } from './repair.ts';
import { messageMembers, source } from './select-sql.ts';

export interface UndeclaredField {
  readonly field: string;
  readonly type: ColumnType;
}

/** Up to this size every record is read; of a larger segment, evenly spread samples of this total size are. */
const LOOKED_AT = 24 * 1024 * 1024;
const FEW_ROWS = 1_000;
/** Longer lines would need a multiple of the database's memory. */
const LONG_LINE = 8 * 1024 * 1024;
const PIECES = 64;
const PIECE_BYTES = 48 * 1024;
/** More than any table can hold; further fields are only counted. */
const MAX_FIELDS = 2_000;
const LINE_BREAK = 10;
const LARGE_INTEGER = '-?[0-9]{16,}';

/** @throws DuckDB's error for a file that it cannot read */
export async function undeclaredFields(
  connection: DuckDBConnection,
  segment: ReadableSegment,
  columns: readonly Column[],
): Promise<UndeclaredField[]> {
  if (columns.some(({ field }) => field === undefined)) return [];
  if (segment.longestLine > LONG_LINE) return findByParsing(segment, columns);
  if (segment.bytes <= LOOKED_AT || segment.rows <= FEW_ROWS) return find(connection, segment, columns);
  const sample = await samplePieces(segment);
  try {
    return await find(connection, sample, columns);
  } finally {
    await rm(sample.path, { force: true });
  }
}

async function find(
  connection: DuckDBConnection,
  segment: ReadableSegment,
  columns: readonly Column[],
): Promise<UndeclaredField[]> {
  const known = new Set([...columns.map(({ field }) => field), EMITTED_KEY, REPAIRS_KEY]);
  const keys = await connection.runAndReadAll(
    `SELECT DISTINCT '.' || unnest(json_keys(data)) FROM (${dataOf(segment)})`,
  );
  const fields = keys
    .getRows()
    // The driver would strip a leading U+FEFF.
    .map(([key]) => String(key).slice(1))
    .filter((key) => !known.has(key))
    .sort()
    .slice(0, MAX_FIELDS);
  if (fields.length === 0) return [];
  // JSON types have no integers beyond 64 bits, and doubles are exact only up to 2^53.
  const typeOf = `CASE WHEN json_type(data, pointer) IN ('BIGINT', 'UBIGINT', 'DOUBLE') AND regexp_full_match(data->>pointer, '${LARGE_INTEGER}')
    THEN 'LARGE' ELSE json_type(data, pointer) END`;
  const members = `SELECT data, unnest(json_keys(data)) AS key FROM (${dataOf(segment)})`;
  const pointers = `SELECT data, key, '/' || replace(replace(key, '~', '~0'), '/', '~1') AS pointer FROM (${members}) WHERE key IN (${fields.map(quoteText).join(', ')})`;
  const types = await connection.runAndReadAll(
    `SELECT '.' || key, string_agg(DISTINCT ${typeOf}, ' ') FROM (${pointers}) GROUP BY key`,
  );
  const byField = new Map(
    types.getRows().map(([field, names]) => [String(field).slice(1), String(names ?? '').split(' ')]),
  );
  return fields.flatMap((field) => {
    const type = commonType((byField.get(field) ?? []).filter((name) => name !== 'NULL' && name !== ''));
    return type ? [{ field, type }] : [];
  });
}

async function findByParsing(segment: ReadableSegment, columns: readonly Column[]): Promise<UndeclaredField[]> {
  const known = new Set([...columns.map(({ field }) => field), EMITTED_KEY, REPAIRS_KEY]);
  const found = new Map<string, Set<string>>();
  for await (const line of linesOf(segment.path)) {
    const parsed = parse(line.toString('utf8'));
    const record = isObject(parsed) && segment.form === 'message' ? parsed.record : { data: parsed };
    const data = isObject(record) && isObject(record.data) ? record.data : {};
    for (const [field, value] of Object.entries(data)) {
      if (known.has(field) || value === null || found.size >= MAX_FIELDS) continue;
      found.set(field, (found.get(field) ?? new Set()).add(duckdbType(value)));
    }
  }
  return [...found].flatMap(([field, names]) => {
    const type = commonType([...names]);
    return type ? [{ field, type }] : [];
  });
}

function duckdbType(value: unknown): string {
  if (typeof value === 'number') {
    if (!Number.isInteger(value) || Math.abs(value) >= 1e38) return 'DOUBLE';
    return Math.abs(value) >= 1e15 ? 'LARGE' : 'BIGINT';
  }
  if (typeof value === 'string') return 'VARCHAR';
  return typeof value === 'boolean' ? 'BOOLEAN' : 'OBJECT';
}

function dataOf(segment: ReadableSegment): string {
  if (segment.form === 'data') return `SELECT json AS data FROM read_ndjson_objects(${source(segment)})`;
  if (segment.repaired) return `SELECT data FROM (${messageMembers(segment)})`;
  return `SELECT record.data AS data FROM read_ndjson(${source(segment)}, columns = {'record': 'STRUCT(data JSON)'})`;
}

/** The column type for DuckDB's names of JSON types; undefined if all values were null. */
function commonType(names: readonly string[]): ColumnType | undefined {
  const types = new Set(names.map((name) => TYPES[name] ?? 'JSON'));
  const [first, ...others] = types;
  if (first === undefined || others.length === 0) return first;
  if (names.includes('LARGE') && types.has('DOUBLE')) return 'JSON';
  return [...types].every((type) => type === 'BIGINT' || type === 'DOUBLE') ? 'DOUBLE' : 'JSON';
}

const TYPES: Record<string, ColumnType> = {
  VARCHAR: 'VARCHAR',
  BOOLEAN: 'BOOLEAN',
  BIGINT: 'BIGINT',
  LARGE: 'BIGINT',
  UBIGINT: 'BIGINT',
  DOUBLE: 'DOUBLE',
};

/** Writes complete lines from evenly spaced samples to a separate file. */
async function samplePieces(segment: ReadableSegment): Promise<ReadableSegment> {
  const path = `${segment.path}.sample`;
  const length = PIECE_BYTES;
  const lines: Buffer[] = [];
  const file = await open(segment.path, 'r');
  try {
    for (let piece = 0; piece < PIECES; piece += 1) {
      const at = Math.floor(((segment.bytes - length) / (PIECES - 1)) * piece);
      const buffer = Buffer.alloc(length);
      const { bytesRead } = await file.read(buffer, 0, length, at);
      const start = at === 0 ? 0 : buffer.indexOf(LINE_BREAK) + 1;
      const end = buffer.lastIndexOf(LINE_BREAK, bytesRead - 1) + 1;
      if (end > start && (at === 0 || start > 0)) lines.push(buffer.subarray(start, end));
    }
  } finally {
    await file.close();
  }
  await writeFile(path, lines, { mode: 0o600 });
  return { ...segment, path, rows: 0, bytes: 0 };
}
