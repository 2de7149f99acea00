/** Decimals with more digits than a double has: the database reads every non-integer number of a JSON text as a double. */
import type { Column } from '../load/types.ts';

/** The minimum length of a number that may lose digits: 16 digits and a point. */
const MIN_LENGTH = 17;
/** A double printed in full has up to 17 digits; a file with so many such numbers, all of them doubles, holds nothing else of that length. */
const DOUBLE_DIGITS = 17;
const HALF = 8;
const MAX_LOOKS = 5_000;
/** A number with more digits is checked in its line. */
const MAX_LENGTH = 400;
const QUOTE = 0x22;
const ZERO = 0x30;
/** 1 for a byte of a number, 2 for one that makes it a non-integer. */
const PART = new Uint8Array(256);
for (const letter of '0123456789-+') PART[letter.charCodeAt(0)] = 1;
for (const letter of '.eE') PART[letter.charCodeAt(0)] = 2;

/** Whether such numbers matter: where a column would keep the digits, or a note is needed. */
export function keepDigits(columns: readonly Column[]): boolean {
  return columns.some(keepsDigits);
}

function keepsDigits({ type, exact }: Column): boolean {
  return type === 'VARCHAR' || type === 'JSON' || (type === 'DOUBLE' && exact === true);
}

/** Scans the lines of one segment as they arrive. @returns whether these lines may hold such a number */
export function longNumberFinder(): (lines: Uint8Array) => boolean {
  let looksLeft = MAX_LOOKS;
  const isFound = (lines: Uint8Array, at: number): boolean => {
    const { text, digits } = longNumberAt(lines, at);
    if (text === '') return false;
    if (text.length >= MAX_LENGTH) return true;
    if (digits <= DOUBLE_DIGITS) {
      if (looksLeft === 0) return false;
      looksLeft -= 1;
    }
    return losesDigits(text);
  };
  return (lines) => {
    const end = lines.length;
    // Samples one byte per shortest such number, so at least half of a number is before or after a sampled byte.
    for (let at = MIN_LENGTH - 1; at < end; at += MIN_LENGTH) {
      if (PART[lines[at] as number] === 0) continue;
      const isRun = areParts(lines, at - HALF) || (at + HALF < end && areParts(lines, at + 1));
      if (isRun && isFound(lines, at)) return true;
    }
    return false;
  };
}

/** Whether half a number may begin here, judged by four of its bytes. */
function areParts(lines: Uint8Array, from: number): boolean {
  return (
    PART[lines[from] as number] !== 0 &&
    PART[lines[from + 7] as number] !== 0 &&
    PART[lines[from + 3] as number] !== 0 &&
    PART[lines[from + 5] as number] !== 0
  );
}

const NO_NUMBER = { text: '', digits: 0 };

/** The number around a byte, where it is long enough and not an integer. */
function longNumberAt(lines: Uint8Array, at: number): { readonly text: string; readonly digits: number } {
  let from = at;
  while (from > 0 && at - from < MAX_LENGTH && PART[lines[from - 1] as number] !== 0) from -= 1;
  let to = at + 1;
  while (to < lines.length && to - at < MAX_LENGTH && PART[lines[to] as number] !== 0) to += 1;
  if (to - from < MIN_LENGTH || (from > 0 && lines[from - 1] === QUOTE)) return NO_NUMBER;
  let digits = 0;
  let isFraction = false;
  for (let position = from; position < to; position += 1) {
    const byte = lines[position] as number;
    if (PART[byte] === 2) isFraction = true;
    else if (digits > 0 || byte > ZERO) digits += 1;
  }
  if (!isFraction || digits < MIN_LENGTH - 1) return NO_NUMBER;
  return { text: Buffer.from(lines.buffer, lines.byteOffset + from, to - from).toString('latin1'), digits };
}

/** Whether a number as JSON writes it is not the double that is nearest to it, printed. */
function losesDigits(text: string): boolean {
  return NUMBER.test(text) && /[.eE]/.test(text) && plain(text) !== plain(String(Number(text)));
}

const NUMBER = /^-?\d+(?:[.]\d+)?(?:[eE][-+]?\d+)?$/;

/** Significant digits with an exponent. */
function plain(text: string): string {
  const [, sign = '', integer = '', fraction = '', exponent = '0'] =
    /^(-?)(\d+)(?:[.](\d+))?(?:[eE]([-+]?\d+))?$/.exec(text) ?? [];
  const digits = `${integer}${fraction}`.replace(/^0+/, '');
  const significant = digits.replace(/0+$/, '');
  return significant === ''
    ? '0'
    : `${sign}${significant}e${Number(exponent) - fraction.length + digits.length - significant.length}`;
}

export interface LongNumbers {
  readonly text: string;
  /** Fields with a number that is rounded, or became a text, inside of a value. */
  readonly changed: ReadonlySet<string>;
}

/**
 * Turns such numbers in a message into texts where a column keeps their digits.
 * @param text a RECORD message, or one that was made of a record's data
 */
export function quoteLongNumbers(text: string, columns: readonly Column[]): LongNumbers {
  const changed = new Set<string>();
  if (!/\d[\d.eE+-]{16}/.test(text)) return { text, changed };
  const recordColumn = columns.find(({ field }) => field === undefined);
  const byField = new Map(columns.map((column) => [column.field, column]));
  const parts: string[] = [];
  let copied = 0;
  for (const { from, to, path } of numbersIn(text)) {
    const [record, data, field, ...deeper] = path;
    if (record !== 'record' || data !== 'data' || field === undefined) continue;
    const column = byField.get(field) ?? recordColumn;
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
  /** The keys on the path to it; the empty text for an element of a list. */
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
      if (end - at >= MIN_LENGTH) yield { from: at, to: end, path: [...path.slice(1), key] };
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
