/** Gets the cache ready for a sync: names, tables, what is kept of earlier syncs. One transaction. */
import type { DuckDBConnection } from '@duckdb/node-api';
import { InputError } from '../../errors.ts';
import {
  beginSync,
  ensureBookkeeping,
  forgetStates,
  type KnownStream,
  readStates,
  readStreams,
  type SyncRow,
  saveStream,
} from '../bookkeeping/index.ts';
import { columnsOf } from './columns.ts';
import { foldName, quoteName, replacementTable, tableName, uniqueName } from './names.ts';
import { alignTable, createTable, dropInternalTables, type ExistingTables, existingTables } from './tables.ts';
import { inTransaction } from './transaction.ts';
import type { PreparedStream, StateText, StreamRequest, StreamTable } from './types.ts';

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
export async function prepareSync(connection: DuckDBConnection, request: PrepareRequest): Promise<PreparedSync> {
  await ensureBookkeeping(connection);
  return inTransaction(connection, async () => {
    const { source, dataset } = request.sync;
    const known = await readStreams(connection, { dataset });
    const other = known.find(({ target }) => target.source !== source);
    if (other) throw datasetTaken(dataset, other.target.source);
    const before = await existingTables(connection, dataset);
    await connection.run(`CREATE SCHEMA IF NOT EXISTS ${quoteName(dataset)}`);
    await dropInternalTables(connection, dataset);
    await beginSync(connection, request.sync);
    const taken = new Set([...before.keys(), ...known.map(({ target }) => foldName(target.table))]);
    const states = await readStates(connection, source);
    const prepared: PreparedStream[] = [];
    for (const stream of request.streams) {
      prepared.push(await prepareStream(connection, stream, { request, known, taken, existing: before }));
    }
    const anew = prepared.filter((one) => one.fill === 'replace' || one.newTable).map(({ stream }) => stream);
    // A table that is gone cannot go on from its state.
    await forgetStates(
      connection,
      source,
      prepared.filter((one) => one.fill === 'append' && one.newTable).map(({ stream }) => stream),
    );
    const kept = states.filter(({ stream }) => !stream || !anew.some((one) => sameStream(one, stream)));
    return { streams: prepared, states: kept, newDataset: before.size === 0 && known.length === 0 };
  });
}

interface Surroundings {
  readonly request: PrepareRequest;
  readonly known: readonly KnownStream[];
  readonly taken: Set<string>;
  readonly existing: ExistingTables;
}

async function prepareStream(
  connection: DuckDBConnection,
  wanted: StreamRequest,
  { request, known, taken, existing }: Surroundings,
): Promise<PreparedStream> {
  const { stream, mode } = wanted;
  const { source, dataset } = request.sync;
  const mapped = known.find(({ target }) => sameStream({ name: target.stream, namespace: target.namespace }, stream));
  const table = mapped?.target.table ?? uniqueName(tableName(stream, request.severalNamespaces), taken);
  const there = existing.get(foldName(table));
  // Rows of an overwrite have no state: an incremental read would bring them again.
  const anew = mode === 'full_refresh_overwrite' || request.restart || mapped?.mode.endsWith('overwrite');
  const newTable = there === undefined;
  const fill = mode === 'full_refresh_overwrite' || (anew && !newTable) ? 'replace' : 'append';
  const base: StreamTable = {
    source,
    dataset,
    stream: stream.name,
    ...(stream.namespace ? { namespace: stream.namespace } : {}),
    table,
    columns: mapped?.target.columns ?? [],
  };
  const target = (columns: StreamTable['columns']): PreparedStream => ({
    ...wanted,
    target: { ...base, columns },
    fill,
    newTable,
  });
  if (fill === 'replace') {
    const prepared = target(columnsOf(stream.jsonSchema, base.columns));
    await createTable(connection, dataset, replacementTable(table), prepared.target.columns);
    return prepared;
  }
  if (there) {
    const prepared = target(await alignTable(connection, base, stream.jsonSchema, there));
    await saveStream(connection, prepared);
    return prepared;
  }
  const prepared = target(columnsOf(stream.jsonSchema, base.columns));
  await createTable(connection, dataset, table, prepared.target.columns);
  await saveStream(connection, prepared);
  return prepared;
}

interface Named {
  readonly name: string;
  readonly namespace?: string | undefined;
}

function sameStream(one: Named, other: Named): boolean {
  return one.name === other.name && (one.namespace ?? '') === (other.namespace ?? '');
}

function datasetTaken(dataset: string, source: string): InputError {
  return new InputError(
    'dataset_taken',
    `The dataset "${dataset}" holds the tables of the source "${source}".`,
    'Save this source under another name, so that its dataset is its own.',
  );
}
