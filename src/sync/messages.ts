/** What a sync does with each line that is no record. */
import { type JsonObject, parseMessage, type TraceError } from '../protocol/index.ts';
import type { Batches } from './batches.ts';
import { topLevelText } from './router/index.ts';
import type { SourceCounts } from './source-counts.ts';
import { readState } from './state-file.ts';
import type { StreamIndex } from './stream-keys.ts';
import type { StreamRun } from './stream-run.ts';
import type { SyncLog } from './sync-log.ts';
import { addError, addWarning, type SyncRecord } from './sync-record.ts';

/** A longer log message is left out: to parse and seal it would take many times its size in memory. */
const LONGEST_LOG = 1024 * 1024;

export interface MessageHandler {
  /** @returns whether something was confirmed: a good place to cut a batch */
  handle(line: Buffer): boolean;
  /** Whether the connector tells the status of its streams at all. */
  readonly statusSeen: () => boolean;
}

export function createMessageHandler(
  record: SyncRecord,
  indexOf: StreamIndex,
  batches: Batches,
  counts: SourceCounts,
  log: SyncLog,
): MessageHandler {
  let statusSeen = false;
  const runOf = (name: string, namespace: string | undefined): StreamRun | undefined =>
    record.runs[indexOf(name, namespace)];

  const traceError = (error: TraceError): void => {
    const run = error.stream && runOf(error.stream.name, error.stream.namespace);
    if (run) run.error ??= error.message;
    addError(record, {
      message: error.message,
      failure_type: error.failureType,
      ...(error.stream ? { stream: run?.label ?? error.stream.name } : {}),
    });
    log.write('connector', `${error.message}\n`);
    if (error.internalMessage) log.write('connector', `${error.internalMessage}\n`);
    if (error.stackTrace) log.write('connector', `${error.stackTrace}\n`);
  };

  return {
    statusSeen: () => statusSeen,
    handle(line) {
      if (line.length > LONGEST_LOG && topLevelText(line, 'type') === '"LOG"') {
        log.note(`a log message of ${line.length} bytes is left out`);
        return false;
      }
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
          statusSeen = true;
          const run = runOf(message.name, message.namespace);
          if (!run) return false;
          if (message.status === 'COMPLETE') {
            batches.complete(run);
            return true;
          }
          if (message.status === 'INCOMPLETE') run.saidIncomplete = true;
          else if (run.state === 'pending') run.state = 'running';
          return false;
        }
        case 'TRACE_ERROR':
          traceError(message.error);
          return false;
        case 'LOG':
          log.write('connector', `${message.message}\n${message.stackTrace ? `${message.stackTrace}\n` : ''}`);
          return false;
        case 'CONTROL':
          keepUpdate(record, message.control, log);
          return false;
        case 'RECORD':
          addWarning(record, 'The connector sent records without a stream; they are not loaded.');
          return false;
        case undefined:
          log.write('stdout', `${text}\n`);
          return false;
        default:
          return false;
      }
    },
  };
}

/** A changed configuration, such as a rotated token: at once, for the value before may be dead already. */
function keepUpdate(record: SyncRecord, control: JsonObject, log: SyncLog): void {
  const { fields = [], problem } = record.keepUpdate?.(control) ?? {};
  if (fields.length > 0)
    log.note(`the connector changed its configuration, kept for its next run: ${fields.join(', ')}`);
  if (problem !== undefined) addWarning(record, problem);
}
