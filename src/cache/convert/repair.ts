/** Rewrites a segment that the database cannot read: one bad byte fails a whole file there. */
import { isUtf8 } from 'node:buffer';
import { once } from 'node:events';
import { createReadStream, createWriteStream } from 'node:fs';
import { finished } from 'node:stream/promises';
import { isObject, type JsonObject } from '../../protocol/index.ts';
import { REPAIRS_KEY, type ReadableSegment, type SegmentFile } from '../load/types.ts';

export interface Repaired {
  readonly segment: ReadableSegment;
  /** Lines that are no record that a table can take. */
  readonly dropped: number;
}

const LINE_BREAK = 10;

/** Writes a readable copy beside the segment: broken characters replaced and noted, lines that are no records left out. */
export async function repairSegment(segment: SegmentFile): Promise<Repaired> {
  const path = `${segment.path}.repaired`;
  const output = createWriteStream(path, { mode: 0o600 });
  let rows = 0;
  let bytes = 0;
  let longest = 0;
  let dropped = 0;
  for await (const line of linesOf(segment.path)) {
    const text = repairLine(line, segment.form);
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
  const repaired = {
    form: 'message' as const,
    origin: segment.path,
    path,
    rows,
    bytes,
    longestLine: longest,
    careful: true,
    repaired: true,
  };
  return { segment: repaired, dropped };
}

/** The line as a valid RECORD message that begins with what was changed in it; undefined where it is no record. */
function repairLine(line: Buffer, form: SegmentFile['form']): string | undefined {
  const raw = line.toString('utf8');
  const decoded = form === 'data' ? asMessage(raw) : raw;
  const broken = !isUtf8(line);
  const text = broken || /\\[uU]/.test(decoded) ? wellFormed(decoded) : decoded;
  for (const candidate of [text, withoutNaN(text)]) {
    const message = parse(candidate);
    if (message === undefined) continue;
    const { record } = message;
    if (!isObject(record)) return undefined;
    const { data } = record;
    if (data === null || isObject(data)) {
      const changes = JSON.stringify(changesIn(data, decoded, broken));
      return `{"${REPAIRS_KEY}":${changes},${candidate.trimStart().slice(1)}`;
    }
    // The record is there, and nothing of it fits a column.
    const changes = [{ field: 'data', change: 'NULLED', reason: 'DESTINATION_SERIALIZATION_ERROR' }];
    const emitted = JSON.stringify(record.emitted_at ?? null);
    return `{"${REPAIRS_KEY}":${JSON.stringify(changes)},"record":{"data":{},"emitted_at":${emitted}}}`;
  }
  return undefined;
}

/** A line that was cut to its data, as it came. */
function asMessage(line: string): string {
  return `{"record":{"data":${line.replace(/ ,"emitted@at":(\d+)\}\s*$/, '},"emitted_at":$1}}')}`;
}

/** One note for each field in whose text something was replaced. */
function changesIn(data: JsonObject | null, decoded: string, broken: boolean): object[] {
  const original = parse(decoded) ?? parse(withoutNaN(decoded));
  const before = isObject(original?.record) ? original.record.data : undefined;
  const renamed = (field: string): boolean => isObject(before) && !Object.hasOwn(before, field);
  return Object.keys(data ?? {}).flatMap((field) => {
    const old = isObject(before) ? before[field] : undefined;
    const replaced = broken ? holds([field, data?.[field]], REPLACED) : renamed(field) || holds(old, LONE_SURROGATE);
    return replaced ? [{ field, change: 'TRUNCATED', reason: 'DESTINATION_SERIALIZATION_ERROR' }] : [];
  });
}

const REPLACED = /\ufffd/;
const LONE_SURROGATE = /\p{Surrogate}/u;

/** Whether a text or a key in the value matches. A list, for values may be nested deeper than calls can be. */
function holds(value: unknown, pattern: RegExp): boolean {
  const waiting: unknown[] = [value];
  while (waiting.length > 0) {
    const next = waiting.pop();
    if (typeof next === 'string' && pattern.test(next)) return true;
    if (Array.isArray(next)) for (const item of next) waiting.push(item);
    else if (isObject(next)) for (const [key, item] of Object.entries(next)) waiting.push(key, item);
  }
  return false;
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
  return text.replace(/"(?:[^"\\]|\\[\s\S])*"|-?\b(?:NaN|Inf(?:inity)?)\b/gi, (token) =>
    token.startsWith('"') ? token : `"${token}"`,
  );
}

/** The object that stands in a text; undefined for anything else. */
export function parse(text: string): JsonObject | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

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
