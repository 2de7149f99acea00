/** Writes messages to stdout, a line each, and says how many of them the client has not read. */
import type { Writable } from 'node:stream';
import { type JSONRPCMessage, ProtocolErrorCode } from '@modelcontextprotocol/server';
import type { ErrorAnswer } from './read-message.ts';
import type { RequestId } from './request-id.ts';

/** Bytes of unread answers beyond which no more requests start. */
const MAX_UNREAD_BYTES = 256 * 1024;
/** Answers to lines that are not messages, and progress, are dropped beyond it. */
const MAX_DROPPABLE_BYTES = 4 * 1024 * 1024;

export interface MessageWriter {
  /** @param id of the request that the message answers: it gets another answer if the message cannot be serialised */
  write(message: JSONRPCMessage, id?: RequestId): void;
  /** Answers a line that is not a message, unless too many answers are unread. */
  reject(answer: ErrorAnswer): void;
  /** Whether the client reads its answers too slowly for more requests. */
  readonly isCongested: () => boolean;
  /** Whether so much is unread that stdin waits. */
  readonly isFull: () => boolean;
}

export function createMessageWriter(stdout: Writable, fail: (error: unknown) => void): MessageWriter {
  const writeLine = (message: JSONRPCMessage | ErrorAnswer): void => void stdout.write(`${JSON.stringify(message)}\n`);
  const isFull = (): boolean => stdout.writableLength > MAX_DROPPABLE_BYTES;
  return {
    write(message, id) {
      try {
        writeLine(message);
      } catch (error) {
        // Not serialisable, because it is nested too deeply or too large for a string.
        fail(error);
        if (id !== undefined) writeLine(internalError(id));
      }
    },
    reject(answer) {
      if (!isFull()) writeLine(answer);
    },
    isCongested: () => stdout.writableLength > MAX_UNREAD_BYTES,
    isFull,
  };
}

/** The answer to a request whose result cannot be serialised. */
export function internalError(id: string | number): JSONRPCMessage {
  return { jsonrpc: '2.0', id, error: { code: ProtocolErrorCode.InternalError, message: 'Internal error' } };
}
