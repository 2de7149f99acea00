/** The states of sources and streams; committed in the transaction of the rows that they describe (see `load/load-batch.ts`). */

import type { StateText } from '../load/types.ts';
import type { SqlConnection } from '../sql.ts';

/** A source's states in the order in which they were committed. */
export async function readStates(connection: SqlConnection, source: string): Promise<StateText[]> {
  const rows = await connection.rows(
    'SELECT kind, stream, namespace, state, refresh FROM _sluice.states WHERE source = $1 ORDER BY committed_at, stream',
    [source],
  );
  return rows.map((row) => ({
    kind: (row.kind ?? 'STREAM') as StateText['kind'],
    ...(row.stream === null || row.stream === undefined
      ? {}
      : { stream: { name: row.stream, ...(row.namespace ? { namespace: row.namespace } : {}) } }),
    text: row.state ?? '',
    ...(row.refresh ? { refresh: JSON.parse(row.refresh) as NonNullable<StateText['refresh']> } : {}),
  }));
}

/** Replaces the states of the same stream (or of all streams of the source, for GLOBAL and LEGACY). */
export async function saveStates(
  connection: SqlConnection,
  source: string,
  syncId: string,
  states: readonly StateText[],
): Promise<void> {
  for (const { kind, stream, text, refresh } of states) {
    const name = stream?.name ?? null;
    const namespace = stream?.namespace ?? null;
    // A GLOBAL or LEGACY state covers every stream: it replaces all older states except the progress of refreshes.
    if (kind === 'STREAM') await deleteState(connection, source, kind, name, namespace);
    else await connection.run('DELETE FROM _sluice.states WHERE source = $1 AND refresh IS NULL', [source]);
    await connection.run('INSERT INTO _sluice.states VALUES ($1, $2, $3, $4, $5, $6, current_timestamp, $7)', [
      source,
      kind,
      name,
      namespace,
      text,
      syncId,
      refresh ? JSON.stringify({ table: refresh.table, columns: refresh.columns }) : null,
    ]);
  }
}

export async function deleteStates(
  connection: SqlConnection,
  source: string,
  streams: readonly { readonly name: string; readonly namespace?: string }[],
): Promise<void> {
  for (const { name, namespace } of streams) await deleteState(connection, source, 'STREAM', name, namespace ?? null);
}

async function deleteState(
  connection: SqlConnection,
  source: string,
  kind: string,
  name: string | null,
  namespace: string | null,
): Promise<void> {
  await connection.run(
    'DELETE FROM _sluice.states WHERE source = $1 AND kind = $2 AND stream IS NOT DISTINCT FROM $3 AND namespace IS NOT DISTINCT FROM $4',
    [source, kind, name, namespace],
  );
}
