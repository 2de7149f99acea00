/** The Airbyte protocol's messages as connectors send them in practice: every field except `type` may be missing. */
import { isObject, type JsonObject } from './json.ts';
import { withEscapedControls } from './line-pieces.ts';

export type LogLevel = 'FATAL' | 'ERROR' | 'WARN' | 'INFO' | 'DEBUG' | 'TRACE';

export interface TraceError {
  readonly message: string;
  readonly internalMessage?: string;
  readonly stackTrace?: string;
  readonly failureType: 'config_error' | 'transient_error' | 'system_error';
  readonly stream?: { readonly name: string; readonly namespace?: string };
}

export type StreamStatus = 'STARTED' | 'RUNNING' | 'COMPLETE' | 'INCOMPLETE';

/** A parsed protocol message; `type` decides which of the fields is present. */
export type AirbyteMessage =
  | { readonly type: 'LOG'; readonly level: LogLevel; readonly message: string; readonly stackTrace?: string }
  | { readonly type: 'SPEC'; readonly spec: JsonObject }
  | { readonly type: 'CONNECTION_STATUS'; readonly succeeded: boolean; readonly message: string }
  | { readonly type: 'CATALOG'; readonly catalog: JsonObject }
  | { readonly type: 'RECORD'; readonly record: JsonObject }
  | { readonly type: 'STATE'; readonly state: JsonObject }
  | { readonly type: 'TRACE_ERROR'; readonly error: TraceError }
  | {
      readonly type: 'TRACE_STATUS';
      readonly name: string;
      readonly namespace?: string;
      readonly status: StreamStatus;
    }
  | { readonly type: 'TRACE_OTHER' }
  | { readonly type: 'CONTROL'; readonly control: JsonObject }
  | { readonly type: 'UNKNOWN'; readonly name: string };

const LEVELS = new Set<string>(['FATAL', 'ERROR', 'WARN', 'INFO', 'DEBUG', 'TRACE']);
const STATUSES = new Set<string>(['STARTED', 'RUNNING', 'COMPLETE', 'INCOMPLETE']);

/**
 * Parses one line of a connector's stdout as a message.
 * @returns undefined if the line is not a JSON object with a `type`: such a line is a log line, never an error.
 */
export function parseMessage(line: string): AirbyteMessage | undefined {
  if (!line.trimStart().startsWith('{')) return undefined;
  const value = parsed(line) ?? parsed(withEscapedControls(line));
  return isObject(value) && typeof value.type === 'string' ? fromJson(value.type, value) : undefined;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function fromJson(type: string, value: JsonObject): AirbyteMessage {
  const body = (key: string): JsonObject => {
    const inner = value[key];
    return isObject(inner) ? inner : {};
  };
  switch (type) {
    case 'LOG':
      return logMessage(body('log'));
    case 'SPEC':
      return { type, spec: body('spec') };
    case 'CONNECTION_STATUS': {
      const status = body('connectionStatus');
      // Some connectors write it in lower case.
      const succeeded = text(status.status)?.trim().toUpperCase() === 'SUCCEEDED';
      return { type, succeeded, message: text(status.message)?.trim() ?? '' };
    }
    case 'CATALOG':
      return { type, catalog: body('catalog') };
    case 'RECORD':
      return { type, record: body('record') };
    case 'STATE':
      return { type, state: body('state') };
    case 'TRACE':
      return traceMessage(body('trace'));
    case 'CONTROL':
      return { type, control: body('control') };
    default:
      return { type: 'UNKNOWN', name: type };
  }
}

function logMessage(log: JsonObject): AirbyteMessage {
  const level = text(log.level)?.toUpperCase() ?? 'INFO';
  const stackTrace = text(log.stack_trace);
  return {
    type: 'LOG',
    level: (LEVELS.has(level) ? level : 'INFO') as LogLevel,
    message: text(log.message) ?? '',
    ...(stackTrace ? { stackTrace } : {}),
  };
}

function traceMessage(trace: JsonObject): AirbyteMessage {
  if (trace.type === 'ERROR' && isObject(trace.error)) return { type: 'TRACE_ERROR', error: traceError(trace.error) };
  const status = trace.stream_status;
  if (trace.type === 'STREAM_STATUS' && isObject(status)) {
    const descriptor = streamDescriptor(status.stream_descriptor);
    if (descriptor && typeof status.status === 'string' && STATUSES.has(status.status)) {
      return { type: 'TRACE_STATUS', ...descriptor, status: status.status as StreamStatus };
    }
  }
  return { type: 'TRACE_OTHER' };
}

function traceError(error: JsonObject): TraceError {
  const internalMessage = text(error.internal_message);
  const stackTrace = text(error.stack_trace);
  const stream = streamDescriptor(error.stream_descriptor);
  const type = error.failure_type;
  return {
    message: text(error.message) ?? internalMessage ?? 'The connector reported an error without a message.',
    failureType: type === 'config_error' || type === 'transient_error' ? type : 'system_error',
    ...(internalMessage ? { internalMessage } : {}),
    ...(stackTrace ? { stackTrace } : {}),
    ...(stream ? { stream } : {}),
  };
}

/** `{name, namespace}` of a protocol stream descriptor; a null or empty namespace counts as absent. */
export function streamDescriptor(value: unknown): { name: string; namespace?: string } | undefined {
  if (!isObject(value) || typeof value.name !== 'string') return undefined;
  const namespace = text(value.namespace);
  return { name: value.name, ...(namespace ? { namespace } : {}) };
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
