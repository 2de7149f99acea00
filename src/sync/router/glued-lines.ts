/** Finds lines that may hold a second message, without scanning each line. */

/** Bytes that occur where a message follows another on one line; judged by its prefix, such a line would be one record. */
const GLUED = ['}}{', '}} {', '\r{', '\ufeff{'].map((text) => Buffer.from(text));
/** The same for words that are rarer than braces; the bytes before them show whether they are a type. */
const TYPES: readonly Buffer[] = ['STATE', 'TRACE'].map((text) => Buffer.from(text));
const BEFORE_TYPE = /"type": ?"$/;

/** @returns the position of the next sign of such a line, from a position on; positions only grow */
export function glueFinder(bytes: Buffer): (from: number) => number {
  const patterns: readonly Buffer[] = [...GLUED, ...TYPES];
  const next = patterns.map(() => -1);
  let nearest = -1;
  const find = (pattern: Buffer, from: number): number => {
    const isType = TYPES.includes(pattern);
    for (let at = bytes.indexOf(pattern, from); at >= 0; at = bytes.indexOf(pattern, at + 1)) {
      if (!isType || BEFORE_TYPE.test(bytes.toString('latin1', Math.max(0, at - 9), at))) return at;
    }
    return Number.POSITIVE_INFINITY;
  };
  return (from) => {
    if (nearest >= from) return nearest;
    nearest = Number.POSITIVE_INFINITY;
    for (const [index, pattern] of patterns.entries()) {
      let at = next[index] ?? -1;
      if (at < from) {
        at = find(pattern, from);
        next[index] = at;
      }
      nearest = Math.min(nearest, at);
    }
    return nearest;
  };
}
