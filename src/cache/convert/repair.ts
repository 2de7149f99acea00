/** Rewrites a segment that the database cannot read: one bad byte fails the entire file there. */
import { isUtf8 } from 'node:buffer';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { finished } from 'node:stream/promises';
import { isObject, type JsonObject, linePieces, parseMessage, withEscapedControls } from '../../protocol/index.ts';
import { type Column, REPAIRS_KEY, type ReadableSegment, type SegmentFile } from '../load/types.ts';
import { depthOf, MAX_DEPTH, shallow } from './depth.ts';
import { linesOf } from './lines.ts';
import { quoteLongNumbers } from './long-numbers.ts';

export interface Repaired {
  readonly segment: ReadableSegment;
  /** Records that cannot be read. */
  readonly dropped: number;
  /** Records of other streams found in the lines of this one. */
  readonly strays: number;
}

/** The stream and columns that a segment is read for. */
export interface Target {
  readonly stream: { readonly name: string; readonly namespace?: string };
  readonly columns: readonly Column[];
}

/**
 * Writes a readable copy next to the segment: replaces and notes broken characters, separates records that share a line,
 * and drops what is not a record.
 */
export async function repairSegment(segment: SegmentFile, target: Target): Promise<Repaired> {
  const path = `${segment.path}.repaired`;
  const output = createWriteStream(path, { mode: 0o600 });
  let rows = 0;
  let bytes = 0;
  let longest = 0;
  let dropped = 0;
  let strays = 0;
  for await (const line of linesOf(segment.path)) {
    const repaired = repairLine(line, segment.form, target.columns);
    const found =
      repaired === undefined ? repairPieces(line, segment.form, target) : { texts: [repaired], dropped: 0, strays: 0 };
    dropped += found.dropped;
    strays += found.strays;
    for (const text of found.texts) {
      const written = Buffer.from(`${text}\n`, 'utf8');
      rows += 1;
      bytes += written.length;
      longest = Math.max(longest, written.length);
      if (!output.write(written)) await once(output, 'drain');
    }
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
    longNumbers: false,
    careful: true,
    repaired: true,
  };
  return { segment: repaired, dropped, strays };
}

/** The records that can be read in a line that is not exactly one record. */
function repairPieces(
  line: Buffer,
  form: SegmentFile['form'],
  { stream: { name, namespace }, columns }: Target,
): { readonly texts: string[]; readonly dropped: number; readonly strays: number } {
  const head = `{"type":"RECORD","record":{"stream":${JSON.stringify(name)},`;
  const decoded = decode(line, form);
  const bytes = form === 'message' ? line : Buffer.from(`${head}${decoded.slice(DATA_HEAD.length)}`);
  const texts: string[] = [];
  let dropped = 0;
  let strays = 0;
  for (const { kind, from, to } of linePieces(bytes, 0, bytes.length)) {
    const piece = bytes.subarray(from, to);
    const message = kind === 'message' ? parseMessage(piece.toString('utf8')) : undefined;
    const record = message?.type === 'RECORD' ? message.record : undefined;
    const isOwn = record?.stream === name && (!record.namespace || !namespace || record.namespace === namespace);
    const text = record && isOwn ? repairLine(piece, 'message', columns) : undefined;
    if (text !== undefined) texts.push(text);
    else if (record && !isOwn) strays += 1;
    else if (kind === 'lost' || record) dropped += 1;
  }
  // The router classified it as a record.
  return { texts, strays, dropped: texts.length + dropped + strays === 0 ? 1 : dropped };
}

/** The start that completes a line that was cut to its data. */
const DATA_HEAD = '{"record":{';
/** The nesting of a record's fields: message, record, data. */
const DATA_DEPTH = 3;

