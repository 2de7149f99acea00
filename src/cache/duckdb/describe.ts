/** What the cache holds: datasets, tables, columns, rows, freshness and samples. */
import { stat } from 'node:fs/promises';
import type { DuckDBConnection } from '@duckdb/node-api';
import type { JsonValue } from '../../protocol/index.ts';
import type { Redactor } from '../../secrets/index.ts';
import { hasBookkeeping, type KnownStream, readStreams } from '../bookkeeping/index.ts';
import {
  choose,
  describeDatasets,
  keyColumns,
  newOutputBudget,
  type OutputBudget,
  SAMPLE_CELL_CAP,
  SAMPLE_ROWS,
  tableFacts,
  takeFromBudget,
} from '../description.ts';
import type { DescribeDetail, DescribeRequest, Description, TableSummary } from '../types.ts';
import type { Database } from './database.ts';
import { catalogTables, type FoundTable, readBytes, readColumns } from './describe-catalog.ts';
import { loadConnection } from './load-store.ts';
import { cellReader } from './query-cells.ts';
import { queryError } from './query-errors.ts';
import { withStream } from './stream.ts';

/**
 * Describes the cache, one dataset or one table. Row counts are exact; bytes are the approximate size on disk.
 * @throws InputError `no_data_yet`, `unknown_dataset` or `unknown_table` with near names
 */
export async function describeData(
  database: Database,
  request: DescribeRequest,
  signal?: AbortSignal,
): Promise<Description> {
  return database.use(
    'describe_data',
    async (connection) => {
      await connection.run('BEGIN TRANSACTION READ ONLY');
      try {
        return await describe(connection, request, database.redactor);
      } catch (error) {
        throw queryError(error, '');
      } finally {
        await connection.run('ROLLBACK');
      }
    },
    { mustExist: true, ...(signal && { signal }) },
  );
}

async function describe(
  connection: DuckDBConnection,
  request: DescribeRequest,
  redactor: Redactor,
): Promise<Description> {
  const all = await catalogTables(connection);
  const chosen = choose(all, request, 'duckdb');
  const sql = loadConnection(connection);
  const known = (await hasBookkeeping(sql)) ? await readStreams(sql) : [];
  const budget = newOutputBudget(redactor);
  const datasets = await describeDatasets(chosen, known, (table, stream) =>
    describeTable(connection, table, stream, request.detail, budget),
  );
  const file = await databaseFile(connection);
  const { withoutColumns, withoutSamples } = budget;
  return { datasets, withoutColumns, withoutSamples, ...(file !== undefined && { fileBytes: file }) };
}

async function describeTable(
  connection: DuckDBConnection,
  found: FoundTable,
  stream: KnownStream | undefined,
  detail: DescribeDetail,
  budget: OutputBudget,
): Promise<TableSummary> {
  const base = tableFacts(found.table, found.view, stream);
  // The rows of a view are not counted: it may be an endless join.
  const sizes = found.view ? {} : await tableSize(connection, found);
  if (detail === 'names') return { ...base, ...sizes };
  const primaryKey = stream && stream.primaryKey.length > 0 ? keyColumns(stream) : found.primaryKey;
  const columns = await readColumns(connection, found, stream, budget.redactor);
  const { fits, sampled } = takeFromBudget(budget, columns.length, detail, found.view);
  return {
    ...base,
    ...sizes,
    ...(fits && { columns }),
    ...(primaryKey.length > 0 && { primaryKey }),
    ...(sampled && { samples: await readSamples(connection, found, budget.redactor) }),
  };
}

async function tableSize(connection: DuckDBConnection, found: FoundTable): Promise<{ rows: number; bytes?: number }> {
  const rows = await countRows(connection, found);
  const bytes = await readBytes(connection, found, rows);
  return bytes === undefined ? { rows } : { rows, bytes };
}

async function countRows(connection: DuckDBConnection, { quoted }: FoundTable): Promise<number> {
  return Number((await connection.runAndReadAll(`SELECT count(*) FROM ${quoted}`)).getRows()[0]?.[0] ?? 0);
}

async function readSamples(
  connection: DuckDBConnection,
  { quoted }: FoundTable,
  redactor: Redactor,
): Promise<JsonValue[][]> {
  const readCell = cellReader(await import('@duckdb/node-api'), redactor, SAMPLE_CELL_CAP);
  return withStream(connection, `SELECT * FROM ${quoted} LIMIT ${SAMPLE_ROWS}`, async (result, fetch) => {
    const chunk = await fetch();
    if (!chunk) return [];
    return Array.from({ length: chunk.rowCount }, (_, row) =>
      Array.from({ length: result.columnCount }, (_none, at) => readCell(chunk.getColumnVector(at), row).value),
    );
  });
}

async function databaseFile(connection: DuckDBConnection): Promise<number | undefined> {
  const reader = await connection.runAndReadAll(
    'SELECT path FROM duckdb_databases() WHERE database_name = current_database()',
  );
  const path = reader.getRows()[0]?.[0];
  const found = typeof path === 'string' ? await stat(path).catch(() => undefined) : undefined;
  return found?.size;
}
