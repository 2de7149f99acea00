/** What a running sync knows of one stream. */
import type { PreparedStream, StateText } from '../cache/index.ts';
import type { StreamState, StreamSummary } from './types.ts';

export interface StreamRun {
  readonly index: number;
  readonly label: string;
  readonly prepared: PreparedStream;
  /** Becomes `append` once the replacement has taken the table's place. */
  writeMode: 'append' | 'replace';
  state: StreamState;
  recordsRead: number;
  /** Records read since the last state of the stream. */
  recordsSinceState: number;
  /** Records whose effect is committed, or that are no records that a table can take. */
  recordsPersisted: number;
  bytesRead: number;
  rowsCommitted: number;
  rowsDeleted: number;
  /** Rows of the table that newer ones of the same key have replaced. */
  rowsUpdated: number;
  /** Records that changed nothing, for what the table has is newer. */
  recordsLate: number;
  /** Rows that the table had when a replacement took its place. */
  rowsReplaced: number | undefined;
  /** Rows of the table at the end of the sync. */
  tableRows: number | undefined;
  /** Records that could not be read or loaded. */
  lost: number;
  /** Records that the source counts up to its last state, less those that came. */
  missing: number;
  /** Whether the source has sent a state that covers the stream. */
  stateSeen: boolean;
  /** Whether rows wait to the end and are not loaded, for the state does not move past what was lost. */
  heldBack: boolean;
  /** Whether a replacement lost records at the end and does not take the table's place. */
  withdrawn: boolean;
  /** Values changed by the load, by field. */
  readonly changed: Map<string, number>;
  /** Rows of the replacement that is not in place yet. */
  rowsStaged: number;
  recordsStaged: number;
  /** Rows in the pending table, the batches under way included. */
  rowsPending: number;
  /** Whether the connector, or its good end, has said that the stream is whole. */
  complete: boolean;
  /** Whether everything up to that word is committed. */
  isCommitted: boolean;
  /** Whether something was confirmed since the last batch. */
  confirmed: boolean;
  /** The last state, while it is not committed. */
  stateToCommit: StateText | undefined;
  committedState: boolean;
  /** The connector's own word on this stream's failure, as it came. */
  error: string | undefined;
  /** Whether the connector said INCOMPLETE. */
  saidIncomplete: boolean;
}

export function newStreamRun(index: number, label: string, prepared: PreparedStream): StreamRun {
  return {
    index,
    label,
    prepared,
    writeMode: prepared.writeMode,
    state: 'pending',
    recordsRead: 0,
    recordsSinceState: 0,
    recordsPersisted: 0,
    bytesRead: 0,
    rowsCommitted: 0,
    rowsDeleted: 0,
    rowsUpdated: 0,
    recordsLate: 0,
    rowsReplaced: undefined,
    tableRows: undefined,
    lost: 0,
    missing: 0,
    stateSeen: false,
    heldBack: false,
    withdrawn: false,
    changed: new Map(),
    rowsStaged: 0,
    recordsStaged: 0,
    rowsPending: 0,
    complete: false,
    isCommitted: false,
    confirmed: false,
    stateToCommit: undefined,
    committedState: false,
    error: undefined,
    saidIncomplete: false,
  };
}

export function summaryOf(run: StreamRun): StreamSummary {
  return {
    stream: run.label,
    state: run.state,
    mode: run.prepared.mode,
    table: run.prepared.target.table,
    records: run.recordsRead,
    rows: run.rowsCommitted,
    added: run.rowsCommitted - run.rowsUpdated,
    updated: run.rowsUpdated,
    deleted: run.rowsDeleted,
    ...(run.rowsReplaced === undefined ? {} : { replaced: run.rowsReplaced }),
    ...(run.recordsLate > 0 ? { late: run.recordsLate } : {}),
    ...(run.tableRows === undefined
      ? {}
      : { table_rows: run.tableRows, columns: run.prepared.target.columns.map(({ column }) => column) }),
    ...(run.lost > 0 ? { lost: run.lost } : {}),
    ...(run.changed.size > 0 ? { changed_values: Object.fromEntries(run.changed) } : {}),
    bytes: run.bytesRead,
    committed_state: run.committedState,
    ...(run.error === undefined ? {} : { error: run.error }),
  };
}

/** Whether the stream's table is built beside the old one while its state counts rows: then no wider state may pass it. */
export function holdsGlobalState(run: StreamRun): boolean {
  return run.writeMode === 'replace' && isIncremental(run);
}

export function isIncremental({ prepared }: StreamRun): boolean {
  return prepared.mode.startsWith('incremental');
}

/**
 * Whether a full refresh of the stream continues after an interruption. A source that does not say so can mean nothing else
 * by a state of a stream that offers no incremental reading; others send states out of habit.
 */
export function isResumable(run: StreamRun): boolean {
  const { resumable, incremental } = run.prepared.stream;
  return !isIncremental(run) && (resumable ?? !incremental);
}
