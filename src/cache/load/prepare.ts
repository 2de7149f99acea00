/** Prepares the cache for a sync in one transaction: names, tables, and what remains of earlier syncs. */

import { randomUUID } from 'node:crypto';
import { InputError } from '../../errors.ts';
import {
  beginSync,
  deleteStates,
  ensureBookkeeping,
  findDataset,
  type KnownStream,
  noteTables,
  readStates,
  readStreams,
  type SyncRow,
  saveDataset,
  saveStream,
  tablesOfSharedState,
} from '../bookkeeping/index.ts';
import type { LoadConnection, LoadStore, StoreOptions } from '../sql.ts';
import { columnsOf, fieldsWithPaths } from './columns.ts';
import { endangered, identified } from './endangered.ts';
import { mergeTable } from './merge.ts';
import { foldName, quoteName, replacementTable, tablePath } from './names.ts';
import { isSameStream, isStateOf, planStreams, replacementsOf, type StreamPlan } from './plan.ts';
import type { PreparedSync, PrepareRequest } from './prepare-request.ts';
import { alignTable, createTable, dropInternalTables, type ExistingTables, existingTables } from './tables.ts';
import type { Column, PreparedStream } from './types.ts';

/** @throws InputError `dataset_taken` if the dataset's tables belong to another source */
export async function prepareSync(
  store: LoadStore,
  request: PrepareRequest,
  options: StoreOptions,
): Promise<PreparedSync> {
  const purpose = `preparing sync ${request.sync.syncId}`;
  await store.transaction(purpose, ensureBookkeeping, options);
  return store.transaction(purpose, (connection) => prepare(connection, request), options);
}

async function prepare(connection: LoadConnection, request: PrepareRequest): Promise<PreparedSync> {
  const { source, dataset } = request.sync;
  const known = await readStreams(connection, { dataset });
  const other = known.find(({ target }) => target.source !== source);
  if (other) throw datasetTaken(dataset, other.target.source);
  checkTables(known, request);
  const existing = await existingTables(connection, dataset);
  const { id: datasetId, isNew } = await openDataset(connection, request.sync, known, existing);
  await beginSync(connection, request.sync);
  const states = await readStates(connection, source);
  const shared = await tablesOfSharedState(connection, source);
  const { nameBytes } = connection.dialect;
  const plans = planStreams({ request, known, existing, states, shared, nameBytes });
  const begun = states.filter(
    (state) => !plans.some((plan) => !plan.resumes && isStateOf(state, plan.requested.stream)),
  );
  await dropInternalTables(connection, dataset, replacementsOf(begun));
  await deleteStates(
    connection,
    source,
    plans.filter(({ deletesState }) => deletesState).map(({ requested }) => requested.stream),
  );
  const streams: PreparedStream[] = [];
  for (const plan of plans) streams.push(await carryOut(connection, plan, existing, identity(plan, known, request)));
  await noteTables(
    connection,
    request.sync.syncId,
    streams.map(({ target }) => target.table),
  );
  return { streams, states: begun, newDataset: isNew, datasetId };
}

/** Runs in the transaction, because an earlier lookup may be outdated. */
function checkTables(known: readonly KnownStream[], { origin, restart, streams, authorize }: PrepareRequest): void {
  if (!origin || !authorize) return;
  const read = ({ target }: KnownStream) =>
    streams.filter(({ stream }) => isSameStream({ name: target.stream, namespace: target.namespace }, stream));
  const tables = endangered(known, {
    origin,
    restart,
    reads: (table) => read(table).length > 0,
    options: (table) => read(table).flatMap(({ option }) => option ?? []),
  });
  if (tables.length > 0) authorize(tables.map(identified));
}

/** A table that another session than its creator loads into no longer belongs to any session. */
function identity(
  { target, newTable }: StreamPlan,
  known: readonly KnownStream[],
  { origin, owns }: PrepareRequest,
): Pick<PreparedStream, 'tableId' | 'origin'> {
  const mapped = known.find(({ target: { table } }) => table === target.table);
  const keeps = mapped !== undefined && !newTable && (owns?.(mapped.id) ?? false);
  return { tableId: keeps ? mapped.id : randomUUID(), origin };
}

async function openDataset(
  connection: LoadConnection,
  { dataset, source }: SyncRow,
  known: readonly KnownStream[],
  existing: ExistingTables,
): Promise<{ readonly id: string; readonly isNew: boolean }> {
  const found = await findDataset(connection, dataset);
  const [schema] = await connection.rows(
    'SELECT 1 AS n FROM information_schema.schemata WHERE catalog_name = current_database() AND schema_name = $1',
    [dataset],
  );
  // Somebody else's schema would become readable, and its tables part of a dataset.
  const { foreignSchema } = connection.dialect;
  if (foreignSchema && !found && known.length === 0 && (await connection.rows(foreignSchema, [dataset])).length > 0)
    throw schemaTaken(dataset);
  await connection.run(`CREATE SCHEMA IF NOT EXISTS ${quoteName(dataset)}`);
  const isNew = existing.size === 0 && known.length === 0;
  if (found && !isNew) return { id: found.id, isNew };
  const made = found?.made ?? (schema === undefined || known.length > 0);
  return { id: await saveDataset(connection, { dataset, source, made }), isNew };
}

function schemaTaken(dataset: string): InputError {
  return new InputError(
    'schema_taken',
    `The database has a schema "${dataset}" that no sync made.`,
    'Save this source under another name, so that its dataset is its own.',
  );
}

async function carryOut(
  connection: LoadConnection,
  { requested, target, writeMode, newTable, resumes, merges }: StreamPlan,
  existing: ExistingTables,
  identity: Pick<PreparedStream, 'tableId' | 'origin'>,
): Promise<PreparedStream> {
  const { dataset, table } = target;
  const prepared = {
    ...requested,
    target: { ...target },
    writeMode,
    newTable,
    resumes,
    ...identity,
    aligned: [] as string[],
  };
  const name = writeMode === 'replace' ? replacementTable(table) : table;
  const there = writeMode === 'replace' && !resumes ? undefined : existing.get(foldName(name));
  const asked = columnsOf(requested.stream.jsonSchema, connection.dialect, target.columns, fieldsWithPaths(requested));
  if (there) {
    prepared.target.columns = await alignTable(connection, target, name, asked, there);
    prepared.aligned.push(...changesOf(target.columns, prepared.target.columns));
  } else {
    prepared.target.columns = asked;
    await createTable(connection, dataset, name, prepared.target.columns);
  }
  if (writeMode === 'replace') return prepared;
  if (merges) await mergeTable(connection, prepared, tablePath(dataset, table));
  await saveStream(connection, prepared);
  return prepared;
}

/** Describes how the columns of a table with rows changed with the schema. */
function changesOf(before: readonly Column[], after: readonly Column[]): string[] {
  return after.flatMap(({ field, column, type }) => {
    const old = before.find((other) => other.field === field);
    if (!old) return [`the schema has a new field: the column "${column}" (${type}) was added`];
    if (old.type === type) return [];
    return [
      `the schema of "${column}" has changed: the column became ${type} (was ${old.type}). Values that were NULL because they did not fit come back when the stream is read in full again (restart)`,
    ];
  });
}

function datasetTaken(dataset: string, source: string): InputError {
  return new InputError(
    'dataset_taken',
    `The dataset "${dataset}" holds the tables of the source "${source}".`,
    'Save this source under another name, so that its dataset is its own.',
  );
}
