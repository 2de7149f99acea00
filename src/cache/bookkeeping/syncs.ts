/** The syncs of the cache: they outlive the process that ran them. */
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
  /** Plain data about each stream, kept as JSON. */
  readonly streams: readonly object[];
}

/** A new sync of a source: what else is still marked as running was left by a process that died. */
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
