/** What a process prints, on its way to whoever reads it. */
import { PassThrough, type Readable } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';
import { createTail, type Tail } from './tail.ts';

/** Bytes that may wait for the reader here, besides those in the pipe. */
const RELAY_BYTES = 256 * 1024;

/** A separate stream for the reader: Node drops the output of a process that ends before it is read. */
export function relay(stdout: Readable): PassThrough {
  const output = new PassThrough({ highWaterMark: RELAY_BYTES });
  stdout.pipe(output, { end: false });
  stdout.on('error', () => {});
  stdout.once('end', () => output.end());
  stdout.once('close', () => output.end());
  return output;
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
