import { createReadStream } from 'node:fs';

const LINE_BREAK = 10;

/** The lines of a file without their line breaks. */
export async function* linesOf(path: string): AsyncGenerator<Buffer> {
  let carried: Buffer[] = [];
  for await (const chunk of createReadStream(path) as AsyncIterable<Buffer>) {
    let start = 0;
    for (;;) {
      const end = chunk.indexOf(LINE_BREAK, start);
      if (end < 0) break;
      carried.push(chunk.subarray(start, end));
      yield carried.length === 1 && carried[0] ? carried[0] : Buffer.concat(carried);
      carried = [];
      start = end + 1;
    }
    if (start < chunk.length) carried.push(chunk.subarray(start));
  }
  if (carried.length > 0) yield Buffer.concat(carried);
}
