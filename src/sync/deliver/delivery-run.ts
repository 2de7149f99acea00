/** A stream that is delivered to a destination: its progress, and what the destination has confirmed. */
import type { ConfiguredStream } from '../../protocol/index.ts';
import { isComplete, type Mutable, newProgress, type StreamProgress, streamState } from '../stream-progress.ts';
import type { StreamSummary } from '../types.ts';

export interface DeliveryRun extends StreamProgress {
  readonly configured: ConfiguredStream;
  /** Whether the source continues from a stored state. */
  readonly resumes: boolean;
  /** Whether an incremental stream replaces what the destination has: its states count once it is complete. */
  readonly replaces: boolean;
  /** Records that the destination has confirmed, where that is on disk. */
  readonly recordsConfirmed: number;
}

export function newDeliveryRun(
  label: string,
  configured: ConfiguredStream,
  { resumes, replaces }: Pick<DeliveryRun, 'resumes' | 'replaces'>,
): DeliveryRun {
  return { ...newProgress(label), configured, resumes, replaces, recordsConfirmed: 0 };
}

/** Sets how many records of the stream the destination has confirmed, counted from the first. */
export function confirmDelivered(run: Mutable<DeliveryRun>, total: number): void {
  run.recordsConfirmed = Math.max(run.recordsConfirmed, total);
}

export function deliverySummary(run: DeliveryRun): StreamSummary {
  // A complete stream is still being delivered: only its outcome shows whether the destination has it.
  const isDelivering = run.outcome === undefined && isComplete(run);
  return {
    stream: run.label,
    state: isDelivering ? 'running' : streamState(run),
    mode: run.configured.mode,
    records: run.recordsRead,
    confirmed: run.recordsConfirmed,
    ...(run.lost > 0 ? { lost: run.lost } : {}),
    bytes: run.bytesRead,
    committed_state: run.committedState,
    ...(run.error === undefined ? {} : { error: run.error }),
  };
}
