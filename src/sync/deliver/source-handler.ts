/** What a source that is read for a destination says of its streams. */
import type { Exit } from '../../connectors/index.ts';
import { isLossy } from '../losses.ts';
import { isIncrementalMode } from '../modes.ts';
import { badEnd } from '../outcome.ts';
import { createSourceCounts } from '../source-counts.ts';
import type { StreamIndex } from '../stream-keys.ts';
import type { SyncLog } from '../sync-log.ts';
import { addError, type SyncRecord } from '../sync-record.ts';
import type { Confirmations } from './confirmations.ts';
import type { Feed } from './feed.ts';
import type { SourceHandler } from './source-side.ts';

export interface SourceRunHandler extends SourceHandler {
  /**
   * The source is over. A good end makes the streams whole of a source that never tells their status.
   * @param exit undefined where it was ended
   * @returns whether it ended well
   */
  ended(exit: Exit | undefined, feed: Feed): boolean;
}

export interface SourceHandlerParts {
  readonly record: SyncRecord;
  readonly log: SyncLog;
  readonly indexOf: StreamIndex;
  readonly confirmations: Confirmations;
  /** Whether the destination waits for the word that each stream is complete. */
  readonly tellsStatus: boolean;
  /** Whether the source was told to end. */
  readonly stopped: () => boolean;
}

export function createSourceHandler({
  record,
  log,
  indexOf,
  confirmations,
  tellsStatus,
  stopped,
}: SourceHandlerParts): SourceRunHandler {
  const { deliveries } = record;
  const counts = createSourceCounts(deliveries, ({ configured }) => isIncrementalMode(configured.mode));
  let endSeen = false;
  const isWhole = (): boolean => deliveries.every(({ complete }) => complete);
  return {
    logContext: {
      record,
      log,
      channels: { said: 'connector', printed: 'stdout' },
      from: 'source',
      runOf: (name, namespace) => deliveries[indexOf(name, namespace)],
      keepUpdate: record.keepUpdate,
    },
    silenceMs: record.silenceMs,
    isWhole,
    stopped,
    records(stream, rows, bytes) {
      const run = deliveries[stream];
      if (!run) return;
      if (run.state === 'pending') run.state = 'running';
      run.recordsRead += rows;
      run.recordsSinceState += rows;
      run.bytesRead += bytes;
    },
    state(state, text, stream) {
      const run = stream && deliveries[indexOf(stream.name, stream.namespace)];
      if (!stream || run) counts.state(state, run);
      // A state that was not sent is not returned, and not kept: the next sync reads what was lost again.
      if ((run ? [run] : stream ? [] : deliveries).some(isLossy)) return false;
      return confirmations.sent(state, text);
    },
    status(name, namespace, status) {
      endSeen ||= status === 'COMPLETE' || status === 'INCOMPLETE';
      const run = deliveries[indexOf(name, namespace)];
      if (!run) return false;
      if (status === 'COMPLETE') run.complete = true;
      else if (status === 'INCOMPLETE') run.saidIncomplete = true;
      else if (run.state === 'pending') run.state = 'running';
      // A destination that is told so takes what it has for all there is.
      return tellsStatus && status === 'COMPLETE' && run.error === undefined && !isLossy(run);
    },
    ended(exit, feed) {
      const ownErrors = record.errors.filter(({ from }) => from === 'source');
      if (stopped()) return false;
      if (exit && exit.code !== 0 && ownErrors.length === 0) {
        addError(record, { ...badEnd(exit, 'The source'), from: 'source' });
        return false;
      }
      const well = (exit ? exit.code === 0 : isWhole()) && ownErrors.every(({ stream }) => stream !== undefined);
      if (!well || endSeen) return well;
      for (const run of deliveries) {
        if (run.error !== undefined || run.complete) continue;
        run.complete = true;
        if (tellsStatus && !isLossy(run)) feed.put(completeLine(run.configured.stream));
      }
      void feed.flush();
      return true;
    },
  };
}

function completeLine({ name, namespace }: { readonly name: string; readonly namespace?: string }): Buffer {
  const descriptor = { name, ...(namespace ? { namespace } : {}) };
  const status = { stream_descriptor: descriptor, status: 'COMPLETE' };
  const trace = { type: 'STREAM_STATUS', emitted_at: Date.now(), stream_status: status };
  return Buffer.from(`${JSON.stringify({ type: 'TRACE', trace })}\n`);
}
