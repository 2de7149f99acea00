/** Finds many needles at once in a view, after Wu and Manber: skips most of a text, six characters per step. */
import type { TextView } from './text-view.ts';

export interface Needle {
  /** Without whitespace, at least `MIN_NEEDLE` characters. */
  readonly text: string;
  readonly name: string;
  /** Whether it is one of several consecutive parts of a long form: neighbours become one mark. */
  readonly isChunk?: boolean;
}

export interface NeedleSearch {
  /** Reports the longest needle at each position where one begins, in units of the view. */
  find(view: TextView, report: (start: number, end: number, needle: Needle) => void): void;
  readonly size: number;
}

/** Shorter needles would match unrelated text. */
export const MIN_NEEDLE = 8;
const BLOCK = 3;
const TABLE = 0x10000;

export function createNeedleSearch(needles: readonly Needle[]): NeedleSearch {
  const shift = new Uint8Array(TABLE).fill(MIN_NEEDLE - BLOCK + 1);
  const byWindow = new Map<number, Needle[]>();
  // Longest first: the first that matches at a position is the longest there.
  for (const needle of [...needles].sort((a, b) => b.text.length - a.text.length)) {
    const code = (index: number): number => needle.text.charCodeAt(index);
    const blockAt = (index: number): number => hash(code(index), code(index + 1), code(index + 2));
    for (let index = 0; index + BLOCK <= MIN_NEEDLE; index += 1) {
      const block = blockAt(index);
      shift[block] = Math.min(shift[block] ?? 0, MIN_NEEDLE - BLOCK - index);
    }
    append(byWindow, blockAt(MIN_NEEDLE - BLOCK), needle);
  }
  return {
    size: needles.length,
    find(view, report) {
      if (needles.length === 0) return;
      const { codes, length } = view;
      let end = MIN_NEEDLE - 1;
      while (end < length) {
        const block = hash(codes[end - 2] ?? 0, codes[end - 1] ?? 0, codes[end] ?? 0);
        const step = shift[block] ?? 0;
        if (step > 0) {
          end += step;
          continue;
        }
        const start = end - MIN_NEEDLE + 1;
        const found = byWindow.get(block)?.find((needle) => matches(codes, length, start, needle.text));
        if (found) report(start, start + found.text.length, found);
        end += 1;
      }
    },
  };
}

function hash(a: number, b: number, c: number): number {
  return ((a * 1031) ^ (b * 37) ^ c) & (TABLE - 1);
}

function append(map: Map<number, Needle[]>, key: number, needle: Needle): void {
  const list = map.get(key);
  if (list) list.push(needle);
  else map.set(key, [needle]);
}

function matches(codes: Uint16Array, length: number, start: number, text: string): boolean {
  return start + text.length <= length && begins(codes, start, text.length, text);
}

function begins(codes: Uint16Array, start: number, count: number, text: string): boolean {
  for (let index = 0; index < count; index += 1) {
    if (codes[start + index] !== text.charCodeAt(index)) return false;
  }
  return true;
}
