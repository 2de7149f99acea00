/** The records of syncs, which outlive the process that ran them. */
import type { SqlConnection } from '../sql.ts';

export interface SyncRow {
  readonly syncId: string;
  readonly source: string;
  readonly dataset: string;
  readonly state: string;
  /** ISO 8601. */
  readonly startedAt: string;
  readonly endedAt?: string;
  readonly records: number;
  readonly rows: number;
  /** Plain data about each stream, stored as JSON. */
  readonly streams: readonly { readonly table: string }[];
}

/** Records a new sync of a source. Any other that is still marked as running was left by a process that died. */
export async function beginSync(connection: SqlConnection, row: SyncRow): Promise<void> {
  await connection.run("UPDATE _sluice.syncs SET state = 'interrupted' WHERE source = $1 AND state = 'running'", [
    row.source,
  ]);
  await connection.run('INSERT INTO _sluice.syncs VALUES ($1, $2, $3, $4, $5, NULL, 0, 0, $6)', [
    row.syncId,
    row.source,
    row.dataset,
    row.state,
    row.startedAt,
    JSON.stringify(row.streams),
  ]);
}

export async function endSync(connection: SqlConnection, row: SyncRow): Promise<void> {
  await connection.run(
    'UPDATE _sluice.syncs SET state = $2, ended_at = $3, records = $4, rows = $5, streams = $6 WHERE sync_id = $1',
    [row.syncId, row.state, row.endedAt ?? null, row.records, row.rows, JSON.stringify(row.streams)],
  );
}

/** Records which tables a sync loads. Stored at its start, because the sync may never reach its end. */
export async function noteTables(connection: SqlConnection, syncId: string, tables: readonly string[]): Promise<void> {
  const streams = JSON.stringify(tables.map((table) => ({ table })));
  await connection.run('UPDATE _sluice.syncs SET streams = $2 WHERE sync_id = $1', [syncId, streams]);
}

/**
 * The tables of the sync that committed the source's state of all streams, where they share a position: such a state does
 * not cover streams that the sync did not read.
 * @returns undefined if there is no such state, or its sync is unknown
 */
export async function tablesOfSharedState(
  connection: SqlConnection,
  source: string,
): Promise<ReadonlySet<string> | undefined> {
  const [row] = await connection.rows(
    `SELECT s.state AS state, CAST(y.streams AS VARCHAR) AS streams FROM _sluice.states AS s
    JOIN _sluice.syncs AS y ON y.sync_id = s.sync_id
    WHERE s.source = $1 AND s.kind = 'GLOBAL' ORDER BY s.committed_at DESC LIMIT 1`,
    [source],
  );
  if (!row || !/"shared_state"\s*:\s*[^\sn]/.test(row.state ?? '')) return undefined;
  const streams = JSON.parse(row.streams ?? '[]') as readonly { readonly table: string }[];
  return streams.length > 0 ? new Set(streams.map(({ table }) => table)) : undefined;
}
