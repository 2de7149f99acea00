/** Writes to a destination: adjacent bytes are written together, and a slow destination applies backpressure to the source. */
import type { Writable } from 'node:stream';

export interface Feed {
  /** Takes bytes that stay as they are until they are written. */
  put(bytes: Buffer): void;
  /** Writes what was gathered. @returns a promise if the next bytes must wait; it also settles when the destination exits */
  flush(): Promise<void> | undefined;
  /** Closes the input of the destination. */
  end(): void;
  readonly ended: () => boolean;
  /** Settles when the destination has closed its input, or we have. */
  readonly closed: Promise<void>;
  /** How often the destination has drained a blocked write. */
  readonly taken: () => number;
}

export function createFeed(stdin: Writable): Feed {
  let gathered: Buffer[] = [];
  let ended = false;
  let taken = 0;
  let isClosed = false;
  const waiting = new Set<() => void>();
  const wake = (): void => {
    for (const resolve of waiting) resolve();
    waiting.clear();
  };
  stdin.on('drain', () => {
    taken += 1;
    wake();
  });
  const closed = new Promise<void>((resolve) => {
    for (const event of ['close', 'error'] as const) {
      stdin.on(event, () => {
        isClosed = true;
        wake();
        resolve();
      });
    }
  });
  return {
    put(bytes) {
      const last = gathered.at(-1);
      if (last && last.buffer === bytes.buffer && last.byteOffset + last.length === bytes.byteOffset) {
        // Adjacent pieces of a chunk are written as one.
        gathered[gathered.length - 1] = Buffer.from(last.buffer, last.byteOffset, last.length + bytes.length);
      } else gathered.push(bytes);
    },
    flush() {
      const pieces = gathered;
      gathered = [];
      if (isClosed || ended || pieces.length === 0) return undefined;
      stdin.cork();
      for (const piece of pieces) stdin.write(piece);
      stdin.uncork();
      if (!stdin.writableNeedDrain) return undefined;
      return new Promise((resolve) => waiting.add(resolve));
    },
    end() {
      if (ended) return;
      ended = true;
      stdin.end();
    },
    ended: () => ended,
    closed,
    taken: () => taken,
  };
}
