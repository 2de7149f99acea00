/** The `_sluice` schema: the cache's records about its own tables. */
import { SetupError } from '../../errors.ts';
import type { SqlConnection } from '../sql.ts';

export const BOOKKEEPING = '_sluice';

/**
 * datasets: one row for each schema that a sync has used; `made` is true if a sync created the schema.
 * streams: one row for each stream that has a table. `table_id` is made with the table; `origin` is the configuration that its
 *   rows came from, as a hash of what is written, and `source_id` the saved source. `columns` is a JSON list of `{field, column, type, description}`,
 * `primary_key` a JSON list of paths, `cursor_field` a JSON list of path parts.
 * states: the last committed state, by source and stream, as the connector wrote it; GLOBAL and LEGACY have no stream. `refresh` is
 *   JSON `{table, columns}` where the state is the progress of a full refresh into this table.
 * layout: one row, the version of this schema.
 * syncs: one row for each sync; `streams` is a JSON list of `{stream, state, mode, table, records, rows}`.
 */
const TABLES = [
  `CREATE TABLE IF NOT EXISTS _sluice.streams (
    source VARCHAR NOT NULL, dataset VARCHAR NOT NULL, stream VARCHAR NOT NULL, namespace VARCHAR,
    table_name VARCHAR NOT NULL, mode VARCHAR NOT NULL, columns JSON NOT NULL, primary_key JSON NOT NULL,
    cursor_field JSON NOT NULL, last_sync_id VARCHAR, last_sync_at TIMESTAMPTZ,
    table_id VARCHAR, origin VARCHAR, source_id VARCHAR)`,
  `CREATE TABLE IF NOT EXISTS _sluice.datasets (
    dataset VARCHAR NOT NULL, id VARCHAR NOT NULL, source VARCHAR NOT NULL, made BOOLEAN NOT NULL)`,
  `CREATE TABLE IF NOT EXISTS _sluice.states (
    source VARCHAR NOT NULL, kind VARCHAR NOT NULL, stream VARCHAR, namespace VARCHAR, state VARCHAR NOT NULL,
    sync_id VARCHAR NOT NULL, committed_at TIMESTAMPTZ NOT NULL, refresh VARCHAR)`,
  `CREATE TABLE IF NOT EXISTS _sluice.syncs (
    sync_id VARCHAR NOT NULL, source VARCHAR NOT NULL, dataset VARCHAR NOT NULL, state VARCHAR NOT NULL,
    started_at TIMESTAMPTZ NOT NULL, ended_at TIMESTAMPTZ, records BIGINT, rows BIGINT, streams JSON)`,
  'CREATE TABLE IF NOT EXISTS _sluice.layout (version BIGINT NOT NULL)',
];

/** The version that this program writes; a cache with a greater one is not touched. */
const LAYOUT = 3;

/**
 * Creates the schema if it is missing, and migrates an older one.
 * @throws SetupError `cache_newer`
 */
export async function ensureBookkeeping(connection: SqlConnection): Promise<void> {
  await connection.run(`CREATE SCHEMA IF NOT EXISTS ${BOOKKEEPING}`);
  for (const statement of TABLES) await connection.run(statement);
  const [row] = await connection.rows('SELECT max(version) AS version FROM _sluice.layout');
  const version = Number(row?.version ?? 0);
  if (version > LAYOUT) throw newer(version);
  if (version === LAYOUT) return;
  await connection.run('ALTER TABLE _sluice.states ADD COLUMN IF NOT EXISTS refresh VARCHAR');
  for (const column of ['table_id', 'origin', 'source_id']) {
    await connection.run(`ALTER TABLE _sluice.streams ADD COLUMN IF NOT EXISTS ${column} VARCHAR`);
  }
  await connection.run('DELETE FROM _sluice.layout');
  await connection.run('INSERT INTO _sluice.layout VALUES ($1)', [LAYOUT]);
}

function newer(version: number): SetupError {
  return new SetupError(
    'cache_newer',
    `The cache was written by a newer Sluice (its layout is ${version}, this version knows ${LAYOUT}).`,
    'Update Sluice, or set AIRBYTE_PROJECT_DIR to another folder; the cache is left as it is.',
  );
}

/** Whether tables have ids; a read does not migrate an older cache. */
export async function hasIds(connection: SqlConnection): Promise<boolean> {
  const rows = await connection.rows(
    `SELECT count(*) AS n FROM information_schema.columns WHERE table_catalog = current_database()
    AND table_schema = '${BOOKKEEPING}' AND table_name = 'streams' AND column_name = 'table_id'`,
  );
  return Number(rows[0]?.n ?? 0) > 0;
}

/** Whether the schema exists; a read does not create it. */
export async function hasBookkeeping(connection: SqlConnection): Promise<boolean> {
  const rows = await connection.rows(
    `SELECT count(*) AS n FROM information_schema.tables
    WHERE table_catalog = current_database() AND table_schema = '${BOOKKEEPING}' AND table_name = 'streams'`,
  );
  return Number(rows[0]?.n ?? 0) > 0;
}
