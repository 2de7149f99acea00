/** Writes the rows of one guarded SELECT to a file. The database writes it, so memory stays bounded. */
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

/** Limited, because other processes wait for the file meanwhile. */
const TIME_LIMIT_MS = 10 * 60_000;
const SHOWN_ROWS = 5;

const FORMATS: Record<ExportRequest['format'], string> = {
  csv: 'FORMAT csv, HEADER true',
  jsonl: 'FORMAT json',
  parquet: 'FORMAT parquet, COMPRESSION zstd',
};

/** @throws as `query`; InputError `sql_not_alone` for a text that cannot be embedded in another statement */
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
      // The names in the file: DuckDB numbers the second of two equal names.
      const columns = await columnsOf(connection, (await select('*')).sql, database.redactor);
      const rows = await select(selection(columns, format));
      await guardPlan(connection, rows.sql);
      // The COPY contains only SQL that passed the guard, and its target is a name of our own.
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

/** Parquet has no 128-bit integers, the type of sums, and DuckDB would write them as doubles. JSON has no NaN. */
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
    'A column holds integers of more than 38 digits, which Parquet cannot store.',
    'CAST it AS VARCHAR in the SELECT, or choose csv or jsonl.',
  );
}

function notAlone(): InputError {
  return new InputError(
    'sql_not_alone',
    'This SQL cannot be exported: it does not work as a subquery.',
    'Remove a comment after the last semicolon, and give each column a unique name.',
  );
}
