/** The text in which the search runs: without whitespace, and unescaped; each unit knows its position in the text. */

/** Replaces a range that no secret can overlap, such as an existing `[secret:NAME]`. */
const BARRIER = 0xffff;
const BACKSLASH = 0x5c;
const PERCENT = 0x25;
const PLUS = 0x2b;

export interface TextView {
  readonly codes: Uint16Array;
  /** Unit `i` is the text from `from[i]` to `to[i]`. */
  readonly from: Int32Array;
  readonly to: Int32Array;
  readonly length: number;
  /** Pairs of from and to of escapes that were whitespace and left no unit. */
  readonly gaps: readonly number[];
  /** Start of an escape that the text cuts off; Infinity if there is none. */
  readonly openFrom: number;
}

export interface Range {
  readonly start: number;
  readonly end: number;
}

/** Whitespace, controls and invisible characters: they may occur anywhere between the characters of a secret. */
export function isInvisible(code: number): boolean {
  if (code <= 0x20) return true;
  if (code < 0x7f) return false;
  if (code <= 0xa0 || code === 0xad) return true;
  if (code < 0x1680) return false;
  return (
    code === 0x1680 ||
    code === 0x180e ||
    (code >= 0x2000 && code <= 0x200f) ||
    (code >= 0x2028 && code <= 0x202f) ||
    (code >= 0x205f && code <= 0x2064) ||
    // Box-drawing characters of DuckDB plans.
    (code >= 0x2500 && code <= 0x257f) ||
    code === 0x3000 ||
    code === 0xfeff
  );
}

export function withoutInvisible(text: string): string {
  let result = '';
  for (let index = 0; index < text.length; index += 1) {
    if (!isInvisible(text.charCodeAt(index))) result += text[index];
  }
  return result;
}

/** The text without whitespace, with each of `barriers` as one unit that matches nothing. */
export function plainView(text: string, barriers: readonly Range[]): TextView {
  const out = growing(text.length);
  let barrier = 0;
  for (let index = 0; index < text.length; index += 1) {
    const next = barriers[barrier];
    if (next && index === next.start) {
      push(out, BARRIER, next.start, next.end);
      index = next.end - 1;
      barrier += 1;
      continue;
    }
    const code = text.charCodeAt(index);
    if (!isInvisible(code)) push(out, code, index, index + 1);
  }
  return out;
}

/**
 * The view and its variants with one or two layers of JSON and URL escapes removed.
 * @param formPlus also read `+` as a space, as forms write it
 */
export function allViews(plain: TextView, formPlus: boolean): TextView[] {
  const views = [plain];
  let layer = [plain];
  for (let depth = 0; depth < 2; depth += 1) {
    layer = layer.flatMap((view) => [
      ...(has(view, BACKSLASH) ? [decoded(view, BACKSLASH, jsonEscape)] : []),
      ...(has(view, PERCENT) ? [decoded(view, PERCENT, percentEscape)] : []),
    ]);
    views.push(...layer);
  }
  return formPlus
    ? views.flatMap((view) => (has(view, PLUS) ? [view, decoded(view, PLUS, formSpace)] : [view]))
    : views;
}

interface Growing {
  codes: Uint16Array;
  from: Int32Array;
  to: Int32Array;
  length: number;
  gaps: number[];
  openFrom: number;
}

function growing(capacity: number): Growing {
  return {
    codes: new Uint16Array(capacity),
    from: new Int32Array(capacity),
    to: new Int32Array(capacity),
    length: 0,
    gaps: [],
    openFrom: Number.POSITIVE_INFINITY,
  };
}

function push(out: Growing, code: number, from: number, to: number): void {
  out.codes[out.length] = code;
  out.from[out.length] = from;
  out.to[out.length] = to;
  out.length += 1;
}

function has(view: TextView, code: number): boolean {
  const at = view.codes.indexOf(code);
  return at >= 0 && at < view.length;
}

/** The escape at a position: its length in units and its meaning; `open` if the text cuts it off. */
type Escape = { readonly units: number; readonly text: string } | 'open' | 'none';

function decoded(
  view: TextView,
  lead: number,
  readEscape: (view: TextView, at: number, settled: number) => Escape,
): TextView {
  const out = growing(view.length);
  // An escape left open by an inner layer can still change in the outer one.
  const settled = settledLength(view);
  out.openFrom = view.openFrom;
  out.gaps = view.gaps.slice();
  for (let index = 0; index < view.length; index += 1) {
    const code = view.codes[index] ?? 0;
    const start = view.from[index] ?? 0;
    const found = code === lead ? readEscape(view, index, settled) : 'none';
    if (found === 'open') out.openFrom = Math.min(out.openFrom, start);
    if (found === 'open' || found === 'none') {
      push(out, code, start, view.to[index] ?? 0);
      continue;
    }
    index += found.units - 1;
    const end = view.to[index] ?? 0;
    let visible = false;
    for (let at = 0; at < found.text.length; at += 1) {
      const unit = found.text.charCodeAt(at);
      if (isInvisible(unit)) continue;
      push(out, unit, start, end);
      visible = true;
    }
    if (!visible) out.gaps.push(start, end);
  }
  return out;
}

function jsonEscape(view: TextView, at: number, settled: number): Escape {
  if (at + 1 >= settled) return 'open';
  const code = view.codes[at + 1] ?? 0;
  const char = String.fromCharCode(code);
  if (char === 'u' || char === 'x') {
    const digits = char === 'u' ? 4 : 2;
    const value = hexAt(view, at + 2, digits, settled);
    if (value === 'open' || value === 'none') return value;
    return { units: 2 + digits, text: String.fromCharCode(value) };
  }
  if ('nrtbfv'.includes(char)) return { units: 2, text: ' ' };
  // Sluice's and Markdown tables escape the bar between cells.
  return '"\'\\/`|'.includes(char) ? { units: 2, text: char } : 'none';
}

function formSpace(): Escape {
  return { units: 1, text: ' ' };
}

function percentEscape(view: TextView, at: number, settled: number): Escape {
  const first = hexAt(view, at + 1, 2, settled);
  if (first === 'open' || first === 'none') return first;
  if (first < 0x80) return { units: 3, text: String.fromCharCode(first) };
  const count = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : first >= 0xc2 ? 2 : 0;
  if (count === 0) return 'none';
  const bytes = [first];
  for (let index = 1; index < count; index += 1) {
    const lead = at + 3 * index;
    if (lead >= settled) return 'open';
    if (view.codes[lead] !== PERCENT) return 'none';
    const byte = hexAt(view, lead + 1, 2, settled);
    if (byte === 'open' || byte === 'none') return byte;
    if ((byte & 0xc0) !== 0x80) return 'none';
    bytes.push(byte);
  }
  return { units: 3 * count, text: Buffer.from(bytes).toString('utf8') };
}

function hexAt(view: TextView, at: number, digits: number, settled: number): number | 'open' | 'none' {
  let value = 0;
  for (let index = at; index < at + digits; index += 1) {
    if (index >= settled) return 'open';
    const digit = Number.parseInt(String.fromCharCode(view.codes[index] ?? 0), 16);
    if (Number.isNaN(digit)) return 'none';
    value = value * 16 + digit;
  }
  return value;
}

/** Number of units before everything that the text's end leaves open. */
function settledLength(view: TextView): number {
  let length = view.length;
  while (length > 0 && (view.from[length - 1] ?? 0) >= view.openFrom) length -= 1;
  return length;
}
