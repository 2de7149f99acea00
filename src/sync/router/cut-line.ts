/** Cuts a RECORD line to its data, in the same buffer: the segment is a third smaller and parses faster. */

/** The bytes between the data and the time of a record, as connectors write them: `},"emitted_at":`. */
const BEFORE_TIME = Buffer.from('},"emitted_at":', 'latin1');
const BRACE_CLOSE = 0x7d;
const BRACE_OPEN = 0x7b;
const SPACE = 0x20;
/** The digits of a time before the year 5000, in milliseconds. */
const MAX_DIGITS = 14;
/** How far the `_` of `emitted_at` is before the time's digits. */
const UNDERSCORE = 4;

/**
 * Writes `{…data…,"emitted@at":1700000000000}` and a line break at `to`, for a line that ends with
 * `,"emitted_at":1700000000000}}`; the key gets a name that no record uses.
 * @param data where the value of `data` begins; an object
 * @param end the position of the line's own line break; `to` is at most where the line begins
 * @returns the end of what was written, or -1 if the line ends differently; then nothing is changed
 */
export function cutLine(bytes: Buffer, data: number, end: number, to: number): number {
  if (bytes[end - 1] !== BRACE_CLOSE || bytes[end - 2] !== BRACE_CLOSE) return -1;
  let at = end - 3;
  while (isDigit(bytes[at])) at -= 1;
  const digits = end - 3 - at;
  if (digits === 0 || digits > MAX_DIGITS) return -1;
  const dataEnd = at + 1 - BEFORE_TIME.length;
  if (dataEnd <= data + 1) return -1;
  for (let i = 0; i < BEFORE_TIME.length; i += 1) if (bytes[dataEnd + i] !== BEFORE_TIME[i]) return -1;
  // Without a member before it, the comma is not valid JSON.
  const last = bytes[dataEnd - 1];
  if (last === BRACE_OPEN || last === SPACE || last === 0x09 || last === 0x0d) return -1;
  bytes[dataEnd] = SPACE;
  bytes[at - UNDERSCORE] = 0x40;
  bytes[end - 1] = 0x0a;
  bytes.copyWithin(to, data, end);
  return to + end - data;
}

function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= 0x30 && byte <= 0x39;
}
