/** Writes the rows of one guarded SELECT to a file; the database writes it, so memory stays bounded. */
import { stat } from 'node:fs/promises';
import { InputError, messageOf } from '../../errors.ts';
import { jsonNumber } from '../export-sql.ts';
import { quoteName, quoteText } from '../load/names.ts';
import type { ExportRequest, ExportResult, QueryColumn } from '../types.ts';
import type { Database } from './database.ts';
import { type Guarded, guardQuery } from './guard.ts';
import { guardPlan } from './guard-plan.ts';
import { columnsOf, guarded, readPart } from './query.ts';
import { cellReader } from './query-cells.ts';

/** Other processes wait for the file all the while. */
const TIME_LIMIT_MS = 10 * 60_000;
const SHOWN_ROWS = 5;

const FORMATS: Record<ExportRequest['format'], string> = {
  csv: 'FORMAT csv, HEADER true',
  jsonl: 'FORMAT json',
  parquet: 'FORMAT parquet, COMPRESSION zstd',
};

/** @throws what a query throws; InputError `sql_not_alone` for text that cannot stand inside another statement */
export async function exportQuery(database: Database, sql: string, request: ExportRequest): Promise<ExportResult> {
  const { format, file, signal } = request;
  return guarded(
    database,
    sql,
    signal,
    async (connection, query) => {
      const inner = query.sql.replace(/[;\s]+$/, '');
      const select = (what: string): Promise<Guarded> =>
        guardQuery(connection, `SELECT ${what} FROM (${inner}\n)`).catch((error: unknown) => {
          throw error instanceof InputError ? notAlone() : error;
        });
      // As they are named in the file: of two equal names one gets a number.
      const columns = await columnsOf(connection, (await select('*')).sql, database.redactor);
      const rows = await select(selection(columns, format));
      await guardPlan(connection, rows.sql);
      // Only what the guard let through stands in the COPY, and only our own name in its target.
      const target = `TO ${quoteText(file)} (${FORMATS[format]}, USE_TMP_FILE false)`;
      const copied = await connection.run(`COPY (${rows.sql}) ${target}`).catch((error: unknown) => {
        throw /to DECIMAL\(38,0\)/.test(messageOf(error)) ? tooWide() : error;
      });
      const first = await readPart(
        cellReader(await import('@duckdb/node-api'), database.redactor),
        connection,
        `SELECT * FROM (${inner}\n) LIMIT ${SHOWN_ROWS}`,
        columns,
        0,
        { limit: SHOWN_ROWS, offset: 0, signal },
      );
      const readsTables = query.tables.length > 0;
      return { columns, rows: copied.rowsChanged, bytes: (await stat(file)).size, firstRows: first.rows, readsTables };
    },
    TIME_LIMIT_MS,
  );
}

/** Parquet has no integers of 128 bits, and DuckDB would write them as doubles; sums are such. JSON has no NaN. */
function selection(columns: readonly QueryColumn[], format: ExportRequest['format']): string {
  const changed = columns.flatMap(({ name, type }) => {
    const column = quoteName(name);
    if (format === 'parquet' && (type === 'HUGEINT' || type === 'UHUGEINT')) {
      return [`CAST(${column} AS DECIMAL(38, 0)) AS ${column}`];
    }
    return format === 'jsonl' && (type === 'DOUBLE' || type === 'FLOAT') ? [`${jsonNumber(column)} AS ${column}`] : [];
  });
  return changed.length === 0 ? '*' : `* REPLACE (${changed.join(', ')})`;
}

function tooWide(): InputError {
  return new InputError(
    'parquet_integer',
    'A column holds integers of more than 38 digits, which Parquet cannot.',
    'CAST it AS VARCHAR in the SELECT, or choose csv or jsonl.',
  );
}

function notAlone(): InputError {
  return new InputError(
    'sql_not_alone',
    'This SQL cannot be exported: it does not stand inside another SELECT.',
    'Leave out a comment after the last semicolon, and give each column a name of its own.',
  );
}
