/** What any connector says beside its work: errors, log messages, a changed configuration, and lines that are no messages. */
import type { AirbyteMessage, JsonObject, TraceError } from '../protocol/index.ts';
import type { ResolvedConfig } from '../secrets/index.ts';
import { topLevelText } from './router/index.ts';
import type { SyncLog, Voice } from './sync-log.ts';
import { addError, addWarning, type SyncRecord } from './sync-record.ts';
import type { SyncFailure } from './types.ts';

/** A longer log message is left out: to parse and seal it would take many times its size in memory. */
const LONGEST_LOG = 1024 * 1024;

export interface Speaker {
  readonly record: SyncRecord;
  readonly log: SyncLog;
  /** Under which names its words stand in the log. */
  readonly voices: { readonly said: Voice; readonly printed: Voice };
  /** Which of two connectors it is, where there are two. */
  readonly from?: SyncFailure['from'];
  runOf(name: string, namespace: string | undefined): { readonly label: string; error: string | undefined } | undefined;
  readonly keepUpdate?: ResolvedConfig['keepUpdate'];
}

/** @returns whether the line is a log message that is too long to look at */
export function isLongLog(line: Buffer, log: SyncLog): boolean {
  if (line.length <= LONGEST_LOG || topLevelText(line, 'type') !== '"LOG"') return false;
  log.note(`a log message of ${line.length} bytes is left out`);
  return true;
}

/** Notes a message that is no record, state or status; `text` is its line. */
export function noteWords(message: AirbyteMessage | undefined, text: string, speaker: Speaker): void {
  const { log, voices } = speaker;
  if (message === undefined) log.write(voices.printed, `${text}\n`);
  else if (message.type === 'TRACE_ERROR') noteError(message.error, speaker);
  else if (message.type === 'CONTROL') keepUpdate(message.control, speaker);
  else if (message.type === 'LOG') {
    log.write(voices.said, `${message.message}\n${message.stackTrace ? `${message.stackTrace}\n` : ''}`);
  }
}

function noteError(error: TraceError, { record, log, voices, from, runOf }: Speaker): void {
  const run = error.stream && runOf(error.stream.name, error.stream.namespace);
  if (run) run.error ??= error.message;
  addError(record, {
    message: error.message,
    failure_type: error.failureType,
    ...(error.stream ? { stream: run?.label ?? error.stream.name } : {}),
    ...(from ? { from } : {}),
  });
  log.write(voices.said, `${error.message}\n`);
  if (error.internalMessage) log.write(voices.said, `${error.internalMessage}\n`);
  if (error.stackTrace) log.write(voices.said, `${error.stackTrace}\n`);
}

/** A changed configuration, such as a rotated token: at once, for the value before may be dead already. */
function keepUpdate(control: JsonObject, { record, log, keepUpdate: keep }: Speaker): void {
  const { fields = [], problem } = keep?.(control) ?? {};
  if (fields.length > 0)
    log.note(`the connector changed its configuration, kept for its next run: ${fields.join(', ')}`);
  if (problem !== undefined) addWarning(record, problem);
}
