/** Handles the messages of a source for the delivered streams. */
import type { Exit } from '../../connectors/index.ts';
import type { JsonObject, StreamStatus } from '../../protocol/index.ts';
import { isIncrementalMode } from '../modes.ts';
import { badEnd } from '../outcome.ts';
import { createSourceCounts, type SourceCounts } from '../source-counts.ts';
import type { StreamIndex, StreamName } from '../stream-keys.ts';
import { addRecords, isComplete, isLossy, markComplete, markIncomplete, startReading } from '../stream-progress.ts';
import type { SyncLog } from '../sync-log.ts';
import { addError, type SyncRecord } from '../sync-record.ts';
import type { Confirmations } from './confirmations.ts';
import type { DeliveryRun } from './delivery-run.ts';
import type { Feed } from './feed.ts';
import type { SourceHandler } from './source-side.ts';

export interface SourceRunHandler extends SourceHandler {
  /**
   * The source has ended. A good end completes the streams of a source that never reports their status.
   * @param exit undefined if it was stopped
   */
  ended(exit: Exit | undefined, feed: Feed): void;
}

export interface SourceHandlerParts {
  readonly record: SyncRecord;
  readonly log: SyncLog;
  readonly indexOf: StreamIndex;
  readonly confirmations: Confirmations;
  /** Whether the destination waits for the status COMPLETE of each stream. */
  readonly tellsStatus: boolean;
  /** Whether the source was asked to stop. */
  readonly isStopped: () => boolean;
}

interface Handling extends SourceHandlerParts {
  readonly counts: SourceCounts;
  /** Whether the source has reported the end of any stream. */
  endSeen: boolean;
}

export function createSourceHandler(parts: SourceHandlerParts): SourceRunHandler {
  const { record, log, indexOf, isStopped } = parts;
  const { deliveries } = record;
  const counts = createSourceCounts(deliveries, ({ configured }) => isIncrementalMode(configured.mode));
  const handling: Handling = { ...parts, counts, endSeen: false };
  return {
    logContext: {
      record,
      log,
      channels: { messages: 'connector', printed: 'stdout' },
      from: 'source',
      runOf: (name, namespace) => deliveries[indexOf(name, namespace)],
      keepUpdate: record.keepUpdate,
    },
    isComplete: () => deliveries.every(isComplete),
    isStopped,
    records(stream, rows, bytes) {
      const run = deliveries[stream];
      if (!run) return;
      startReading(run);
      addRecords(run, rows, bytes);
    },
    state: (state, text, stream) => takeState(handling, state, text, stream),
    status: (name, namespace, status) => takeStatus(handling, deliveries[indexOf(name, namespace)], status),
    ended: (exit, feed) => takeEnd(handling, exit, feed),
  };
}

/** @returns whether the destination gets the state */
function takeState(
  { record, indexOf, counts, confirmations }: Handling,
  state: JsonObject,
  text: string,
  stream: StreamName | undefined,
): boolean {
  const run = stream && record.deliveries[indexOf(stream.name, stream.namespace)];
  if (!stream || run) counts.state(state, run);
  // A state that was not sent is not returned, and not stored: the next sync reads what was lost again.
  const covered = stream ? [] : record.deliveries;
  if ((run ? [run] : covered).some(isLossy)) return false;
  return confirmations.sent(state, text);
}

/** @returns whether the destination gets the status */
function takeStatus(handling: Handling, run: DeliveryRun | undefined, status: StreamStatus): boolean {
  handling.endSeen ||= status === 'COMPLETE' || status === 'INCOMPLETE';
  if (!run) return false;
  if (status === 'COMPLETE') markComplete(run);
  else if (status === 'INCOMPLETE') markIncomplete(run);
  else startReading(run);
  // A destination that gets the status treats the stream as complete.
  return handling.tellsStatus && status === 'COMPLETE' && run.error === undefined && !isLossy(run);
}

function takeEnd(handling: Handling, exit: Exit | undefined, feed: Feed): void {
  const { record, isStopped, tellsStatus, endSeen } = handling;
  const { deliveries } = record;
  if (isStopped()) return;
  const ownErrors = record.errors.filter(({ from }) => from === 'source');
  if (exit && exit.code !== 0 && ownErrors.length === 0) {
    addError(record, { ...badEnd(exit, 'The source'), from: 'source' });
    return;
  }
  const endedWell = exit ? exit.code === 0 : deliveries.every(isComplete);
  if (!endedWell || endSeen || ownErrors.some(({ stream }) => stream === undefined)) return;
  for (const run of deliveries) {
    if (run.error !== undefined || isComplete(run)) continue;
    markComplete(run);
    if (tellsStatus && !isLossy(run)) feed.put(completeLine(run.configured.stream));
  }
  void feed.flush();
}

function completeLine({ name, namespace }: StreamName): Buffer {
  const descriptor = { name, ...(namespace ? { namespace } : {}) };
  const status = { stream_descriptor: descriptor, status: 'COMPLETE' };
  const trace = { type: 'STREAM_STATUS', emitted_at: Date.now(), stream_status: status };
  return Buffer.from(`${JSON.stringify({ type: 'TRACE', trace })}\n`);
}
