/** What JSON text would become, counted before it is parsed: nesting and values. */

export interface JsonBounds {
  readonly maxDepth: number;
  readonly maxValues: number;
}

/** Of a message: far beyond any arguments, and far below the recursion limit of a parser. */
export const MESSAGE_BOUNDS: JsonBounds = { maxDepth: 500, maxValues: 300_000 };

const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/**
 * Checks the text against the bounds. Does not check that it is JSON: the parser does.
 * @returns the bound that is broken, if any
 */
export function brokenBound(json: Buffer, { maxDepth, maxValues }: JsonBounds): 'depth' | 'values' | undefined {
  let depth = 0;
  let values = 1;
  for (let at = 0; at < json.length; at += 1) {
    switch (json[at]) {
      case QUOTE:
        at = stringEnd(json, at);
        if (at < 0) return undefined;
        break;
      case 0x5b: // [
      case 0x7b: // {
        depth += 1;
        values += 1;
        if (depth > maxDepth) return 'depth';
        break;
      case 0x5d: // ]
      case 0x7d: // }
        depth -= 1;
        break;
      case 0x2c: // ,
        values += 1;
        break;
      default:
    }
    if (values > maxValues) return 'values';
  }
  return undefined;
}

/** Index of the quote that closes the string whose opening quote is at `start`; -1 if it is not closed. */
export function stringEnd(json: Buffer, start: number): number {
  for (let at = json.indexOf(QUOTE, start + 1); at >= 0; at = json.indexOf(QUOTE, at + 1)) {
    let backslashes = 0;
    while (json[at - 1 - backslashes] === BACKSLASH) backslashes += 1;
    if (backslashes % 2 === 0) return at;
  }
  return -1;
}
