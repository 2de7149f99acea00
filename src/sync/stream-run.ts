/** A stream that is read into the cache: its progress, and what is written of it. Only the functions of this file change it. */
import type { LoadedStream, PreparedStream, StateText, StreamLoad } from '../cache/index.ts';
import {
  addRecords,
  type Mutable,
  newProgress,
  persistRecords,
  reopen,
  type StreamProgress,
  streamState,
} from './stream-progress.ts';
import type { StreamSummary } from './types.ts';

export interface StreamRun extends StreamProgress {
  readonly index: number;
  readonly prepared: PreparedStream;
  /** Becomes `append` once the replacement is swapped in. */
  readonly writeMode: 'append' | 'replace';
  /** Whether the source has sent a state that covers the stream. */
  readonly stateSeen: boolean;
  /** Whether something was confirmed since the last batch. */
  readonly hasConfirmed: boolean;
  /** The last state, until it is committed. */
  readonly stateToCommit: StateText | undefined;
  /** Whether rows are not loaded until the end, because the state does not move past records that were lost. */
  readonly isHeldBack: boolean;
  /** Whether a replacement lost records at the end and is not swapped in. */
  readonly isWithdrawn: boolean;
  /** Rows in the pending table, including batches that are loading. */
  readonly rowsPending: number;
  /** Rows and records of the replacement that is not swapped in yet. */
  readonly rowsStaged: number;
  readonly recordsStaged: number;
  readonly rowsCommitted: number;
  readonly rowsDeleted: number;
  /** Rows of the table that newer ones of the same key have replaced. */
  readonly rowsUpdated: number;
  /** Records that changed nothing, because the table has a newer row. */
  readonly recordsLate: number;
  /** Rows that the table had when a replacement was swapped in. */
  readonly rowsReplaced: number | undefined;
  /** Rows of the table at the end of the sync. */
  readonly tableRows: number | undefined;
  /** Values changed by the load, by field. */
  readonly changedValues: Map<string, number>;
}

type MutableRun = Mutable<StreamRun>;

export function newStreamRun(index: number, label: string, prepared: PreparedStream): StreamRun {
  return {
    ...newProgress(label),
    index,
    prepared,
    writeMode: prepared.writeMode,
    stateSeen: false,
    hasConfirmed: false,
    stateToCommit: undefined,
    isHeldBack: false,
    isWithdrawn: false,
    rowsPending: 0,
    rowsStaged: 0,
    recordsStaged: 0,
    rowsCommitted: 0,
    rowsDeleted: 0,
    rowsUpdated: 0,
    recordsLate: 0,
    rowsReplaced: undefined,
    tableRows: undefined,
    changedValues: new Map(),
  };
}

export function isIncremental({ prepared }: StreamRun): boolean {
  return prepared.mode.startsWith('incremental');
}

/** Whether rows that are read again do no harm, because they are merged by their key. */
export function isMerged({ prepared }: StreamRun): boolean {
  return prepared.mode === 'incremental_deduped_history';
}

/**
 * Whether a full refresh of the stream continues after an interruption. If the catalog does not report it, a state of a
 * stream without incremental mode can mean nothing else; other sources send states out of habit.
 */
export function isResumable(run: StreamRun): boolean {
  const { resumable, incremental } = run.prepared.stream;
  return !isIncremental(run) && (resumable ?? !incremental);
}

/** Whether the table is rebuilt from scratch and not visible before it is complete. */
export function isPlainReplacement(run: StreamRun): boolean {
  return run.writeMode === 'replace' && !isResumable(run);
}

/** Whether an incremental stream is being rebuilt: no state of all streams may be committed before it is complete. */
export function blocksSharedState(run: StreamRun): boolean {
  return run.writeMode === 'replace' && isIncremental(run);
}

export function addLines(run: MutableRun, records: number, bytes: number): void {
  addRecords(run, records, bytes);
  reopen(run);
}

export function noteState(run: MutableRun): void {
  run.stateSeen = true;
}

export function setStateToCommit(run: MutableRun, state: StateText): void {
  run.stateToCommit = state;
}

/** Everything read so far may enter the table. */
export function confirmRecords(run: MutableRun): void {
  run.isHeldBack = false;
  run.hasConfirmed = true;
}

export function holdBack(run: MutableRun): void {
  run.isHeldBack = true;
}

export function withdrawReplacement(run: MutableRun): void {
  run.writeMode = 'replace';
  run.isWithdrawn = true;
}

/** A batch was cut. */
export function startBatch(run: MutableRun, { isSwapped }: { readonly isSwapped: boolean }): void {
  run.hasConfirmed = false;
  if (isSwapped) run.writeMode = 'append';
  // An incremental stream that is being replaced commits its state with the swap.
  if (!isIncremental(run) || run.writeMode === 'append') run.stateToCommit = undefined;
}

export function setRowsPending(run: MutableRun, rows: number): void {
  run.rowsPending = rows;
}

export function setTableRows(run: MutableRun, rows: number | undefined): void {
  run.tableRows = rows;
}

/** Counts what one load of a batch has done to the stream. */
export function countLoad(run: MutableRun, { into, swap }: StreamLoad, result: LoadedStream): void {
  const { rows, moved, written, updated, deleted, late, dropped, replaced, changed } = result;
  run.recordsStaged += (into === 'pending' ? 0 : rows) + moved + dropped;
  run.rowsDeleted += deleted;
  run.recordsLate += late;
  if (into !== 'pending') run.rowsStaged += written;
  // What a replacement has merged into itself was never in the table.
  if (into === 'table') run.rowsUpdated += updated;
  else run.rowsStaged -= updated;
  if (replaced !== undefined) run.rowsReplaced = (run.rowsReplaced ?? 0) + replaced;
  for (const [field, values] of Object.entries(changed)) {
    run.changedValues.set(field, (run.changedValues.get(field) ?? 0) + values);
  }
  if (into === 'table' || swap) {
    run.rowsCommitted += run.rowsStaged;
    run.rowsStaged = 0;
  }
  // A resumable refresh keeps what it has read with its state, although it is not visible yet.
  if (into === 'table' || swap || (into === 'replacement' && isResumable(run))) {
    persistRecords(run, run.recordsPersisted + run.recordsStaged);
    run.recordsStaged = 0;
  }
}

export function summaryOf(run: StreamRun): StreamSummary {
  const columns = (): string[] => run.prepared.target.columns.map(({ column }) => column);
  return {
    stream: run.label,
    state: streamState(run),
    mode: run.prepared.mode,
    table: run.prepared.target.table,
    records: run.recordsRead,
    rows: run.rowsCommitted,
    added: run.rowsCommitted - run.rowsUpdated,
    updated: run.rowsUpdated,
    deleted: run.rowsDeleted,
    ...(run.rowsReplaced === undefined ? {} : { replaced: run.rowsReplaced }),
    ...(run.recordsLate > 0 ? { late: run.recordsLate } : {}),
    ...(run.tableRows === undefined ? {} : { table_rows: run.tableRows, columns: columns() }),
    ...(run.lost > 0 ? { lost: run.lost } : {}),
    ...(run.changedValues.size > 0 ? { changed_values: Object.fromEntries(run.changedValues) } : {}),
    bytes: run.bytesRead,
    committed_state: run.committedState,
    ...(run.error === undefined ? {} : { error: run.error }),
  };
}
