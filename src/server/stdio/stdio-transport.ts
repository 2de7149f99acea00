/** MCP over stdin and stdout: every line gets an answer, and stdin is throttled for a client that reads slowly. */
import type { Readable, Writable } from 'node:stream';
import type { JSONRPCMessage, Transport } from '@modelcontextprotocol/server';
import { messageOf } from '../../errors.ts';
import { createAdmission } from './admission.ts';
import { createLineReader, type Line } from './line-reader.ts';
import { createMessageWriter, internalError } from './message-writer.ts';
import { MAX_MESSAGE_BYTES, readMessage } from './read-message.ts';
import { createThrottle } from './throttle.ts';

/** A transport for one connection; `start` begins to read. */
export function createStdioTransport(stdin: Readable = process.stdin, stdout: Writable = process.stdout): Transport {
  const reader = createLineReader(MAX_MESSAGE_BYTES);
  let closed = false;

  const fail = (error: unknown): void =>
    transport.onerror?.(error instanceof Error ? error : new Error(messageOf(error)));
  const writer = createMessageWriter(stdout, fail);
  const deliver = (message: JSONRPCMessage): void => {
    try {
      transport.onmessage?.(message);
    } catch (error) {
      fail(error);
      if ('id' in message && message.id !== undefined && 'method' in message)
        void transport.send(internalError(message.id)).catch(fail);
    }
  };
  const admission = createAdmission({ deliver, isCongested: writer.isCongested, onDelivered: () => regulate() });
  const throttle = createThrottle(stdin, () => admission.held, writer.isFull);
  const regulate = (): void => {
    if (!closed) throttle.regulate();
  };
  const onLine = (line: Line): void => {
    // A line after the end of the connection.
    if (closed) return;
    const incoming = readMessage(line);
    if ('message' in incoming) admission.accept(incoming.message, incoming.bytes);
    else if ('ignored' in incoming) fail(new Error(`ignored ${incoming.ignored}`));
    else writer.reject(incoming.answer);
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
    throttle.end();
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
      // Also after the end: a late write error without a listener would end the process.
      stdout.on('error', (error) => {
        if (!closed) fail(error);
        close();
      });
      if (stdin.readableEnded || stdin.destroyed) setImmediate(close);
    },
    async send(message) {
      if (closed) throw new Error('The connection is closed.');
      const isAnswer = 'id' in message && !('method' in message);
      // Outdated progress is useless.
      if (!isAnswer && writer.isCongested()) return;
      const id = isAnswer ? message.id : undefined;
      writer.write(message, id);
      if (id !== undefined) admission.release(id);
    },
    async close() {
      close();
    },
  };
  return transport;
}
