/** Decimals with more digits than a double has: the database reads every number of a JSON text that is no integer as one. */
import { closeSync, openSync, readSync } from 'node:fs';
import type { Column, SegmentFile } from '../load/types.ts';

const CHUNK = 256 * 1024;
const PIECES_AT_ONCE = 16;
/** At least so many bytes has a number that may lose digits: 16 of them, and a point. */
const SHORTEST = 17;
/** A double printed in full has up to 17 digits; a file with so many such numbers, all of them doubles, holds nothing else of that length. */
const DOUBLE_DIGITS = 17;
const MOST_LOOKS = 5_000;
/** A longer run of digits is looked at in its line. */
const LONGEST = 400;
const QUOTE = 0x22;
const ZERO = 0x30;
/** 1 for a byte of a number, 2 for one that makes it no integer. */
const PART = new Uint8Array(256);
for (const letter of '0123456789-+') PART[letter.charCodeAt(0)] = 1;
for (const letter of '.eE') PART[letter.charCodeAt(0)] = 2;

/** Whether the segment may hold such a number where a column would keep its digits, or a note is due. */
export async function holdsLongNumbers({ path }: SegmentFile, columns: readonly Column[]): Promise<boolean> {
  if (!columns.some(keepsDigits)) return false;
  const file = openSync(path, 'r');
  try {
    const bytes = new Uint8Array(CHUNK);
    const look = { left: MOST_LOOKS };
    for (let piece = 0; ; piece += 1) {
      // A call for each piece into another thread would take longer than the look; others get their turn in between.
      if (piece % PIECES_AT_ONCE === 0) await new Promise(setImmediate);
      // Pieces overlap by the longest run.
      const read = readSync(file, bytes, 0, CHUNK, piece * (CHUNK - LONGEST));
      if (holdsIn(bytes, read, look)) return true;
      if (read < CHUNK) return false;
    }
  } finally {
    closeSync(file);
  }
}

function keepsDigits({ type, exact }: Column): boolean {
  return type === 'VARCHAR' || type === 'JSON' || (type === 'DOUBLE' && exact === true);
}

/** Looks at one byte in as many as the shortest such number has, and at the bytes around it where it is part of a number. */
function holdsIn(bytes: Uint8Array, end: number, look: { left: number }): boolean {
  for (let at = SHORTEST - 1; at < end; at += SHORTEST) {
    if (PART[bytes[at] as number] === 0) continue;
    const isBefore = PART[bytes[at - 8] as number] !== 0;
    const isBehind = at + 8 < end && PART[bytes[at + 8] as number] !== 0;
    if ((isBefore || isBehind) && isLongNumber(bytes, at, end, look)) return true;
  }
  return false;
}

function isLongNumber(bytes: Uint8Array, at: number, end: number, look: { left: number }): boolean {
  let from = at;
  while (from > 0 && at - from < LONGEST && PART[bytes[from - 1] as number] !== 0) from -= 1;
  let to = at + 1;
  while (to < end && to - at < LONGEST && PART[bytes[to] as number] !== 0) to += 1;
  if (to - from < SHORTEST || (from > 0 && bytes[from - 1] === QUOTE)) return false;
  let digits = 0;
  let isFraction = false;
  for (let place = from; place < to; place += 1) {
    const byte = bytes[place] as number;
    if (PART[byte] === 2) isFraction = true;
    else if (digits > 0 || byte > ZERO) digits += 1;
  }
  if (!isFraction || digits < SHORTEST - 1) return false;
  if (to - from >= LONGEST) return true;
  if (digits <= DOUBLE_DIGITS) {
    if (look.left === 0) return false;
    look.left -= 1;
  }
  return losesDigits(Buffer.from(bytes.buffer, from, to - from).toString('latin1'));
}

/** Whether a number as JSON writes it is not the double that is nearest to it, printed. */
function losesDigits(text: string): boolean {
  return NUMBER.test(text) && /[.eE]/.test(text) && plain(text) !== plain(String(Number(text)));
}

const NUMBER = /^-?\d+(?:[.]\d+)?(?:[eE][-+]?\d+)?$/;

/** Digits without the zeros around them, and where the point is. */
function plain(text: string): string {
  const [, sign = '', whole = '', fraction = '', exponent = '0'] =
    /^(-?)(\d+)(?:[.](\d+))?(?:[eE]([-+]?\d+))?$/.exec(text) ?? [];
  const digits = `${whole}${fraction}`.replace(/^0+/, '');
  const kept = digits.replace(/0+$/, '');
  return kept === '' ? '0' : `${sign}${kept}e${Number(exponent) - fraction.length + digits.length - kept.length}`;
}

export interface LongNumbers {
  readonly text: string;
  /** Fields with a number that is rounded, or became a text, inside of a value. */
  readonly changed: ReadonlySet<string>;
}

/**
 * A message with such numbers as texts where a column keeps their digits.
 * @param text a RECORD message, or one that was made of a record's data
 */
export function quoteLongNumbers(text: string, columns: readonly Column[]): LongNumbers {
  const changed = new Set<string>();
  if (!/\d[\d.eE+-]{16}/.test(text)) return { text, changed };
  const whole = columns.find(({ field }) => field === undefined);
  const byField = new Map(columns.map((column) => [column.field, column]));
  const parts: string[] = [];
  let copied = 0;
  for (const { from, to, path } of numbersIn(text)) {
    const [record, data, field, ...deeper] = path;
    if (record !== 'record' || data !== 'data' || field === undefined) continue;
    const column = byField.get(field) ?? whole;
    if (!column || !keepsDigits(column) || !losesDigits(text.slice(from, to))) continue;
    const isText = column.type !== 'JSON' && deeper.length === 0;
    if (column.exact || isText) {
      parts.push(text.slice(copied, from), `"${text.slice(from, to)}"`);
      copied = to;
    }
    if (!isText) changed.add(field);
  }
  return { text: parts.length === 0 ? text : parts.join('') + text.slice(copied), changed };
}

interface NumberAt {
  readonly from: number;
  readonly to: number;
  /** The keys that lead to it; the empty text for a place in a list. */
  readonly path: readonly string[];
}

/** The numbers of a JSON text that are long enough to lose digits. */
function* numbersIn(text: string): Generator<NumberAt> {
  const path: string[] = [];
  let key = '';
  for (let at = 0; at < text.length; at += 1) {
    const letter = text[at] ?? '';
    if (letter === '"') {
      const end = endOfText(text, at);
      if (text[skipBlanks(text, end)] === ':') key = keyIn(text.slice(at, end));
      at = end - 1;
    } else if (letter === '{' || letter === '[') {
      path.push(key);
      key = '';
    } else if (letter === '}' || letter === ']') {
      key = path.pop() ?? '';
    } else if (letter === '-' || (letter >= '0' && letter <= '9')) {
      let end = at + 1;
      while (/[-+.\deE]/.test(text[end] ?? '')) end += 1;
      // The outermost object has no key.
      if (end - at >= SHORTEST) yield { from: at, to: end, path: [...path.slice(1), key] };
      at = end - 1;
    }
  }
}

function endOfText(text: string, from: number): number {
  for (let at = from + 1; at < text.length; at += 1) {
    if (text[at] === '\\') at += 1;
    else if (text[at] === '"') return at + 1;
  }
  return text.length;
}

function skipBlanks(text: string, from: number): number {
  let at = from;
  while (/\s/.test(text[at] ?? '')) at += 1;
  return at;
}

function keyIn(quoted: string): string {
  try {
    return String(JSON.parse(quoted));
  } catch {
    return quoted;
  }
}
