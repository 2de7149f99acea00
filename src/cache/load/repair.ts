/** Rewrites a segment that the database cannot read: one bad byte fails a whole file there. */
import { isUtf8 } from 'node:buffer';
import { once } from 'node:events';
import { createReadStream, createWriteStream } from 'node:fs';
import { finished } from 'node:stream/promises';
import { isObject } from '../../protocol/index.ts';
import type { SegmentFile } from './types.ts';

export interface Repaired {
  readonly segment: SegmentFile;
  /** Lines that are no record that a table can take. */
  readonly dropped: number;
}

const LINE_BREAK = 10;

/** Writes a readable copy beside the segment: broken characters replaced, lines that are no records left out. */
export async function repairSegment(segment: SegmentFile): Promise<Repaired> {
  const path = `${segment.path}.repaired`;
  const output = createWriteStream(path, { mode: 0o600 });
  let rows = 0;
  let bytes = 0;
  let longest = 0;
  let dropped = 0;
  for await (const line of linesOf(segment.path)) {
    const text = repairLine(line);
    if (text === undefined) {
      dropped += 1;
      continue;
    }
    const written = Buffer.from(`${text}\n`, 'utf8');
    rows += 1;
    bytes += written.length;
    longest = Math.max(longest, written.length);
    if (!output.write(written)) await once(output, 'drain');
  }
  output.end();
  await finished(output);
  return { segment: { path, rows, bytes, longestLine: longest }, dropped };
}

/** The line as valid JSON, or undefined where it is no record with an object as its data. */
function repairLine(line: Buffer): string | undefined {
  const decoded = line.toString('utf8');
  const text = isUtf8(line) && !decoded.includes('\\u') && !decoded.includes('\\U') ? decoded : wellFormed(decoded);
  for (const candidate of [text, withoutNaN(text)]) {
    const record = recordOf(candidate);
    if (record === undefined) continue;
    return isObject(record) && (record.data === null || isObject(record.data)) ? candidate : undefined;
  }
  return undefined;
}

/** Half a surrogate pair, written as an escape, becomes the replacement character. */
function wellFormed(text: string): string {
  return text.replace(
    /\\(?:u([dD][89abAB][0-9a-fA-F]{2})(\\u[dD][c-fC-F][0-9a-fA-F]{2})?|u[dD][c-fC-F][0-9a-fA-F]{2}|[\s\S])/g,
    (whole: string, high?: string, low?: string) => {
      if (high !== undefined) return low === undefined ? '\\ufffd' : whole;
      return /^\\u[dD][c-fC-F]/.test(whole) ? '\\ufffd' : whole;
    },
  );
}

/** NaN and infinities outside of strings as strings: the cast reads them the same way. */
function withoutNaN(text: string): string {
  return text.replace(/"(?:[^"\\]|\\[\s\S])*"|-?\b(?:NaN|Infinity)\b/g, (token) =>
    token.startsWith('"') ? token : `"${token}"`,
  );
}

function recordOf(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? (value.record ?? null) : null;
  } catch {
    return undefined;
  }
}

/** The lines of a file without their line breaks. */
async function* linesOf(path: string): AsyncGenerator<Buffer> {
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
