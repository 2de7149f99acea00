/** Walks JSON in raw bytes without parsing it: finds where values begin and end. Tolerates NaN, as DuckDB does. */

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;
const OPEN_ARRAY = 0x5b;
const CLOSE_ARRAY = 0x5d;
const COMMA = 0x2c;
const COLON = 0x3a;

/** Called for each member of an object with the byte positions of its value and of its key. */
export type Member = (key: string, value: number, end: number, from: number) => void;

/** The position of the first byte that is not JSON whitespace. */
export function skipSpace(bytes: Buffer, at: number, end: number): number {
  let position = at;
  while (position < end) {
    const byte = bytes[position];
    if (byte !== 0x20 && byte !== 0x09 && byte !== 0x0d && byte !== 0x0a) break;
    position += 1;
  }
  return position;
}

/**
 * Walks the members of the object that begins at `at`.
 * @param unclosed called with the member whose value is not closed; ends the walk
 * @returns the position after its closing brace, or -1 if the bytes are not a complete object
 */
export function walkObject(
  bytes: Buffer,
  at: number,
  end: number,
  member: Member,
  unclosed?: (key: string, value: number) => void,
): number {
  if (bytes[at] !== OPEN_OBJECT) return -1;
  let position = skipSpace(bytes, at + 1, end);
  if (bytes[position] === CLOSE_OBJECT && position < end) return position + 1;
  for (;;) {
    const keyEnd = skipString(bytes, position, end);
    if (keyEnd < 0) return -1;
    const key = readString(bytes, position, keyEnd);
    if (key === undefined) return -1;
    const colon = skipSpace(bytes, keyEnd, end);
    if (colon >= end || bytes[colon] !== COLON) return -1;
    const value = skipSpace(bytes, colon + 1, end);
    const valueEnd = skipValue(bytes, value, end);
    if (valueEnd < 0) {
      unclosed?.(key, value);
      return -1;
    }
    member(key, value, valueEnd, position);
    const next = skipSpace(bytes, valueEnd, end);
    if (next >= end) return -1;
    if (bytes[next] === CLOSE_OBJECT) return next + 1;
    if (bytes[next] !== COMMA) return -1;
    position = skipSpace(bytes, next + 1, end);
  }
}

/** Walks the elements of the list that begins at `at`; -1 if the bytes are not a complete list. */
export function walkList(
  bytes: Buffer,
  at: number,
  end: number,
  element: (value: number, end: number) => void,
): number {
  if (bytes[at] !== OPEN_ARRAY) return -1;
  let position = skipSpace(bytes, at + 1, end);
  if (bytes[position] === CLOSE_ARRAY && position < end) return position + 1;
  for (;;) {
    const valueEnd = skipValue(bytes, position, end);
    if (valueEnd < 0) return -1;
    element(position, valueEnd);
    const next = skipSpace(bytes, valueEnd, end);
    if (next >= end) return -1;
    if (bytes[next] === CLOSE_ARRAY) return next + 1;
    if (bytes[next] !== COMMA) return -1;
    position = skipSpace(bytes, next + 1, end);
  }
}

/** The text of the JSON string from `at` to `end`, or undefined if it is not one. */
export function readString(bytes: Buffer, at: number, end: number): string | undefined {
  if (bytes[at] !== QUOTE) return undefined;
  const raw = bytes.toString('utf8', at + 1, end - 1);
  if (!raw.includes('\\')) return raw;
  try {
    return JSON.parse(`"${raw}"`) as string;
  } catch {
    return undefined;
  }
}

/** The position after the string that begins at `at`, or -1. */
function skipString(bytes: Buffer, at: number, end: number): number {
  if (at >= end || bytes[at] !== QUOTE) return -1;
  let position = at + 1;
  for (;;) {
    const quote = bytes.indexOf(QUOTE, position);
    if (quote < 0 || quote >= end) return -1;
    let backslashes = 0;
    while (bytes[quote - 1 - backslashes] === BACKSLASH && quote - 1 - backslashes > at) backslashes += 1;
    if (backslashes % 2 === 0) return quote + 1;
    position = quote + 1;
  }
}

/** The position after the value that begins at `at`, or -1; brackets are counted, not matched by kind. */
function skipValue(bytes: Buffer, at: number, end: number): number {
  if (at >= end) return -1;
  const first = bytes[at];
  if (first === QUOTE) return skipString(bytes, at, end);
  if (first !== OPEN_OBJECT && first !== OPEN_ARRAY) return skipScalar(bytes, at, end);
  let depth = 0;
  let position = at;
  while (position < end) {
    const byte = bytes[position];
    if (byte === QUOTE) {
      position = skipString(bytes, position, end);
      if (position < 0) return -1;
      continue;
    }
    if (byte === OPEN_OBJECT || byte === OPEN_ARRAY) depth += 1;
    else if (byte === CLOSE_OBJECT || byte === CLOSE_ARRAY) {
      depth -= 1;
      if (depth === 0) return position + 1;
    }
    position += 1;
  }
  return -1;
}

function skipScalar(bytes: Buffer, at: number, end: number): number {
  let position = at;
  while (position < end) {
    const byte = bytes[position];
    if (byte === COMMA || byte === CLOSE_OBJECT || byte === CLOSE_ARRAY || byte === 0x20 || byte === 0x0d) break;
    if (byte === QUOTE || byte === COLON || byte === OPEN_OBJECT || byte === OPEN_ARRAY) return -1;
    position += 1;
  }
  return position > at ? position : -1;
}
