/** Reads the visible tables and columns from DuckDB's catalog. */
import type { DuckDBConnection } from '@duckdb/node-api';
import type { Redactor } from '../../secrets/index.ts';
import { BOOKKEEPING, type KnownStream } from '../bookkeeping/index.ts';
import { columnFacts } from '../column-facts.ts';
import { tablePath } from '../load/names.ts';
import type { ColumnSummary } from '../types.ts';
import { loadConnection } from './load-store.ts';

export interface FoundTable {
  readonly dataset: string;
  readonly table: string;
  readonly view: boolean;
  /** For use in SQL. */
  readonly quoted: string;
  /** From the table's constraint; most synced tables have none. */
  readonly primaryKey: readonly string[];
}

/** Tables and views, except the engine's own, by dataset and name. */
export async function catalogTables(connection: DuckDBConnection): Promise<FoundTable[]> {
  const rows = await loadConnection(connection).rows(
    `SELECT schema_name, table_name, 'table' AS kind FROM duckdb_tables()
      WHERE database_name = current_database() AND NOT internal
    UNION ALL
    SELECT schema_name, view_name, 'view' FROM duckdb_views() WHERE database_name = current_database() AND NOT internal
    ORDER BY 1, 2`,
    [],
  );
  const keys = await primaryKeys(connection);
  return rows.flatMap(({ schema_name: dataset, table_name: table, kind }) => {
    if (!dataset || !table || dataset.startsWith(BOOKKEEPING) || table.startsWith(BOOKKEEPING)) return [];
    const quoted = tablePath(dataset, table);
    return [{ dataset, table, view: kind === 'view', quoted, primaryKey: keys.get(quoted) ?? [] }];
  });
}

async function primaryKeys(connection: DuckDBConnection): Promise<Map<string, string[]>> {
  const rows = await loadConnection(connection).rows(
    `SELECT schema_name, table_name, to_json(constraint_column_names)::VARCHAR AS columns FROM duckdb_constraints()
    WHERE database_name = current_database() AND constraint_type = 'PRIMARY KEY'`,
    [],
  );
  return new Map(
    rows.map((row) => [
      tablePath(row.schema_name ?? '', row.table_name ?? ''),
      JSON.parse(row.columns ?? '[]') as string[],
    ]),
  );
}

/** Columns in their order, with their facts from the stream's schema. */
export async function readColumns(
  connection: DuckDBConnection,
  found: FoundTable,
  stream: KnownStream | undefined,
  redactor: Redactor,
): Promise<ColumnSummary[]> {
  const rows = await loadConnection(connection).rows(
    `SELECT column_name, data_type, comment FROM duckdb_columns()
    WHERE database_name = current_database() AND schema_name = $1 AND table_name = $2 ORDER BY column_index`,
    [found.dataset, found.table],
  );
  return rows.map((row) => {
    const name = row.column_name ?? '';
    return { name, type: row.data_type ?? '', ...columnFacts(name, stream, row.comment, redactor) };
  });
}

/** A table of fewer blocks shares most of them with others, so its size is estimated from its rows. */
const OWN_BLOCKS = 8;
const SAMPLED = 1_000;

/** The approximate size of the table: for a large one its blocks in the file, for a small one its rows as text. */
export async function readBytes(
  connection: DuckDBConnection,
  found: FoundTable,
  rows: number,
): Promise<number | undefined> {
  // DuckDB's function takes the name as text and does not know doubled quotes.
  if (found.dataset.includes('"') || found.table.includes('"')) return undefined;
  const load = loadConnection(connection);
  const [storage] = await load.rows(
    `SELECT count(DISTINCT block_id) AS blocks, count(DISTINCT block_id) * any_value(block_size) AS bytes
    FROM pragma_storage_info($1) AS s,
      (SELECT block_size FROM pragma_database_size() WHERE database_name = current_database())
    WHERE s.persistent AND s.block_id >= 0`,
    [found.quoted],
  );
  if (Number(storage?.blocks ?? 0) > OWN_BLOCKS) return Number(storage?.bytes ?? 0);
  const [sample] = await load.rows(
    `SELECT avg(strlen(CAST(r AS VARCHAR))) AS bytes FROM (SELECT * FROM ${found.quoted} LIMIT ${SAMPLED}) AS r`,
    [],
  );
  const asText = Math.round(Number(sample?.bytes ?? 0) * rows);
  // Compressed, it may take less than its blocks, never more.
  return storage?.bytes && Number(storage.bytes) > 0 ? Math.min(asText, Number(storage.bytes)) : asText;
}
