/** Cuts the registry's JSON into its entries, so that some 650 of them never stand in memory as objects at once. */
import type { ConnectorType } from './types.ts';

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const BRACE = 0x7b;
const BRACE_END = 0x7d;
const BRACKET = 0x5b;
const BRACKET_END = 0x5d;

export interface RawEntry {
  readonly type: ConnectorType;
  /** Position of the entry's JSON in the bytes. */
  readonly start: number;
  readonly end: number;
}

/**
 * The entries of `{"sources": […], "destinations": […]}`, in the file's order; other keys are skipped.
 * @throws SyntaxError if the brackets do not match or text follows the end
 */
export function* splitRegistry(bytes: Buffer): Generator<RawEntry> {
  let depth = 0;
  let key = '';
  let start = -1;
  let closed = false;
  for (let at = bytes.indexOf('{'); at >= 0 && at < bytes.length; at += 1) {
    const byte = bytes[at] as number;
    if (byte === QUOTE) {
      const end = stringEnd(bytes, at);
      if (depth === 1) key = bytes.toString('utf8', at + 1, end);
      at = end;
    } else if (byte === BRACE || byte === BRACKET) {
      if (closed) throw new SyntaxError('more than one value');
      depth += 1;
      if (depth === 3 && byte === BRACE) start = at;
    } else if (byte === BRACE_END || byte === BRACKET_END) {
      if (depth === 3 && start >= 0) {
        const type = key === 'sources' ? 'source' : key === 'destinations' ? 'destination' : undefined;
        if (type) yield { type, start, end: at + 1 };
        start = -1;
      }
      depth -= 1;
      if (depth === 0) closed = true;
    }
  }
  if (!closed || depth !== 0) throw new SyntaxError('the JSON is not complete');
}

function stringEnd(bytes: Buffer, start: number): number {
  for (let at = start + 1; at < bytes.length; at += 1) {
    const byte = bytes[at];
    if (byte === QUOTE) return at;
    // An escaped character cannot end the string.
    if (byte === BACKSLASH) at += 1;
  }
  throw new SyntaxError('a string is not closed');
}
