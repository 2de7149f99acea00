/** Parses a line as a JSON-RPC message, or returns the error to answer with. */
import { isUtf8 } from 'node:buffer';
import { type JSONRPCMessage, ProtocolErrorCode, parseJSONRPCMessage } from '@modelcontextprotocol/server';
import { isObject } from '../../protocol/index.ts';
import { brokenBound, MESSAGE_BOUNDS } from './json-bounds.ts';
import { EDGE_BYTES, type Line } from './line-reader.ts';
import { normaliseRequest } from './normalise-request.ts';
import { findRequestId, isRequestId, type RequestId } from './request-id.ts';

/** `answer` for a line that is not a message; neither for a line that JSON-RPC does not answer. */
export type Incoming =
  | { readonly message: JSONRPCMessage; readonly bytes: number }
  | { readonly answer: ErrorAnswer }
  | { readonly ignored: string };

export interface ErrorAnswer {
  readonly jsonrpc: '2.0';
  readonly id: RequestId | null;
  readonly error: { readonly code: number; readonly message: string };
}

/** Longest message that is read. */
export const MAX_MESSAGE_BYTES = 16 * 1024 * 1024;

export function readMessage(line: Line): Incoming {
  if ('skipped' in line) {
    const { length, head, tail } = line.skipped;
    const message = `Invalid Request: the message has ${length} bytes and was skipped; at most ${MAX_MESSAGE_BYTES} are read.`;
    return { answer: errorAnswer(findRequestId(head, tail), ProtocolErrorCode.InvalidRequest, message) };
  }
  const bytes = withoutEnds(line.bytes);
  if (bytes.length === 0) return { ignored: 'an empty line' };
  const refuse = (code: number, message: string): Incoming => ({
    answer: errorAnswer(findRequestId(bytes.subarray(0, EDGE_BYTES), bytes.subarray(-EDGE_BYTES)), code, message),
  });
  if (!isUtf8(bytes)) return refuse(ProtocolErrorCode.ParseError, 'Parse error: the message is not UTF-8.');
  const broken = brokenBound(bytes, MESSAGE_BOUNDS);
  if (broken === 'depth') {
    const message = `Invalid Request: the message nests more than ${MESSAGE_BOUNDS.maxDepth} levels deep.`;
    return refuse(ProtocolErrorCode.InvalidRequest, message);
  }
  if (broken === 'values') {
    const message = `Invalid Request: the message holds more than ${MESSAGE_BOUNDS.maxValues} values.`;
    return refuse(ProtocolErrorCode.InvalidRequest, message);
  }
  let value: unknown;
  try {
    value = JSON.parse(bytes.toString('utf8'));
  } catch {
    return refuse(ProtocolErrorCode.ParseError, 'Parse error: the line is not JSON.');
  }
  return checkMessage(value, line.bytes.length);
}

function checkMessage(value: unknown, bytes: number): Incoming {
  const refuse = (why: string, id?: RequestId): Incoming => ({
    answer: errorAnswer(id, ProtocolErrorCode.InvalidRequest, `Invalid Request: ${why}`),
  });
  const refuseParams = (why: string, id: RequestId): Incoming => ({
    answer: errorAnswer(id, ProtocolErrorCode.InvalidParams, `Invalid params: ${why}`),
  });
  if (Array.isArray(value)) return refuse('batches are not supported; send one message per line.');
  if (!isObject(value)) return refuse('a message is a JSON object.');
  const hasId = Object.hasOwn(value, 'id');
  if (hasId && Object.hasOwn(value, 'method') && !isRequestId(value.id)) {
    return refuse('the id must be an integer or a string of at most 1000 characters.');
  }
  const normal = typeof value.method === 'string' ? normaliseRequest(value) : { request: value };
  if ('wrong' in normal) {
    return isRequestId(value.id)
      ? refuseParams(normal.wrong, value.id)
      : { ignored: 'a notification without an object' };
  }
  try {
    return { message: parseJSONRPCMessage(normal.request), bytes };
  } catch {
    const isResponse =
      !Object.hasOwn(value, 'method') && (Object.hasOwn(value, 'result') || Object.hasOwn(value, 'error'));
    // Neither a response nor a notification is ever answered.
    if (isResponse) return { ignored: 'a response that is not valid JSON-RPC' };
    if (!hasId && typeof value.method === 'string') return { ignored: 'a notification that is not valid JSON-RPC' };
    return refuse('not a valid JSON-RPC 2.0 request.', isRequestId(value.id) ? value.id : undefined);
  }
}

function errorAnswer(id: RequestId | undefined, code: number, message: string): ErrorAnswer {
  return { jsonrpc: '2.0', id: id ?? null, error: { code, message } };
}

/** Without a byte order mark before it, and the carriage return and blanks at its end. */
function withoutEnds(line: Buffer): Buffer {
  const start = line.subarray(0, BYTE_ORDER_MARK.length).equals(BYTE_ORDER_MARK) ? BYTE_ORDER_MARK.length : 0;
  let end = line.length;
  while (end > start && isBlank(line[end - 1])) end -= 1;
  return line.subarray(start, end);
}

const BYTE_ORDER_MARK = Buffer.from('\ufeff');

function isBlank(byte: number | undefined): boolean {
  return byte === 0x20 || byte === 0x09 || byte === 0x0d;
}
