/** A connector's messages other than data: errors, logs, a changed configuration, and lines that are not messages. */
import type { AirbyteMessage, JsonObject, TraceError } from '../protocol/index.ts';
import type { ResolvedConfig } from '../secrets/index.ts';
import { topLevelText } from './router/index.ts';
import { reportError, type StreamProgress } from './stream-progress.ts';
import type { LogChannel, SyncLog } from './sync-log.ts';
import { addError, addWarning, type SyncRecord } from './sync-record.ts';
import type { SyncFailure } from './types.ts';

/** A longer log message is left out: to parse and redact it would take many times its size in memory. */
const MAX_LOG_LENGTH = 1024 * 1024;

export interface LogContext {
  readonly record: SyncRecord;
  readonly log: SyncLog;
  /** The log channels of its messages, and of lines that are not messages. */
  readonly channels: { readonly messages: LogChannel; readonly printed: LogChannel };
  /** Which of two connectors it is, where there are two. */
  readonly from?: SyncFailure['from'];
  runOf(name: string, namespace: string | undefined): StreamProgress | undefined;
  readonly keepUpdate?: ResolvedConfig['keepUpdate'];
}

/** @returns whether the line is a log message that is too long to process */
export function isLongLog(line: Buffer, log: SyncLog): boolean {
  if (line.length <= MAX_LOG_LENGTH || topLevelText(line, 'type') !== '"LOG"') return false;
  log.note(`a log message of ${line.length} bytes is left out`);
  return true;
}

/** Notes a message that is not a record, state or status; `text` is its line. */
export function noteMessage(message: AirbyteMessage | undefined, text: string, logContext: LogContext): void {
  const { log, channels } = logContext;
  if (message === undefined) log.write(channels.printed, `${text}\n`);
  else if (message.type === 'TRACE_ERROR') noteError(message.error, logContext);
  else if (message.type === 'CONTROL') keepUpdate(message.control, logContext);
  else if (message.type === 'LOG') {
    log.write(channels.messages, `${message.message}\n${message.stackTrace ? `${message.stackTrace}\n` : ''}`);
  }
}

function noteError(error: TraceError, { record, log, channels, from, runOf }: LogContext): void {
  const run = error.stream && runOf(error.stream.name, error.stream.namespace);
  if (run) reportError(run, error.message);
  addError(record, {
    message: error.message,
    failure_type: error.failureType,
    ...(error.stream ? { stream: run?.label ?? error.stream.name } : {}),
    ...(from ? { from } : {}),
  });
  log.write(channels.messages, `${error.message}\n`);
  if (error.internalMessage) log.write(channels.messages, `${error.internalMessage}\n`);
  if (error.stackTrace) log.write(channels.messages, `${error.stackTrace}\n`);
}

/** Stores a changed configuration, such as a rotated token, immediately: the previous value may be invalid already. */
function keepUpdate(control: JsonObject, { record, log, keepUpdate: keep }: LogContext): void {
  const { fields = [], problem } = keep?.(control) ?? {};
  if (fields.length > 0)
    log.note(`the connector changed its configuration, kept for its next run: ${fields.join(', ')}`);
  if (problem !== undefined) addWarning(record, problem);
}
