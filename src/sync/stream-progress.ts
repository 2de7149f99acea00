/** How far one stream of a sync has come: a state machine with counts. Only the functions of this file change it. */
import type { StreamState } from './types.ts';

/**
 * `pending` -> `reading` -> `complete` -> `committed`. The source, or its good end, makes a stream complete. It is committed
 * when everything up to there is loaded. Records that follow return it to `reading`.
 */
export type StreamPhase = 'pending' | 'reading' | 'complete' | 'committed';

/** How a stream ended, once nothing more happens to it. */
export type StreamOutcome = Exclude<StreamState, 'pending' | 'running'>;

export interface StreamProgress {
  readonly label: string;
  readonly phase: StreamPhase;
  readonly outcome: StreamOutcome | undefined;
  readonly recordsRead: number;
  /** Records read since the last state that covers the stream. */
  readonly recordsSinceState: number;
  /** Records that the next sync does not read again, and those that no table can take. */
  readonly recordsPersisted: number;
  readonly bytesRead: number;
  /** Records that could not be read or loaded. */
  readonly lost: number;
  /** Records that the source counts up to its last state, minus those that arrived. */
  readonly missing: number;
  /** Whether this sync has committed a state of the stream. */
  readonly committedState: boolean;
  /** The connector's first error about this stream, unredacted. */
  readonly error: string | undefined;
  /** Whether the connector reported the status INCOMPLETE. */
  readonly incompleteReported: boolean;
}

/** For the functions that change a run; everyone else sees it as read-only. */
export type Mutable<T> = { -readonly [Key in keyof T]: T[Key] };
type MutableProgress = Mutable<StreamProgress>;

export function newProgress(label: string): StreamProgress {
  return {
    label,
    phase: 'pending',
    outcome: undefined,
    recordsRead: 0,
    recordsSinceState: 0,
    recordsPersisted: 0,
    bytesRead: 0,
    lost: 0,
    missing: 0,
    committedState: false,
    error: undefined,
    incompleteReported: false,
  };
}

export function isComplete({ phase }: Pick<StreamProgress, 'phase'>): boolean {
  return phase === 'complete' || phase === 'committed';
}

export function isCommitted({ phase }: Pick<StreamProgress, 'phase'>): boolean {
  return phase === 'committed';
}

export function isLossy({ lost, missing }: Pick<StreamProgress, 'lost' | 'missing'>): boolean {
  return lost > 0 || missing !== 0;
}

/** The state that users see. */
export function streamState({ phase, outcome }: StreamProgress): StreamState {
  if (outcome !== undefined) return outcome;
  if (phase === 'pending') return 'pending';
  return phase === 'reading' ? 'running' : 'complete';
}

/** The source starts the stream. */
export function startReading(progress: MutableProgress): void {
  if (progress.phase === 'pending') progress.phase = 'reading';
}

export function addRecords(progress: MutableProgress, records: number, bytes: number): void {
  progress.recordsRead += records;
  progress.recordsSinceState += records;
  progress.bytesRead += bytes;
}

/** More records follow after the stream was complete: it has to be completed and committed again. */
export function reopen(progress: MutableProgress): void {
  progress.phase = 'reading';
}

export function markComplete(progress: MutableProgress): void {
  if (progress.phase !== 'committed') progress.phase = 'complete';
}

/** No effect on a stream that was reopened while its batch loaded. */
export function markCommitted(progress: MutableProgress): void {
  if (progress.phase === 'complete') progress.phase = 'committed';
}

export function markIncomplete(progress: MutableProgress): void {
  progress.incompleteReported = true;
}

/** A record was lost while it was read: the source counts it. */
export function loseRead(progress: MutableProgress): void {
  progress.lost += 1;
  progress.recordsSinceState += 1;
}

/** Records were lost while they were loaded. */
export function loseLoaded(progress: MutableProgress, records: number): void {
  progress.lost += records;
}

/** A state that covers the stream has arrived. @returns the records since the state before it */
export function takeRecordsSinceState(progress: MutableProgress): number {
  const { recordsSinceState } = progress;
  progress.recordsSinceState = 0;
  return recordsSinceState;
}

export function setMissing(progress: MutableProgress, records: number): void {
  progress.missing = records;
}

export function persistRecords(progress: MutableProgress, total: number): void {
  progress.recordsPersisted = Math.max(progress.recordsPersisted, total);
}

export function markStateCommitted(progress: MutableProgress): void {
  progress.committedState = true;
}

export function reportError(progress: MutableProgress, message: string): void {
  progress.error ??= message;
}

export function setOutcome(progress: MutableProgress, outcome: StreamOutcome): void {
  progress.outcome = outcome;
}
