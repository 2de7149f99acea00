/** What a process prints, on its way to whoever reads it. */
import type { Socket } from 'node:net';
import { PassThrough, type Readable } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';
import { createTail, type Tail } from './tail.ts';

/** Bytes that may wait for the reader here, besides those in the pipe. */
const RELAY_BYTES = 256 * 1024;

/** What a program writes to its stdout, on its way to the reader of `stream`. */
export interface ProgramOutput {
  readonly stream: Readable;
  /** Settles when the program has closed it and all of it was received. */
  readonly received: Promise<void>;
  /** Bytes received so far. */
  bytes(): number;
  /** Whether the reader is slow and holds the output back. */
  isHeld(): boolean;
  /** Receives nothing more: what was received counts as all. */
  end(): void;
}

/** A stream apart from the program's own: Node drops the output of a program that ends before it is read. */
export function relay(stdout: Socket): ProgramOutput {
  const stream = new PassThrough({ highWaterMark: RELAY_BYTES });
  stdout.pipe(stream, { end: false });
  stdout.on('error', () => {});
  stdout.once('end', () => stream.end());
  stdout.once('close', () => stream.end());
  stream.once('close', () => stdout.destroy());
  return {
    stream,
    received: closed(stdout),
    bytes: () => stdout.bytesRead,
    isHeld: () => stream.writableNeedDrain,
    end: () => void stdout.destroy(),
  };
}

export function hasEnded(stream: Readable): boolean {
  return stream.destroyed || stream.readableEnded;
}

export function closed(stream: Readable): Promise<void> {
  if (hasEnded(stream)) return Promise.resolve();
  return new Promise((resolve) => {
    stream.once('end', resolve);
    stream.once('close', resolve);
  });
}

/** Lines of stderr, for listeners; lines that arrive before the first listener are buffered. */
export interface ErrorOutput {
  push(chunk: Buffer): void;
  readonly tail: Tail;
  onText(listener: (text: string) => void): void;
}

export function createErrorOutput(): ErrorOutput {
  const tail = createTail();
  const listeners = new Set<(text: string) => void>();
  const decoder = new StringDecoder('utf8');
  return {
    tail,
    push(chunk) {
      const text = decoder.write(chunk);
      tail.push(text);
      for (const listener of listeners) listener(text);
    },
    onText(listener) {
      for (const piece of tail.pieces()) listener(piece);
      listeners.add(listener);
    },
  };
}

/** Reads stderr as fast as it comes: a full pipe would stop the process. */
export function drain(stderr: Readable): ErrorOutput {
  const errors = createErrorOutput();
  stderr.on('data', errors.push);
  stderr.on('error', () => {});
  return errors;
}
