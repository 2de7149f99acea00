/** Passes on a stream's chunks as they arrive: an iterator would copy waiting chunks into one and create garbage. */
import type { Readable } from 'node:stream';

export interface Chunks {
  /** Settles with the end of the stream, or with the first error of the stream or of the consumer. */
  readonly ended: Promise<void>;
  /** Whether the stream is held back. */
  readonly isHeld: () => boolean;
  /** Holds the stream back until `work` is done; not while it is held back already. */
  hold(work: () => Promise<void>): Promise<void>;
  /** Stops reading. */
  stop(): void;
}

/** @param take returns a promise if the next chunk has to wait for it */
export function readChunks(stream: Readable, take: (chunk: Buffer) => Promise<void> | undefined): Chunks {
  let held: Promise<void> | undefined;
  let finish: { resolve: () => void; reject: (error: unknown) => void } | undefined;
  const ended = new Promise<void>((resolve, reject) => {
    finish = { resolve, reject };
  });
  const stop = (): void => {
    stream.off('data', onData);
    stream.pause();
  };
  const fail = (error: unknown): void => {
    stop();
    finish?.reject(error);
  };
  const wait = (work: Promise<void>): Promise<void> => {
    stream.pause();
    held = work.then(() => {
      held = undefined;
      stream.resume();
    }, fail);
    return held;
  };
  // The last chunk's work may outlast the stream.
  const end = (): void => void Promise.resolve(held).then(() => finish?.resolve());
  const onData = (chunk: Buffer): void => {
    try {
      const work = take(chunk);
      if (work) wait(work);
    } catch (error) {
      fail(error);
    }
  };
  stream.on('data', onData);
  stream.once('end', end);
  stream.once('close', end);
  stream.once('error', fail);
  return { ended, isHeld: () => held !== undefined, hold: (work) => wait(work()), stop };
}
