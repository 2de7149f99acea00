/** Finds fields that a stream's schema does not have, and what their values are. */
import { open, rm, writeFile } from 'node:fs/promises';
import type { DuckDBConnection } from '@duckdb/node-api';
import { isObject } from '../../protocol/index.ts';
import { quoteText } from '../load/names.ts';
import { type Column, type ColumnType, EMITTED_KEY, REPAIRS_KEY, type SegmentFile } from '../load/types.ts';
import { linesOf, parse } from './repair.ts';
import { pointer, source } from './select-sql.ts';

export interface UndeclaredField {
  readonly field: string;
  readonly type: ColumnType;
}

/** Up to this size every record is looked at; of a larger segment as much is looked at in pieces spread over it. */
const LOOKED_AT = 24 * 1024 * 1024;
const FEW_ROWS = 1_000;
/** Longer lines would take the database's memory several times over. */
const LONG_LINE = 8 * 1024 * 1024;
const PIECES = 64;
const PIECE_BYTES = 48 * 1024;
const MOST_FIELDS = 200;
const LINE_BREAK = 10;

/** @throws what DuckDB says of a file that it cannot read */
export async function undeclaredFields(
  connection: DuckDBConnection,
  segment: SegmentFile,
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
  segment: SegmentFile,
  columns: readonly Column[],
): Promise<UndeclaredField[]> {
  const known = new Set([...columns.map(({ field }) => field), EMITTED_KEY, REPAIRS_KEY]);
  const keys = await connection.runAndReadAll(`SELECT DISTINCT unnest(json_keys(data)) FROM (${dataOf(segment)})`);
  const fields = keys
    .getRows()
    .map(([key]) => String(key))
    .filter((key) => !known.has(key))
    .sort()
    .slice(0, MOST_FIELDS);
  const found: UndeclaredField[] = [];
  for (const field of fields) {
    const types = await connection.runAndReadAll(
      `SELECT DISTINCT json_type(data, ${quoteText(pointer(field))}) FROM (${dataOf(segment)})`,
    );
    const type = commonType(
      types.getRows().flatMap(([name]) => (name === null || name === 'NULL' ? [] : [String(name)])),
    );
    if (type) found.push({ field, type });
  }
  return found;
}

async function findByParsing(segment: SegmentFile, columns: readonly Column[]): Promise<UndeclaredField[]> {
  const known = new Set([...columns.map(({ field }) => field), EMITTED_KEY, REPAIRS_KEY]);
  const found = new Map<string, Set<string>>();
  for await (const line of linesOf(segment.path)) {
    const parsed = parse(line.toString('utf8'));
    const record = isObject(parsed) && segment.form === 'message' ? parsed.record : { data: parsed };
    const data = isObject(record) && isObject(record.data) ? record.data : {};
    for (const [field, value] of Object.entries(data)) {
      if (known.has(field) || value === null || found.size >= MOST_FIELDS) continue;
      found.set(field, (found.get(field) ?? new Set()).add(duckdbType(value)));
    }
  }
  return [...found].flatMap(([field, names]) => {
    const type = commonType([...names]);
    return type ? [{ field, type }] : [];
  });
}

function duckdbType(value: unknown): string {
  if (typeof value === 'number') return Number.isSafeInteger(value) ? 'BIGINT' : 'DOUBLE';
  if (typeof value === 'string') return 'VARCHAR';
  return typeof value === 'boolean' ? 'BOOLEAN' : 'OBJECT';
}

function dataOf(segment: SegmentFile): string {
  if (segment.form === 'data') return `SELECT json AS data FROM read_ndjson_objects(${source(segment)})`;
  return `SELECT record.data AS data FROM read_ndjson(${source(segment)}, columns = {'record': 'STRUCT(data JSON)'})`;
}

/** The column type for DuckDB's names of JSON types; undefined where nothing but null was seen. */
function commonType(names: readonly string[]): ColumnType | undefined {
  const types = new Set(names.map((name) => TYPES[name] ?? 'JSON'));
  const [first, ...others] = types;
  if (first === undefined || others.length === 0) return first;
  return [...types].every((type) => type === 'BIGINT' || type === 'DOUBLE') ? 'DOUBLE' : 'JSON';
}

const TYPES: Record<string, ColumnType> = {
  VARCHAR: 'VARCHAR',
  BOOLEAN: 'BOOLEAN',
  BIGINT: 'BIGINT',
  UBIGINT: 'BIGINT',
  DOUBLE: 'DOUBLE',
};

/** Whole lines from pieces at even distances, in a file of their own. */
async function samplePieces(segment: SegmentFile): Promise<SegmentFile> {
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
