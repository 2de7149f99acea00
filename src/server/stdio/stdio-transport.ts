/** MCP over stdin and stdout: every line gets an answer, and stdin is throttled for a client that reads slowly. */
import type { Readable, Writable } from 'node:stream';
import type { JSONRPCMessage, Transport } from '@modelcontextprotocol/server';
import { ProtocolErrorCode } from '@modelcontextprotocol/server';
import { messageOf } from '../../errors.ts';
import { createAdmission } from './admission.ts';
import { createLineReader, type Line } from './line-reader.ts';
import { type ErrorAnswer, MAX_MESSAGE_BYTES, readMessage } from './read-message.ts';

/** Bytes of answers that wait for the client to read them, at which no more requests begin. */
const MAX_UNREAD_BYTES = 256 * 1024;
/** Answers to lines that are not messages, and progress, are dropped beyond it. */
const MAX_DROPPABLE_BYTES = 4 * 1024 * 1024;
/** What is held back at most before stdin is paused. */
const MAX_HELD_MESSAGES = 10_000;
const MAX_HELD_BYTES = 8 * 1024 * 1024;
/** While stdin is paused, a chunk is read now and then: a cancellation may be in it, or the end. */
const PAUSED_READ_MS = 200;
const MAX_PAUSED_BYTES = 32 * 1024 * 1024;
const MAX_PAUSED_MESSAGES = 200_000;

/** A transport for one connection; `start` begins to read. */
export function createStdioTransport(stdin: Readable = process.stdin, stdout: Writable = process.stdout): Transport {
  const reader = createLineReader(MAX_MESSAGE_BYTES);
  let closed = false;
  let pausedTimer: NodeJS.Timeout | undefined;

  const fail = (error: unknown): void =>
    transport.onerror?.(error instanceof Error ? error : new Error(messageOf(error)));
  const write = (message: JSONRPCMessage | ErrorAnswer): void => void stdout.write(`${JSON.stringify(message)}\n`);
  const admission = createAdmission({
    deliver: (message) => {
      try {
        transport.onmessage?.(message);
      } catch (error) {
        fail(error);
        if ('id' in message && message.id !== undefined && 'method' in message) {
          void transport.send(internalError(message.id)).catch(fail);
        }
      }
    },
    isCongested: () => stdout.writableLength > MAX_UNREAD_BYTES,
    onDelivered: () => regulate(),
  });

  const onLine = (line: Line): void => {
    // A line behind the end of the connection.
    if (closed) return;
    const incoming = readMessage(line);
    if ('message' in incoming) admission.accept(incoming.message, incoming.bytes);
    else if ('ignored' in incoming) fail(new Error(`ignored ${incoming.ignored}`));
    else if (stdout.writableLength < MAX_DROPPABLE_BYTES) write(incoming.answer);
  };
  /** Pauses stdin while too much is held back. */
  const regulate = (): void => {
    if (closed) return;
    const { messages, bytes } = admission.held;
    const isTooMuch =
      messages > MAX_HELD_MESSAGES || bytes > MAX_HELD_BYTES || stdout.writableLength > MAX_DROPPABLE_BYTES;
    if (!isTooMuch) {
      clearInterval(pausedTimer);
      pausedTimer = undefined;
      stdin.resume();
      return;
    }
    stdin.pause();
    pausedTimer ??= setInterval(() => {
      const held = admission.held;
      if (held.bytes < MAX_PAUSED_BYTES && held.messages < MAX_PAUSED_MESSAGES) stdin.resume();
    }, PAUSED_READ_MS);
  };
  const onData = (chunk: Buffer): void => {
    reader.push(chunk, onLine);
    regulate();
  };
  const onDrain = (): void => {
    admission.pump();
    regulate();
  };
  const close = (): void => {
    if (closed) return;
    closed = true;
    clearInterval(pausedTimer);
    admission.end();
    stdin.off('data', onData);
    stdin.pause();
    transport.onclose?.();
  };

  const transport: Transport = {
    async start() {
      stdin.on('data', onData);
      stdin.on('error', fail);
      stdin.on('end', close);
      stdin.on('close', close);
      stdout.on('drain', onDrain);
      // Stays in place behind the end: a late failure to write must not end the process in its own way.
      stdout.on('error', (error) => {
        if (!closed) fail(error);
        close();
      });
      if (stdin.readableEnded || stdin.destroyed) setImmediate(close);
    },
    async send(message) {
      if (closed) throw new Error('The connection is closed.');
      const isAnswer = 'id' in message && !('method' in message);
      // Progress is of use only while it is new.
      if (!isAnswer && stdout.writableLength > MAX_UNREAD_BYTES) return;
      try {
        write(message);
      } catch (error) {
        // What cannot be serialised, because it nests too deep or is too large for a string.
        fail(error);
        if (isAnswer && message.id !== undefined) write(internalError(message.id));
      }
      if (isAnswer && message.id !== undefined) admission.release(message.id);
    },
    async close() {
      close();
    },
  };
  return transport;
}

/** The answer to a request where the right one cannot be made. */
export function internalError(id: string | number): JSONRPCMessage {
  return { jsonrpc: '2.0', id, error: { code: ProtocolErrorCode.InternalError, message: 'Internal error' } };
}
