/** What a running sync knows of one stream. */
import type { PreparedStream, StateText } from '../cache/index.ts';
import type { StreamState, StreamSummary } from './types.ts';

export interface StreamRun {
  readonly index: number;
  readonly label: string;
  readonly prepared: PreparedStream;
  /** Becomes `append` once the replacement has taken the table's place. */
  fill: 'append' | 'replace';
  state: StreamState;
  recordsRead: number;
  bytesRead: number;
  rowsCommitted: number;
  /** Rows of the replacement that is not in place yet. */
  rowsBeside: number;
  /** Rows in the pending table, the batches under way included. */
  rowsPending: number;
  /** Whether the connector, or its good end, has said that the stream is whole. */
  complete: boolean;
  /** Whether everything up to that word is committed. */
  landed: boolean;
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
    fill: prepared.fill,
    state: 'pending',
    recordsRead: 0,
    bytesRead: 0,
    rowsCommitted: 0,
    rowsBeside: 0,
    rowsPending: 0,
    complete: false,
    landed: false,
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
    bytes: run.bytesRead,
    committed_state: run.committedState,
    ...(run.error === undefined ? {} : { error: run.error }),
  };
}

/** Whether the stream's table is built beside the old one while its state counts rows: then no wider state may pass it. */
export function holdsGlobalState(run: StreamRun): boolean {
  return run.fill === 'replace' && run.prepared.mode.startsWith('incremental');
}
