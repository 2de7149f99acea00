/** What a running sync into a destination knows of one stream. */
import type { ConfiguredStream } from '../../protocol/index.ts';
import type { StreamState, StreamSummary } from '../types.ts';

export interface DeliveryRun {
  readonly label: string;
  readonly configured: ConfiguredStream;
  /** Whether the source continues from a kept state. */
  readonly resumes: boolean;
  /** Whether an incremental stream is put in the place of what is there: its states count once it is whole. */
  readonly replaces: boolean;
  state: StreamState;
  /** Records that were handed to the destination. */
  recordsRead: number;
  /** Records read since the last state that covers the stream. */
  recordsSinceState: number;
  bytesRead: number;
  /** Records that could not be read, and did not go to the destination. */
  lost: number;
  /** Records that the source counts up to its last state, less those that came. */
  missing: number;
  /** Records that the destination has confirmed, where that is on disk. */
  recordsConfirmed: number;
  /** Records before the newest state that is kept of this sync: the next one begins behind them. */
  recordsPersisted: number;
  /** Whether the source, or its good end, has said that the stream is whole. */
  complete: boolean;
  committedState: boolean;
  error: string | undefined;
  /** Whether the source said INCOMPLETE. */
  saidIncomplete: boolean;
}

export function newDeliveryRun(
  label: string,
  configured: ConfiguredStream,
  { resumes, replaces }: Pick<DeliveryRun, 'resumes' | 'replaces'>,
): DeliveryRun {
  return {
    label,
    configured,
    resumes,
    replaces,
    state: 'pending',
    recordsRead: 0,
    recordsSinceState: 0,
    bytesRead: 0,
    lost: 0,
    missing: 0,
    recordsConfirmed: 0,
    recordsPersisted: 0,
    complete: false,
    committedState: false,
    error: undefined,
    saidIncomplete: false,
  };
}

export function deliverySummary(run: DeliveryRun): StreamSummary {
  return {
    stream: run.label,
    state: run.state,
    mode: run.configured.mode,
    records: run.recordsRead,
    confirmed: run.recordsConfirmed,
    ...(run.lost > 0 ? { lost: run.lost } : {}),
    bytes: run.bytesRead,
    committed_state: run.committedState,
    ...(run.error === undefined ? {} : { error: run.error }),
  };
}
