/** Maps each stream to its table. The mapping is written once and its names never change. */

import { isObject, type JsonValue } from '../../protocol/index.ts';
import { idOfOld } from '../../safety/index.ts';
import type { Column, ColumnType, PreparedStream, StreamTable } from '../load/types.ts';
import type { SqlConnection } from '../sql.ts';
import { hasIds } from './schema.ts';

const THIS_STREAM = 'source = $1 AND stream = $2 AND namespace IS NOT DISTINCT FROM $3';

export interface KnownStream {
  readonly target: StreamTable;
  /** The table's id, which changes when another source than its creator loads into it. */
  readonly id: string;
  /** The configuration that its rows came from; absent if an earlier version of Sluice loaded them. */
  readonly origin?: string;
  readonly mode: string;
  readonly cursorField: readonly string[];
  readonly primaryKey: readonly (readonly string[])[];
  /** ISO 8601, UTC. */
  readonly lastSyncAt?: string;
}

/** All streams of the cache, or of one source or dataset. */
export async function readStreams(
  connection: SqlConnection,
  where: { source?: string; dataset?: string } = {},
): Promise<KnownStream[]> {
  const ids = (await hasIds(connection)) ? 'table_id, origin' : 'NULL AS table_id, NULL AS origin';
  const rows = await connection.rows(
    `SELECT source, dataset, stream, namespace, table_name, mode, CAST(columns AS VARCHAR) AS columns,
      CAST(primary_key AS VARCHAR) AS primary_key, CAST(cursor_field AS VARCHAR) AS cursor_field, ${ids},
      ${connection.dialect.isoTime('last_sync_at')} AS last_sync_at
    FROM _sluice.streams WHERE (CAST($1 AS VARCHAR) IS NULL OR source = $1) AND (CAST($2 AS VARCHAR) IS NULL OR dataset = $2)
    ORDER BY dataset, table_name`,
    [where.source ?? null, where.dataset ?? null],
  );
  return rows.map((row) => ({
    target: {
      source: row.source ?? '',
      dataset: row.dataset ?? '',
      stream: row.stream ?? '',
      ...(row.namespace ? { namespace: row.namespace } : {}),
      table: row.table_name ?? '',
      columns: parseColumns(row.columns),
    },
    id: row.table_id ?? idOfOld(`${row.dataset}.${row.table_name}`),
    ...(row.origin ? { origin: row.origin } : {}),
    mode: row.mode ?? '',
    primaryKey: parseKey(row.primary_key),
    cursorField: parseKey(row.cursor_field).flat(),
    ...(row.last_sync_at ? { lastSyncAt: row.last_sync_at } : {}),
  }));
}

/** Stores the mapping of a stream, within the transaction that makes or changes its table. */
export async function saveStream(connection: SqlConnection, prepared: PreparedStream): Promise<void> {
  const { target, mode, primaryKey, cursorField, tableId, origin } = prepared;
  const key = [target.source, target.stream, target.namespace ?? null];
  const facts = [
    target.dataset,
    target.table,
    mode,
    JSON.stringify(target.columns),
    JSON.stringify(primaryKey),
    JSON.stringify(cursorField),
    tableId ?? null,
    origin?.configuration ?? null,
    origin?.sourceId ?? null,
  ];
  const changed = await connection.run(
    `UPDATE _sluice.streams SET dataset = $4, table_name = $5, mode = $6, columns = $7, primary_key = $8, cursor_field = $9,
      table_id = $10, origin = $11, source_id = $12
    WHERE ${THIS_STREAM}`,
    [...key, ...facts],
  );
  if (changed > 0) return;
  await connection.run(
    `INSERT INTO _sluice.streams (source, stream, namespace, dataset, table_name, mode, columns, primary_key, cursor_field,
      table_id, origin, source_id)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`,
    [...key, ...facts],
  );
}

/** Records that a sync has committed rows of this stream. */
export async function touchStream(connection: SqlConnection, target: StreamTable, syncId: string): Promise<void> {
  await connection.run(
    `UPDATE _sluice.streams SET last_sync_id = $4, last_sync_at = current_timestamp WHERE ${THIS_STREAM}`,
    [target.source, target.stream, target.namespace ?? null, syncId],
  );
}

function parseColumns(text: string | null | undefined): Column[] {
  const list = JSON.parse(text ?? '[]') as JsonValue;
  return (Array.isArray(list) ? list : []).flatMap((item) => {
    if (!isObject(item) || typeof item.column !== 'string') return [];
    return [
      {
        column: item.column,
        type: item.type as ColumnType,
        ...(typeof item.field === 'string' ? { field: item.field } : {}),
        ...(typeof item.description === 'string' ? { description: item.description } : {}),
        ...(item.undeclared === true ? { undeclared: true } : {}),
        ...(typeof item.widenedFrom === 'string' ? { widenedFrom: item.widenedFrom as ColumnType } : {}),
      },
    ];
  });
}

function parseKey(text: string | null | undefined): string[][] {
  const list = JSON.parse(text ?? '[]') as JsonValue;
  return (Array.isArray(list) ? list : []).map((path) =>
    (Array.isArray(path) ? path : [path]).filter((part): part is string => typeof part === 'string'),
  );
}
