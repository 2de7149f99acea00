/** What a sync into the cache does with each line that is not a record. */
import { parseMessage } from '../protocol/index.ts';
import type { Batches } from './batches.ts';
import { isLongLog, type LogContext, noteMessage } from './connector-messages.ts';
import { loseRecord } from './losses.ts';
import { topLevelText } from './router/index.ts';
import type { SourceCounts } from './source-counts.ts';
import { readState } from './state-file.ts';
import type { StreamIndex } from './stream-keys.ts';
import { markIncomplete, startReading } from './stream-progress.ts';
import type { StreamRun } from './stream-run.ts';
import type { SyncLog } from './sync-log.ts';
import { addWarning, type SyncRecord } from './sync-record.ts';

export interface MessageHandler {
  /** @returns whether something was confirmed: a good point to cut a batch */
  handle(line: Buffer): boolean;
  /** Whether the connector has reported any stream as complete or incomplete: then it reports each. */
  readonly endSeen: () => boolean;
}

export function createMessageHandler(
  record: SyncRecord,
  indexOf: StreamIndex,
  batches: Batches,
  counts: SourceCounts,
  log: SyncLog,
): MessageHandler {
  let endSeen = false;
  const runOf = (name: string, namespace: string | undefined): StreamRun | undefined =>
    record.runs[indexOf(name, namespace)];

  const logContext: LogContext = {
    record,
    log,
    channels: { messages: 'connector', printed: 'stdout' },
    runOf,
    keepUpdate: record.keepUpdate,
  };

  return {
    endSeen: () => endSeen,
    handle(line) {
      if (isLongLog(line, log)) return false;
      const text = line.toString('utf8');
      const message = parseMessage(text);
      switch (message?.type) {
        case 'STATE': {
          const state = readState(message.state, topLevelText(line, 'state') ?? '{}');
          const run = state?.stream && runOf(state.stream.name, state.stream.namespace);
          if (state && (run || state.kind !== 'STREAM')) {
            counts.state(message.state, run);
            batches.state(state, run);
            return true;
          }
          addWarning(record, 'The connector sent a state that belongs to no stream of this sync; it is not kept.');
          return false;
        }
        case 'TRACE_STATUS': {
          endSeen ||= message.status === 'COMPLETE' || message.status === 'INCOMPLETE';
          const run = runOf(message.name, message.namespace);
          if (!run) return false;
          if (message.status === 'COMPLETE') {
            batches.complete(run);
            return true;
          }
          if (message.status === 'INCOMPLETE') markIncomplete(run);
          else startReading(run);
          return false;
        }
        case 'RECORD':
          loseRecord(record, record.runs, -1);
          return false;
        default:
          noteMessage(message, text, logContext);
          return false;
      }
    },
  };
}