/** The line as a valid RECORD message that begins with what was changed in it; undefined if it is not a record. */
function repairLine(line: Buffer, form: SegmentFile['form'], columns: readonly Column[]): string | undefined {
  const decoded = decode(line, form);
  const broken = !isUtf8(line);
  const limited = shallow(line);
  const plain = limited === line ? decoded : decode(limited, form);
  const { text, changed } = quoteLongNumbers(broken || /\\[uU]/.test(plain) ? wellFormed(plain) : plain, columns);
  for (const read of [() => text, () => withoutNaN(text), () => withoutNaN(withEscapedControls(text))]) {
    const candidate = read();
    const message = parse(candidate);
    if (message === undefined) continue;
    const { record } = message;
    if (!isObject(record)) return undefined;
    const { data } = record;
    if (data === null || isObject(data)) {
      const changes = JSON.stringify(changesIn(data, decoded, broken, changed));
      return `{"${REPAIRS_KEY}":${changes},${candidate.trimStart().slice(1)}`;
    }
    // The record exists, but none of it fits a column.
    const changes = [{ field: 'data', change: 'NULLED', reason: 'DESTINATION_SERIALIZATION_ERROR' }];
    const emitted = JSON.stringify(record.emitted_at ?? null);
    return `{"${REPAIRS_KEY}":${JSON.stringify(changes)},"record":{"data":{},"emitted_at":${emitted}}}`;
  }
  return undefined;
}

/** Decodes a line, complete or cut to its data. */
function decode(line: Buffer, form: SegmentFile['form']): string {
  const text = line.toString('utf8');
  if (form === 'message') return text;
  return `${DATA_HEAD}"data":${text.replace(/ ,"emitted@at":(\d+)\}\s*$/, '},"emitted_at":$1}}')}`;
}

/** One note for each field with a replaced character or a rounded number. */
function changesIn(data: JsonObject | null, decoded: string, broken: boolean, changed: ReadonlySet<string>): object[] {
  const original = parse(decoded) ?? parse(withoutNaN(decoded)) ?? parse(withoutNaN(withEscapedControls(decoded)));
  const before = isObject(original?.record) ? original.record.data : undefined;
  const renamed = (field: string): boolean => isObject(before) && !Object.hasOwn(before, field);
  return Object.keys(data ?? {}).flatMap((field) => {
    const old = isObject(before) ? before[field] : undefined;
    if (depthOf(old) + DATA_DEPTH > MAX_DEPTH) {
      return [{ field, change: 'TRUNCATED', reason: 'DESTINATION_FIELD_SIZE_LIMITATION' }];
    }
    if (changed.has(field)) return [{ field, change: 'TRUNCATED', reason: 'DESTINATION_TYPECAST_ERROR' }];
    const replaced = broken ? holds([field, data?.[field]], REPLACED) : renamed(field) || holds(old, LONE_SURROGATE);
    return replaced ? [{ field, change: 'TRUNCATED', reason: 'DESTINATION_SERIALIZATION_ERROR' }] : [];
  });
}

const REPLACED = /\ufffd/;
const LONE_SURROGATE = /\p{Surrogate}/u;

/** Whether a text or a key in the value matches. Uses a list, because values may be nested too deeply for recursion. */
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

/** Replaces an escaped lone surrogate by the replacement character. */
function wellFormed(text: string): string {
  return text.replace(
    /\\(?:u([dD][89abAB][0-9a-fA-F]{2})(\\u[dD][c-fC-F][0-9a-fA-F]{2})?|u[dD][c-fC-F][0-9a-fA-F]{2}|[\s\S])/g,
    (match: string, high?: string, low?: string) => {
      if (high !== undefined) return low === undefined ? '\\ufffd' : match;
      return /^\\u[dD][c-fC-F]/.test(match) ? '\\ufffd' : match;
    },
  );
}

/** Quotes NaN and infinities outside of strings; the cast reads them the same way. */
function withoutNaN(text: string): string {
  let inText = false;
  // Searches quote by quote: a regular expression over strings of some megabytes overflows the stack.
  return text.replace(/\\[\s\S]|"|-?\b(?:NaN|Inf(?:inity)?)\b/gi, (token) => {
    if (token === '"') inText = !inText;
    return inText || token === '"' || token.startsWith('\\') ? token : `"${token}"`;
  });
}

/** The object in a text; undefined for anything else. */
export function parse(text: string): JsonObject | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
