/** The `_sluice` schema: what the cache knows about its own tables. */
import type { DuckDBConnection } from '@duckdb/node-api';

export const BOOKKEEPING = '_sluice';

/**
 * streams: one row for each stream that has a table. `columns` is a JSON list of `{field, column, type, description}`,
 * `primary_key` a JSON list of paths, `cursor_field` a JSON list of path parts.
 * states: the last committed state, by source and stream, as the connector wrote it; GLOBAL and LEGACY have no stream.
 * syncs: one row for each sync; `streams` is a JSON list of `{stream, state, mode, table, records, rows}`.
 */
const TABLES = [
  `CREATE TABLE IF NOT EXISTS _sluice.streams (
    source VARCHAR NOT NULL, dataset VARCHAR NOT NULL, stream VARCHAR NOT NULL, namespace VARCHAR,
    table_name VARCHAR NOT NULL, mode VARCHAR NOT NULL, columns JSON NOT NULL, primary_key JSON NOT NULL,
    cursor_field JSON NOT NULL, last_sync_id VARCHAR, last_sync_at TIMESTAMPTZ)`,
  `CREATE TABLE IF NOT EXISTS _sluice.states (
    source VARCHAR NOT NULL, kind VARCHAR NOT NULL, stream VARCHAR, namespace VARCHAR, state VARCHAR NOT NULL,
    sync_id VARCHAR NOT NULL, committed_at TIMESTAMPTZ NOT NULL)`,
  `CREATE TABLE IF NOT EXISTS _sluice.syncs (
    sync_id VARCHAR NOT NULL, source VARCHAR NOT NULL, dataset VARCHAR NOT NULL, state VARCHAR NOT NULL,
    started_at TIMESTAMPTZ NOT NULL, ended_at TIMESTAMPTZ, records BIGINT, rows BIGINT, streams JSON)`,
];

/** Makes the schema where it is missing. */
export async function ensureBookkeeping(connection: DuckDBConnection): Promise<void> {
  await connection.run(`CREATE SCHEMA IF NOT EXISTS ${BOOKKEEPING}`);
  for (const statement of TABLES) await connection.run(statement);
}

/** Whether the schema is there; a read does not make it. */
export async function hasBookkeeping(connection: DuckDBConnection): Promise<boolean> {
  const rows = await selectRows(
    connection,
    `SELECT count(*) AS n FROM duckdb_tables() WHERE database_name = current_database() AND schema_name = '${BOOKKEEPING}'`,
    [],
  );
  return Number(rows[0]?.n ?? 0) >= TABLES.length;
}

/** Rows as objects of texts: every column must be cast to VARCHAR by the caller, or be a number. */
export async function selectRows(
  connection: DuckDBConnection,
  sql: string,
  values: (string | null)[],
): Promise<Record<string, string | null>[]> {
  const reader = await connection.runAndReadAll(sql, values);
  return reader
    .getRowObjectsJson()
    .map((row) => Object.fromEntries(Object.entries(row).map(([key, value]) => [key, textOf(value)])));
}

function textOf(value: unknown): string | null {
  if (value === null || value === undefined) return null;
  return typeof value === 'string' ? value : String(value);
}
