/** How the record lines of each stream begin: a line that begins like an earlier one is of the same stream, without parsing. */

interface Prefix {
  readonly bytes: Buffer;
  readonly stream: number;
}

export interface KnownPrefixes {
  /** The prefix of the last line that was found. */
  recent: Prefix | undefined;
  /** The first prefixes: comparing each is faster than building a key. */
  readonly few: Prefix[];
  /** The others, by their length and text. */
  readonly byLength: Map<number, Map<string, Prefix>>;
}

const MAX_FEW = 32;
const CARRIAGE_RETURN = 0x0d;
const CLOSE_OBJECT = 0x7d;

export function noPrefixes(): KnownPrefixes {
  return { recent: undefined, few: [], byLength: new Map() };
}

/** @returns the stream of a line that begins with a known prefix and ends in a brace; -1 for any other line */
export function streamByPrefix(known: KnownPrefixes, bytes: Buffer, start: number, end: number): number {
  if (!known.recent || !startsWith(bytes, start, end, known.recent.bytes))
    known.recent = find(known, bytes, start, end);
  if (!known.recent) return -1;
  const last = bytes[end - 1] === CARRIAGE_RETURN ? end - 2 : end - 1;
  return bytes[last] === CLOSE_OBJECT ? known.recent.stream : -1;
}

/** @param length bytes from `start` that are the same in each record line of the stream */
export function rememberPrefix(
  known: KnownPrefixes,
  bytes: Buffer,
  start: number,
  length: number,
  stream: number,
): void {
  const text = bytes.toString('latin1', start, start + length);
  const prefix = { bytes: Buffer.from(text, 'latin1'), stream };
  if (known.few.length < MAX_FEW) {
    known.few.push(prefix);
    return;
  }
  const sameLength = known.byLength.get(length) ?? new Map<string, Prefix>();
  known.byLength.set(length, sameLength.set(text, prefix));
}

function find({ few, byLength }: KnownPrefixes, bytes: Buffer, start: number, end: number): Prefix | undefined {
  for (const prefix of few) if (startsWith(bytes, start, end, prefix.bytes)) return prefix;
  for (const [length, prefixes] of byLength) {
    if (end - start <= length) continue;
    const found = prefixes.get(bytes.toString('latin1', start, start + length));
    if (found) return found;
  }
  return undefined;
}

/** A loop, from the end: prefixes begin alike, and for so few bytes a native comparison takes longer. */
function startsWith(bytes: Buffer, start: number, end: number, prefix: Buffer): boolean {
  const { length } = prefix;
  if (end - start <= length) return false;
  for (let at = length - 1; at >= 0; at -= 1) if (bytes[start + at] !== prefix[at]) return false;
  return true;
}
