/** Loads one batch: rows, moves, swaps and states in one transaction. */

import { forgetStates, saveStates, saveStream, touchStream } from '../bookkeeping/index.ts';
import { holdsDeep } from '../convert/depth.ts';
import { examineSegment, type Findings } from '../convert/examine.ts';
import { keepDigits } from '../convert/long-numbers.ts';
import { repairSegment } from '../convert/repair.ts';
import { isDataError, SegmentFailure } from '../convert/segment-failure.ts';
import type { LoadConnection, LoadStore, StoreOptions } from '../sql.ts';
import { exactColumns } from './columns.ts';
import { growForData, widenColumns } from './grow.ts';
import { mergeRows } from './merge.ts';
import { dataColumns, INCOMING, pendingTable, quoteName, replacementTable, tablePath } from './names.ts';
import { columnDefinitions, createTable, hasTable, rowsIn } from './tables.ts';
import type { BatchLoad, LoadedStream, PreparedStream, ReadableSegment, SegmentFile, StreamLoad } from './types.ts';

/** Records of a batch are lost, and nothing of it is loaded: a state that it holds must not move past them. */
export class LostRecords extends Error {
  /** One count for each of the batch's streams. */
  readonly counts: readonly number[];
  /** Records of other streams, of which more is not known. */
  readonly strays: number;
  /** What was done to the columns of each, all the same. */
  readonly grown: readonly (readonly string[])[];

  constructor(counts: readonly number[], strays: number, grown: readonly (readonly string[])[]) {
    super('records are lost');
    this.counts = counts;
    this.strays = strays;
    this.grown = grown;
  }
}

/** How a segment that does not load just so is read instead. */
interface CheckedSegment {
  readonly readable: ReadableSegment;
  readonly dropped: number;
  readonly strays: number;
  readonly changed: Findings['changed'];
}

/**
 * Loads a batch, all or nothing. Fields that the schema does not have get columns first; a segment whose values do not
 * all fit, or that cannot be read, is looked at and loaded the careful way.
 * @returns one entry for each of `batch.streams`
 * @throws LostRecords where records are lost that nobody knows of yet, LimitError `cache_locked` or of the signal, SetupError,
 *   and what the database says of a full disk
 */
export async function loadBatch(store: LoadStore, batch: BatchLoad, options: StoreOptions): Promise<LoadedStream[]> {
  const checkedSegments = new Map<string, CheckedSegment>();
  /** Segments that the database must not read as they are. */
  const unreadable = new Set<string>();
  const grown = new Map<PreparedStream, string[]>();
  const grow = (prepared: PreparedStream, notes: readonly string[]): void => {
    grown.set(prepared, [...(grown.get(prepared) ?? []), ...notes]);
  };
  const checkNow = async (prepared: PreparedStream, segment: SegmentFile): Promise<ReadableSegment> => {
    const { checked, notes } = await checkSegment(store, prepared, segment, unreadable.has(segment.path), options);
    // What did not fit in segments before may fit now.
    for (const { path } of notes.length > 0 ? segmentsOf(batch, prepared) : []) {
      const before = checkedSegments.get(path);
      if (before)
        checkedSegments.set(path, {
          ...before,
          changed: (await look(store, prepared, before.readable, options)).changed,
        });
    }
    checkedSegments.set(segment.path, checked);
    prepared.target.untidy = true;
    grow(prepared, notes);
    return checked.readable;
  };
  for (const { prepared, segments } of batch.streams) {
    for (const segment of segments) {
      if ((segment.longNumbers && keepDigits(exactColumns(prepared))) || (await holdsDeep(segment))) {
        unreadable.add(segment.path);
      }
      try {
        const readable = unreadable.has(segment.path) ? await checkNow(prepared, segment) : asItIs(segment);
        grow(prepared, await growForData(store, prepared, readable, options));
      } catch (error) {
        if (!isDataError(error)) throw error;
        const notes = await growForData(store, prepared, await checkNow(prepared, segment), options);
        grow(prepared, notes);
        // The new columns are looked at too: what was guessed of them may be too narrow.
        if (notes.length > 0) await checkNow(prepared, segment);
      }
      if (prepared.target.untidy && !checkedSegments.has(segment.path)) await checkNow(prepared, segment);
    }
  }
  const tellLosses = (): void => {
    const sum = (segments: readonly SegmentFile[], of: 'dropped' | 'strays'): number =>
      segments.reduce((total, { path }) => total + (checkedSegments.get(path)?.[of] ?? 0), 0);
    const unknown = batch.streams.filter(({ mayLose }) => !mayLose);
    const counts = batch.streams.map(({ segments, mayLose }) => (mayLose ? 0 : sum(segments, 'dropped')));
    const strays = unknown.reduce((total, { segments }) => total + sum(segments, 'strays'), 0);
    if (counts.every((count) => count === 0) && strays === 0) return;
    throw new LostRecords(
      counts,
      strays,
      batch.streams.map(({ prepared }) => grown.get(prepared) ?? []),
    );
  };
  tellLosses();
  for (;;) {
    try {
      const loaded = await store.transaction(
        `loading sync ${batch.syncId}`,
        (connection) => loadStreams(connection, batch, checkedSegments),
        options,
      );
      return loaded.map((one, index) => {
        const prepared = batch.streams[index]?.prepared;
        return { ...one, grown: (prepared && grown.get(prepared)) ?? [] };
      });
    } catch (error) {
      if (!(error instanceof SegmentFailure)) throw error;
      const entry = batch.streams.find(({ segments }) => segments.some(({ path }) => path === error.path));
      const segment = entry?.segments.find(({ path }) => path === error.path);
      if (!entry || !segment || checkedSegments.has(segment.path)) throw error.cause;
      await checkNow(entry.prepared, segment);
      tellLosses();
    }
  }
}

