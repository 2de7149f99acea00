/** Splits bytes into lines, with a memory limit per line. */

export interface LineSplitter {
  push(chunk: Buffer): void;
  /** Returns the last line if no newline ended it. */
  end(): void;
}

/** @param onLine gets each line without its newline; lines of more than `maxBytes` are dropped and counted in `onDropped` */
export function createLineSplitter(
  maxBytes: number,
  onLine: (line: string) => void,
  onDropped: (bytes: number) => void,
): LineSplitter {
  let parts: Buffer[] = [];
  let length = 0;

  const add = (part: Buffer): void => {
    length += part.length;
    if (length > maxBytes) parts = [];
    else if (part.length > 0) parts.push(part);
  };
  const flush = (): void => {
    if (length > maxBytes) onDropped(length);
    else onLine(Buffer.concat(parts).toString('utf8'));
    parts = [];
    length = 0;
  };
  return {
    push(chunk) {
      let start = 0;
      for (let end = chunk.indexOf(10); end >= 0; end = chunk.indexOf(10, start)) {
        add(chunk.subarray(start, end));
        flush();
        start = end + 1;
      }
      add(chunk.subarray(start));
    },
    end() {
      if (length > 0) flush();
    },
  };
}
