/** Removes tables from the cache with everything that is recorded of them: the next sync starts from nothing. */
import { InputError } from '../../errors.ts';
import { nearest } from '../../protocol/index.ts';
import {
  deleteDataset,
  deleteStates,
  hasBookkeeping,
  type KnownStream,
  readDataset,
  readStreams,
} from '../bookkeeping/index.ts';
import type { Dialect, LoadConnection, LoadStore, SqlConnection, StoreOptions } from '../sql.ts';
import { sqlName, sqlPath } from '../sql-name.ts';
import type { DatasetTables, RemovedTables } from '../types.ts';
import { identified } from './endangered.ts';
import { pendingTable, quoteName, replacementTable, tablePath } from './names.ts';
import { dropInternalTables } from './tables.ts';
import type { Identified } from './types.ts';

/** @throws InputError `unknown_dataset` with near names */
export function datasetTables(store: LoadStore, dataset: string): Promise<DatasetTables> {
  return store.transaction('looking what a dataset holds', async (connection) => {
    const streams = await streamsOf(connection, dataset);
    const { id } = await readDataset(connection, dataset);
    const tables = streams.map((stream) => ({ ...identified(stream), table: stream.target.table }));
    return { source: streams[0]?.target.source ?? '', id, tables };
  });
}

/** The records of a dataset's tables; empty if there is no such dataset. */
export function knownTables(store: LoadStore, dataset: string, options: StoreOptions): Promise<KnownStream[]> {
  return store.transaction(
    'looking what a dataset holds',
    async (connection) => ((await hasBookkeeping(connection)) ? readStreams(connection, { dataset }) : []),
    options,
  );
}

/**
 * @param authorize called with everything that will be removed, right before it is; throws if that is not allowed
 * @param table only this one; else all tables that syncs made, and the dataset itself where it is then empty
 * @throws InputError `unknown_dataset` or `unknown_table` with near names
 */
export function removeTables(
  store: LoadStore,
  dataset: string,
  authorize: (targets: readonly Identified[]) => void,
  table?: string,
): Promise<RemovedTables> {
  return store.transaction(`removing ${table === undefined ? dataset : `${dataset}.${table}`}`, async (connection) => {
    const streams = await streamsOf(connection, dataset);
    const chosen = table === undefined ? streams : streams.filter(({ target }) => target.table === table);
    if (chosen.length === 0) throw unknownTable(dataset, table ?? '', streams, connection.dialect);
    const { id, made } = await readDataset(connection, dataset);
    const target: Identified[] = table === undefined ? [{ kind: 'dataset', id, name: dataset }] : [];
    authorize([...target, ...chosen.map(identified)]);
    for (const { target } of chosen) {
      for (const name of [target.table, replacementTable(target.table), pendingTable(target.table)]) {
        await connection.run(`DROP TABLE IF EXISTS ${tablePath(dataset, name)}`);
      }
      const { source, stream, namespace } = target;
      await connection.run(
        'DELETE FROM _sluice.streams WHERE source = $1 AND stream = $2 AND namespace IS NOT DISTINCT FROM $3',
        [source, stream, namespace ?? null],
      );
      await deleteStates(connection, source, [{ name: stream, ...(namespace ? { namespace } : {}) }]);
    }
    const tables = chosen.map(({ target }) => target.table);
    if (table !== undefined) return { tables, left: [], datasetRemoved: false };
    for (const source of new Set(chosen.map(({ target }) => target.source))) {
      await connection.run('DELETE FROM _sluice.states WHERE source = $1', [source]);
    }
    await dropInternalTables(connection, dataset);
    const left = await tablesIn(connection, dataset);
    const datasetRemoved = left.length === 0 && made;
    if (datasetRemoved) await connection.run(`DROP SCHEMA IF EXISTS ${quoteName(dataset)}`);
    // Objects that others put into the dataset keep it in existence.
    if (left.length === 0) await deleteDataset(connection, dataset);
    return { tables, left, datasetRemoved };
  });
}

/** Removes the record of a sync; its rows stay. */
export async function deleteSync(store: LoadStore, syncId: string): Promise<void> {
  await store.transaction(`removing the record of sync ${syncId}`, async (connection) => {
    if (await hasBookkeeping(connection)) {
      await connection.run('DELETE FROM _sluice.syncs WHERE sync_id = $1', [syncId]);
    }
  });
}

async function streamsOf(connection: LoadConnection, dataset: string): Promise<KnownStream[]> {
  const all = (await hasBookkeeping(connection)) ? await readStreams(connection) : [];
  const streams = all.filter(({ target }) => target.dataset === dataset);
  if (streams.length > 0) return streams;
  const { kind } = connection.dialect;
  const near = nearest(dataset, [...new Set(all.map(({ target }) => target.dataset))], 3).map((name) =>
    sqlName(name, kind),
  );
  throw new InputError(
    'unknown_dataset',
    `No sync has made a dataset ${JSON.stringify(dataset.slice(0, 80))}.`,
    near.length > 0 ? `Did you mean ${near.join(', ')}?` : 'Nothing has been synced into the cache.',
  );
}

function unknownTable(dataset: string, table: string, streams: readonly KnownStream[], { kind }: Dialect): InputError {
  const near = nearest(
    table,
    streams.map(({ target }) => target.table),
    3,
  );
  return new InputError(
    'unknown_table',
    `No sync has made a table ${JSON.stringify(table.slice(0, 80))} in "${dataset}".`,
    `Did you mean ${near.map((name) => sqlPath(dataset, name, kind)).join(', ')}?`,
  );
}

async function tablesIn(connection: SqlConnection, dataset: string): Promise<string[]> {
  const rows = await connection.rows(
    `SELECT table_name FROM information_schema.tables
    WHERE table_catalog = current_database() AND table_schema = $1 ORDER BY table_name`,
    [dataset],
  );
  return rows.map((row) => row.table_name ?? '');
}
