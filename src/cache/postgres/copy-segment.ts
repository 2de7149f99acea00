/** Loads one segment: DuckDB writes it as CSV into the staging folder, COPY reads it from there. */
import { createReadStream } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { isDataError, SegmentFailure } from '../convert/segment-failure.ts';
import { convertedRows } from '../convert/select-sql.ts';
import { dataColumns, quoteText } from '../load/names.ts';
import type { Column, ReadableSegment } from '../load/types.ts';
import { acceptableRows } from './acceptable-rows.ts';
import type { Client } from './client.ts';
import type { Converter } from './converter.ts';

export interface Copying {
  readonly client: Client;
  readonly converter: Converter;
  readonly signal?: AbortSignal | undefined;
}

/** NULL is an empty field and every text is quoted, so that an empty text stays a text. */
const DUCKDB_CSV = `FORMAT csv, HEADER false, DELIMITER ',', QUOTE '"', ESCAPE '"', NULLSTR '', USE_TMP_FILE false`;
const POSTGRES_CSV = `FORMAT csv, DELIMITER ',', QUOTE '"', ESCAPE '"', NULL '', ENCODING 'UTF8'`;
const CHUNK = 256 * 1024;

/**
 * Inserts the rows of a segment.
 * @returns the number of rows
 * @throws SegmentFailure of the conversion, and Postgres's error for a value
 */
export async function copySegment(
  copying: Copying,
  table: string,
  columns: readonly Column[],
  readable: ReadableSegment,
): Promise<number> {
  return withCsv(copying, columns, readable, (path) =>
    copyFile(copying, `COPY ${table} (${dataColumns(columns).join(', ')}) FROM STDIN (${POSTGRES_CSV})`, path),
  );
}

/** The segment's rows as texts, for the named columns of a table. */
export async function copyTexts(
  copying: Copying,
  table: string,
  names: readonly string[],
  columns: readonly Column[],
  readable: ReadableSegment,
): Promise<number> {
  return withCsv(copying, columns, readable, (path) =>
    copyFile(copying, `COPY ${table} (${names.join(', ')}) FROM STDIN (${POSTGRES_CSV})`, path),
  );
}

async function withCsv<T>(
  { converter, signal }: Copying,
  columns: readonly Column[],
  readable: ReadableSegment,
  body: (path: string) => Promise<T>,
): Promise<T> {
  const path = `${readable.path}.csv`;
  const rows = convertedRows(readable, columns, Date.now());
  const select = readable.careful ? acceptableRows(rows, columns) : rows;
  const texts = columns.flatMap(({ type }, index) => (type === 'VARCHAR' || type === 'JSON' ? [`v${index}`] : []));
  const order = [...columns.map((_column, index) => `v${index}`), 'extracted_at', 'meta'].join(', ');
  const options = `${DUCKDB_CSV}, FORCE_QUOTE (${[...texts, 'meta'].join(', ')})`;
  try {
    // DuckDB does not change the mode of an existing file.
    await writeFile(path, '', { mode: 0o600 });
    await converter.use(async (connection) => {
      try {
        await connection.run(`COPY (SELECT ${order} FROM (${select})) TO ${quoteText(path)} (${options})`);
      } catch (error) {
        throw isDataError(error) ? new SegmentFailure(readable.origin, error) : error;
      }
    }, signal);
    return await body(path);
  } finally {
    await rm(path, { force: true });
  }
}

async function copyFile({ client, signal }: Copying, sql: string, path: string): Promise<number> {
  const { copyInto } = await import('./client.ts');
  const into = copyInto(client, sql);
  await pipeline(createReadStream(path, { highWaterMark: CHUNK }), into, ...(signal ? [{ signal }] : []));
  return into.rowCount;
}
