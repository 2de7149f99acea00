/** Loads one batch: rows, moves, swaps and states in one transaction. */

import { deleteStates, saveStates, saveStream, touchStream } from '../bookkeeping/index.ts';
import { SegmentFailure } from '../convert/segment-failure.ts';
import type { LoadConnection, LoadStore, StoreOptions } from '../sql.ts';
import { exactColumns } from './columns.ts';
import { mergeRows } from './merge.ts';
import { dataColumns, INCOMING, pendingTable, quoteName, replacementTable, tablePath } from './names.ts';
import {
  type BatchChecks,
  type CheckedSegment,
  checkSegment,
  prepareSegments,
  startChecks,
  throwIfLost,
  unchecked,
} from './segment-checks.ts';
import { columnDefinitions, createTable, hasTable, rowsIn } from './tables.ts';
import type { BatchLoad, LoadedStream, StreamLoad } from './types.ts';

type LoadedRows = Omit<LoadedStream, 'grown'>;

/**
 * Loads a batch in one transaction: its rows are committed together with the states that describe them, or not at all.
 * Before that, fields that the schema does not have get columns, and a segment whose values do not all fit, or that cannot be
 * read, is checked for a slower, tolerant reading.
 * @returns one entry for each of `batch.streams`
 * @throws LostRecords for losses that the caller does not know of yet, LimitError `cache_locked` or of the signal, SetupError,
 *   and the database's error when the disk is full
 */
export async function loadBatch(store: LoadStore, batch: BatchLoad, options: StoreOptions): Promise<LoadedStream[]> {
  const checks = startChecks(store, batch, options);
  await prepareSegments(checks);
  throwIfLost(checks);
  for (;;) {
    try {
      const loaded = await commitBatch(checks);
      return loaded.map((rows, index) => {
        const prepared = batch.streams[index]?.prepared;
        return { ...rows, grown: (prepared && checks.grown.get(prepared)) ?? [] };
      });
    } catch (error) {
      if (!(error instanceof SegmentFailure)) throw error;
      await checkFailed(checks, error);
      throwIfLost(checks);
    }
  }
}

/** Checks the segment that failed a transaction, so that the next attempt reads it tolerantly. */
async function checkFailed(checks: BatchChecks, { path, cause }: SegmentFailure): Promise<void> {
  const entry = checks.batch.streams.find(({ segments }) => segments.some((segment) => segment.path === path));
  const segment = entry?.segments.find((candidate) => candidate.path === path);
  if (!entry || !segment || checks.checked.has(path)) throw cause;
  await checkSegment(checks, entry.prepared, segment);
}

function commitBatch({ store, batch, checked, options }: BatchChecks): Promise<LoadedRows[]> {
  return store.transaction(
    `loading sync ${batch.syncId}`,
    (connection) => loadStreams(connection, batch, checked),
    options,
  );
}

async function loadStreams(
  connection: LoadConnection,
  batch: BatchLoad,
  checked: ReadonlyMap<string, CheckedSegment>,
): Promise<LoadedRows[]> {
  const loaded: LoadedRows[] = [];
  for (const stream of batch.streams) loaded.push(await loadStream(connection, stream, checked));
  // Swaps come last: on Postgres nobody can read a table between its swap and the commit.
  const settled: LoadedRows[] = [];
  for (const [index, one] of loaded.entries()) {
    const stream = batch.streams[index];
    const replaced = stream && (await settleTable(connection, stream, batch.syncId));
    settled.push(replaced === undefined ? one : { ...one, replaced });
  }
  // In the same transaction as the rows, so that a state never claims rows that are not there.
  await deleteStates(connection, batch.source, batch.deleteStatesOf);
  await saveStates(connection, batch.source, batch.syncId, batch.states);
  return settled;
}

async function loadStream(
  connection: LoadConnection,
  stream: StreamLoad,
  checked: ReadonlyMap<string, CheckedSegment>,
): Promise<LoadedRows> {
  const { prepared, movePending, into } = stream;
  const { target } = prepared;
  const { dataset } = target;
  const own = into === 'replacement' ? replacementTable(target.table) : target.table;
  const merges = prepared.mode === 'incremental_deduped_history' && into !== 'pending';
  const pending = pendingTable(target.table);
  if (into === 'pending' && !(await hasTable(connection, dataset, pending))) {
    await createTable(connection, dataset, pending, target.columns);
  }
  const table = merges ? INCOMING : tablePath(dataset, into === 'pending' ? pending : own);
  const list = dataColumns(target.columns).join(', ');
  if (merges) await connection.createIncoming(table, columnDefinitions(connection.dialect, target.columns));
  let moved = 0;
  if (movePending) {
    const from = tablePath(dataset, pending);
    moved = await connection.run(`INSERT INTO ${table} (${list}) SELECT ${list} FROM ${from}`);
    await connection.run(`DROP TABLE ${from}`);
  }
  const { rows, dropped, changed } = await insertSegments(connection, table, stream, checked);
  const merged = merges
    ? await mergeRows(connection, prepared, tablePath(dataset, own))
    : { written: rows + moved, updated: 0, deleted: 0, late: 0, withoutKey: 0 };
  return { rows, moved, ...merged, dropped, changed };
}

async function insertSegments(
  connection: LoadConnection,
  table: string,
  { prepared, segments }: StreamLoad,
  checked: ReadonlyMap<string, CheckedSegment>,
): Promise<Pick<LoadedRows, 'rows' | 'dropped' | 'changed'>> {
  let rows = 0;
  let dropped = 0;
  const changed = new Map<string, number>();
  const columns = exactColumns(prepared);
  for (const segment of segments) {
    const check = checked.get(segment.path);
    const readable = check?.readable ?? unchecked(segment);
    const inserted = readable.rows > 0 ? await connection.insertSegment(table, columns, readable) : undefined;
    rows += inserted?.rows ?? 0;
    dropped += check?.dropped ?? 0;
    for (const [field, count] of [check?.changed, inserted?.changed].flatMap((one) => Object.entries(one ?? {}))) {
      changed.set(field, (changed.get(field) ?? 0) + count);
    }
  }
  return { rows, dropped, changed: Object.fromEntries(changed) };
}

/** Swaps a replacement in for its table, and records what was loaded. @returns how many rows the old table had */
async function settleTable(
  connection: LoadConnection,
  { prepared, into, swap }: StreamLoad,
  syncId: string,
): Promise<number | undefined> {
  const { target } = prepared;
  const { dataset, table } = target;
  let replaced: number | undefined;
  if (swap) {
    replaced = (await hasTable(connection, dataset, table)) ? await rowsIn(connection, dataset, table) : 0;
    await connection.run(`DROP TABLE IF EXISTS ${tablePath(dataset, table)}`);
    await connection.run(`ALTER TABLE ${tablePath(dataset, replacementTable(table))} RENAME TO ${quoteName(table)}`);
    await saveStream(connection, prepared);
  }
  if (into === 'table' || swap) await touchStream(connection, target, syncId);
  return replaced;
}
