/** Splits a stream of bytes into lines; a line beyond the limit is skipped without being held. */

/** A line, or what is known about one that was too long. */
export type Line = { readonly bytes: Buffer } | { readonly skipped: SkippedLine };

export interface SkippedLine {
  readonly length: number;
  /** The first and the last bytes of the line, at most `EDGE_BYTES` each. */
  readonly head: Buffer;
  readonly tail: Buffer;
}

export interface LineReader {
  /** Takes bytes, and reports each line that they complete, without its newline. The bytes of a line are valid until the next call. */
  push(chunk: Buffer, onLine: (line: Line) => void): void;
  /** Bytes that are held for a line that has not ended. */
  readonly held: number;
}

/** Bytes retained from each end of a skipped line: enough for a request's id. */
export const EDGE_BYTES = 4_096;
const NEWLINE = 0x0a;
const FIRST_BYTES = 64 * 1024;

export function createLineReader(maxBytes: number): LineReader {
  // Grown by doubling: a line that arrives byte by byte costs no more than one in a single chunk.
  let buffer = Buffer.alloc(0);
  let held = 0;
  let skipped: { length: number; head: Buffer; tail: Buffer } | undefined;

  const hold = (part: Buffer): void => {
    if (held + part.length > buffer.length) {
      const grown = Buffer.allocUnsafe(Math.max(FIRST_BYTES, 2 * buffer.length, held + part.length));
      buffer.copy(grown, 0, 0, held);
      buffer = grown;
    }
    part.copy(buffer, held);
    held += part.length;
  };
  const drop = (): void => {
    held = 0;
    if (buffer.length > FIRST_BYTES) buffer = Buffer.alloc(0);
  };
  const skip = (part: Buffer): void => {
    const before = skipped ?? {
      length: held,
      head: copyOf(buffer.subarray(0, Math.min(held, EDGE_BYTES))),
      tail: copyOf(buffer.subarray(Math.max(0, held - EDGE_BYTES), held)),
    };
    const head =
      before.head.length < EDGE_BYTES ? Buffer.concat([before.head, part]).subarray(0, EDGE_BYTES) : before.head;
    const tail = Buffer.concat([before.tail, part.subarray(-EDGE_BYTES)]).subarray(-EDGE_BYTES);
    skipped = { length: before.length + part.length, head: copyOf(head), tail: copyOf(tail) };
    drop();
  };
  const take = (part: Buffer): void => {
    if (skipped || held + part.length > maxBytes) skip(part);
    else hold(part);
  };
  const end = (part: Buffer): Line => {
    if (!skipped && held === 0 && part.length <= maxBytes) return { bytes: part };
    take(part);
    if (!skipped) return { bytes: buffer.subarray(0, held) };
    const line = skipped;
    skipped = undefined;
    return { skipped: line };
  };

  return {
    get held() {
      return held;
    },
    push(chunk, onLine) {
      let start = 0;
      for (let at = chunk.indexOf(NEWLINE); at >= 0; at = chunk.indexOf(NEWLINE, start)) {
        const line = end(chunk.subarray(start, at));
        start = at + 1;
        try {
          onLine(line);
        } finally {
          drop();
        }
      }
      if (start < chunk.length) take(chunk.subarray(start));
    },
  };
}

/** A part of a larger buffer would keep all of it. */
function copyOf(part: Buffer): Buffer {
  return Buffer.from(part);
}
