/** Writes the rows of one guarded SELECT to a file; the database writes it, so memory stays bounded. */
import { stat } from 'node:fs/promises';
import { InputError } from '../../errors.ts';
import { quoteName, quoteText } from '../load/names.ts';
import type { ExportRequest, ExportResult, QueryColumn } from '../types.ts';
import type { Database } from './database.ts';
import { guardQuery } from './guard.ts';
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
      const columns = await columnsOf(connection, query.sql);
      const inner = query.sql.replace(/[;\s]+$/, '');
      const whole = `SELECT ${selection(columns, format)} FROM (${inner}\n)`;
      const rows = await guardQuery(connection, whole).catch((error: unknown) => {
        throw error instanceof InputError ? notAlone() : error;
      });
      await guardPlan(connection, rows.sql);
      // Only what the guard let through stands in the COPY, and only our own name in its target.
      const target = `TO ${quoteText(file)} (${FORMATS[format]}, USE_TMP_FILE false)`;
      const copied = await connection.run(`COPY (${rows.sql}) ${target}`);
      const first = await readPart(
        cellReader(await import('@duckdb/node-api'), database.redactor),
        connection,
        `SELECT * FROM (${inner}\n) LIMIT ${SHOWN_ROWS}`,
        columns,
        0,
        { limit: SHOWN_ROWS, offset: 0, signal },
      );
      return { columns, rows: copied.rowsChanged, bytes: (await stat(file)).size, firstRows: first.rows };
    },
    TIME_LIMIT_MS,
  );
}

/** Parquet has no integers of 128 bits, and DuckDB would write them as doubles; sums are such. */
function selection(columns: readonly QueryColumn[], format: ExportRequest['format']): string {
  const wide = format === 'parquet' ? columns.filter(({ type }) => type === 'HUGEINT' || type === 'UHUGEINT') : [];
  if (wide.length === 0) return '*';
  const casts = wide.map(({ name }) => `CAST(${quoteName(name)} AS DECIMAL(38, 0)) AS ${quoteName(name)}`);
  return `* REPLACE (${casts.join(', ')})`;
}

function notAlone(): InputError {
  return new InputError(
    'sql_not_alone',
    'This SQL cannot be exported: it does not stand inside another SELECT.',
    'Leave out a comment after the last semicolon, and give each column a name of its own.',
  );
}
