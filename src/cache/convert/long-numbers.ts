/** Decimals with more digits than a double has: the database reads every number of a JSON text that is no integer as one. */
import { open } from 'node:fs/promises';
import type { Column, SegmentFile } from '../load/types.ts';

const CHUNK = 1024 * 1024;
/** At least so many bytes has a number that may lose digits: 16 of them, and a point. */
const SHORTEST = 17;
/** Numbers that a double has printed have up to 17 digits; a file with so many of them holds no others of that length. */
const MOST_LOOKS = 20_000;
/** Longer ones are looked at in any case. */
const ALWAYS = 19;
/** Beyond it a run of digits is looked at in its line. */
const LONGEST = 400;

const [ZERO, NINE, POINT, MINUS, PLUS, E, SMALL_E] = [...'09.-+Ee'].map((letter) => letter.charCodeAt(0)) as [
  number,
  number,
  number,
  number,
  number,
  number,
  number,
];

/** Whether the segment may hold such a number where a column would keep its digits, or a note is due. */
export async function holdsLongNumbers({ path }: SegmentFile, columns: readonly Column[]): Promise<boolean> {
  if (!columns.some(keepsDigits)) return false;
  const file = await open(path, 'r');
  try {
    const buffer = Buffer.allocUnsafe(CHUNK);
    const look = { left: MOST_LOOKS };
    // Pieces overlap by the longest run.
    for (let at = 0; ; at += CHUNK - LONGEST) {
      const { bytesRead } = await file.read(buffer, 0, CHUNK, at);
      if (holdsIn(buffer.subarray(0, bytesRead), look)) return true;
      if (bytesRead < CHUNK) return false;
    }
  } finally {
    await file.close();
  }
}

function keepsDigits({ type, exact }: Column): boolean {
  return type === 'VARCHAR' || type === 'JSON' || (type === 'DOUBLE' && exact === true);
}

/** Looks at one byte in as many as the shortest such number has, and at the bytes around it where it is part of a number. */
function holdsIn(bytes: Buffer, look: { left: number }): boolean {
  for (let at = SHORTEST - 1; at < bytes.length; at += SHORTEST) {
    if (!isPart(bytes[at]) || !(isPart(bytes[at - 4]) || isPart(bytes[at + 4]))) continue;
    let from = at;
    while (at - from < LONGEST && isPart(bytes[from - 1])) from -= 1;
    let to = at + 1;
    while (to - at < LONGEST && isPart(bytes[to])) to += 1;
    const length = to - from;
    if (length < SHORTEST || isQuote(bytes[from - 1]) || !isFraction(bytes, from, to)) continue;
    if (length >= LONGEST) return true;
    if (length <= ALWAYS) {
      if (look.left === 0) continue;
      look.left -= 1;
    }
    if (losesDigits(bytes.toString('latin1', from, to))) return true;
  }
  return false;
}

function isPart(byte: number | undefined): boolean {
  if (byte === undefined) return false;
  return (
    (byte >= ZERO && byte <= NINE) ||
    byte === POINT ||
    byte === MINUS ||
    byte === PLUS ||
    byte === E ||
    byte === SMALL_E
  );
}

function isQuote(byte: number | undefined): boolean {
  return byte === 0x22;
}

function isFraction(bytes: Buffer, from: number, to: number): boolean {
  for (let at = from; at < to; at += 1) {
    const byte = bytes[at];
    if (byte === POINT || byte === E || byte === SMALL_E) return true;
  }
  return false;
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
