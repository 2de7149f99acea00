/** Values nested so deeply that DuckDB, which recurses on its thread's stack, would crash the process. */
import type { SegmentFile } from '../load/types.ts';
import { linesOf } from './lines.ts';

/** Nesting depth of lists and objects, including those of the message; far below what a stack of 512 KB allows. */
export const MAX_DEPTH = 1_000;
const OPENING = ['{', '['].map((letter) => letter.charCodeAt(0));
const CLOSING = ['}', ']'].map((letter) => letter.charCodeAt(0));
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const NULL = Buffer.from('null');

/** Whether a line of the segment is deeper; short lines are not read. */
export async function holdsDeep({ path, longestLine }: SegmentFile): Promise<boolean> {
  if (longestLine < 2 * MAX_DEPTH) return false;
  for await (const line of linesOf(path)) if (deepParts(line).length > 0) return true;
  return false;
}

/** The line with null for each value that is nested too deeply; the line itself if there is none. */
export function shallow(line: Buffer): Buffer {
  const parts = deepParts(line);
  if (parts.length === 0) return line;
  const remaining = parts.flatMap(({ from }, index) => [line.subarray(parts[index - 1]?.to ?? 0, from), NULL]);
  return Buffer.concat([...remaining, line.subarray(parts.at(-1)?.to)]);
}

/** The positions of values that are nested too deeply; a line with few brackets is not scanned byte by byte. */
function deepParts(line: Buffer): { readonly from: number; readonly to: number }[] {
  const found: { from: number; to: number }[] = [];
  if (line.length < 2 * MAX_DEPTH || !hasMany(line)) return found;
  let depth = 0;
  let inText = false;
  let from = 0;
  for (let at = 0; at < line.length; at += 1) {
    const byte = line[at] ?? 0;
    if (byte === BACKSLASH && inText) at += 1;
    else if (byte === QUOTE) inText = !inText;
    else if (inText) continue;
    else if (OPENING.includes(byte)) {
      depth += 1;
      if (depth === MAX_DEPTH + 1) from = at;
    } else if (CLOSING.includes(byte)) {
      if (depth === MAX_DEPTH + 1) found.push({ from, to: at + 1 });
      depth -= 1;
    }
  }
  return found;
}

function hasMany(line: Buffer): boolean {
  let left = MAX_DEPTH;
  for (const byte of OPENING) {
    for (let at = line.indexOf(byte); at >= 0; at = line.indexOf(byte, at + 1)) {
      left -= 1;
      if (left < 0) return true;
    }
  }
  return false;
}

/** The nesting depth of a value; walked level by level, because recursion cannot go that deep. */
export function depthOf(value: unknown): number {
  let depth = 0;
  let level: unknown[] = [value];
  while (level.length > 0) {
    const inner = level.filter((item) => typeof item === 'object' && item !== null) as object[];
    if (inner.length > 0) depth += 1;
    level = inner.flatMap((item): unknown[] => Object.values(item));
  }
  return depth;
}