function asItIs(segment: SegmentFile): ReadableSegment {
  return { ...segment, origin: segment.path, careful: false, repaired: false };
}

function segmentsOf({ streams }: BatchLoad, prepared: PreparedStream): readonly SegmentFile[] {
  return streams.filter((entry) => entry.prepared === prepared).flatMap(({ segments }) => segments);
}

function look(
  store: LoadStore,
  prepared: PreparedStream,
  readable: ReadableSegment,
  options: StoreOptions,
): Promise<Findings> {
  return store.reader(
    'looking at records',
    (reader) => examineSegment(reader, readable, exactColumns(prepared)),
    options,
  );
}

/** Looks at a segment that failed, repairs it where it cannot be read, and makes room for what does not fit. */
async function checkSegment(
  store: LoadStore,
  prepared: PreparedStream,
  segment: SegmentFile,
  mustRepair: boolean,
  options: StoreOptions,
): Promise<{ checked: CheckedSegment; notes: string[] }> {
  let readable: ReadableSegment = { ...asItIs(segment), careful: true };
  let lost = { dropped: 0, strays: 0 };
  const repair = async (): Promise<void> => {
    ({ segment: readable, ...lost } = await repairSegment(segment, {
      stream: prepared.stream,
      columns: exactColumns(prepared),
    }));
  };
  if (mustRepair) await repair();
  const examine = (): Promise<Findings> => look(store, prepared, readable, options);
  let findings: Findings;
  try {
    findings = await examine();
  } catch (error) {
    if (mustRepair || !isDataError(error)) throw error;
    await repair();
    findings = await examine();
  }
  const notes = await widenColumns(store, prepared, findings.widen, options);
  // What fits now is no change any more.
  if (findings.widen.size > 0) findings = await examine();
  return { checked: { readable, ...lost, changed: findings.changed }, notes };
}

async function loadStreams(
  connection: LoadConnection,
  batch: BatchLoad,
  checkedSegments: ReadonlyMap<string, CheckedSegment>,
): Promise<Omit<LoadedStream, 'grown'>[]> {
  const loaded: Omit<LoadedStream, 'grown'>[] = [];
  for (const stream of batch.streams) loaded.push(await loadStream(connection, stream, checkedSegments));
  // Last, for on Postgres nobody reads a table from its swap to the commit.
  const settled: Omit<LoadedStream, 'grown'>[] = [];
  for (const [index, one] of loaded.entries()) {
    const stream = batch.streams[index];
    const replaced = stream && (await settleTable(connection, stream, batch.syncId));
    settled.push(replaced === undefined ? one : { ...one, replaced });
  }
  await forgetStates(connection, batch.source, batch.forget);
  await saveStates(connection, batch.source, batch.syncId, batch.states);
  return settled;
}

async function loadStream(
  connection: LoadConnection,
  { prepared, movePending, into, segments }: StreamLoad,
  checkedSegments: ReadonlyMap<string, CheckedSegment>,
): Promise<Omit<LoadedStream, 'grown'>> {
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
  let rows = 0;
  let dropped = 0;
  const changed = new Map<string, number>();
  const columns = exactColumns(prepared);
  for (const segment of segments) {
    const checked = checkedSegments.get(segment.path);
    const readable = checked?.readable ?? asItIs(segment);
    const inserted = readable.rows > 0 ? await connection.insertSegment(table, columns, readable) : undefined;
    rows += inserted?.rows ?? 0;
    dropped += checked?.dropped ?? 0;
    for (const [field, count] of [checked?.changed, inserted?.changed].flatMap((one) => Object.entries(one ?? {}))) {
      changed.set(field, (changed.get(field) ?? 0) + count);
    }
  }
  const merged = merges
    ? await mergeRows(connection, prepared, tablePath(dataset, own))
    : { written: rows + moved, updated: 0, deleted: 0, late: 0, withoutKey: 0 };
  return { rows, moved, ...merged, dropped, changed: Object.fromEntries(changed) };
}

/** Puts a replacement in the place of its table, and notes what was loaded. @returns how many rows the table had */
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
