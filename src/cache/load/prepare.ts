/** Gets the cache ready for a sync: names, tables, what is kept of earlier syncs. One transaction. */

import { InputError } from '../../errors.ts';
import {
  beginSync,
  ensureBookkeeping,
  forgetStates,
  noteTables,
  readStates,
  readStreams,
  type SyncRow,
  saveStream,
  tablesOfSharedState,
} from '../bookkeeping/index.ts';
import type { LoadConnection, LoadStore, StoreOptions } from '../sql.ts';
import { columnsOf } from './columns.ts';
import { mergeTable } from './merge.ts';
import { foldName, quoteName, replacementTable, tablePath } from './names.ts';
import { isOf, planStreams, replacementsOf, type StreamPlan } from './plan.ts';
import { alignTable, createTable, dropInternalTables, type ExistingTables, existingTables } from './tables.ts';
import type { PreparedStream, StateText, StreamRequest } from './types.ts';

export interface PrepareRequest {
  readonly sync: SyncRow;
  readonly streams: readonly StreamRequest[];
  /** Whether the source's catalog has several namespaces. */
  readonly severalNamespaces: boolean;
  /** Forget the states of these streams and build their tables anew. */
  readonly restart: boolean;
}

export interface PreparedSync {
  readonly streams: readonly PreparedStream[];
  /** The kept states, those of streams that begin anew left out. */
  readonly states: readonly StateText[];
  readonly newDataset: boolean;
}

/** @throws InputError `dataset_taken` where the dataset's tables belong to another source */
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
  const existing = await existingTables(connection, dataset);
  await connection.run(`CREATE SCHEMA IF NOT EXISTS ${quoteName(dataset)}`);
  await beginSync(connection, request.sync);
  const states = await readStates(connection, source);
  const shared = await tablesOfSharedState(connection, source);
  const { nameBytes } = connection.dialect;
  const plans = planStreams({ request, known, existing, states, shared, nameBytes });
  const begun = states.filter((state) => !plans.some((plan) => !plan.goesOn && isOf(state, plan.wanted.stream)));
  await dropInternalTables(connection, dataset, replacementsOf(begun));
  await forgetStates(
    connection,
    source,
    plans.filter(({ forgets }) => forgets).map(({ wanted }) => wanted.stream),
  );
  const streams: PreparedStream[] = [];
  for (const plan of plans) streams.push(await carryOut(connection, plan, existing));
  await noteTables(
    connection,
    request.sync.syncId,
    streams.map(({ target }) => target.table),
  );
  return { streams, states: begun, newDataset: existing.size === 0 && known.length === 0 };
}

async function carryOut(
  connection: LoadConnection,
  { wanted, target, fill, newTable, goesOn, merges }: StreamPlan,
  existing: ExistingTables,
): Promise<PreparedStream> {
  const { dataset, table } = target;
  const prepared: PreparedStream = { ...wanted, target: { ...target }, fill, newTable, goesOn };
  const name = fill === 'replace' ? replacementTable(table) : table;
  const there = fill === 'replace' && !goesOn ? undefined : existing.get(foldName(name));
  const schema = wanted.stream.jsonSchema;
  if (there) prepared.target.columns = await alignTable(connection, target, name, schema, there);
  else {
    prepared.target.columns = columnsOf(schema, connection.dialect, target.columns);
    await createTable(connection, dataset, name, prepared.target.columns);
  }
  if (fill === 'replace') return prepared;
  if (merges) await mergeTable(connection, prepared, tablePath(dataset, table));
  await saveStream(connection, prepared);
  return prepared;
}

function datasetTaken(dataset: string, source: string): InputError {
  return new InputError(
    'dataset_taken',
    `The dataset "${dataset}" holds the tables of the source "${source}".`,
    'Save this source under another name, so that its dataset is its own.',
  );
}
