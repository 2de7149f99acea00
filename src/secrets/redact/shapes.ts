/** Finds values that look secret by the text before them: `Authorization: Bearer …`, `token=…`, `"password": "…"`. */

export interface Shape {
  /** Start of the key: a stream must not be cut between here and `end`. */
  readonly keyStart: number;
  /** The value; empty when there is nothing to redact. */
  readonly start: number;
  readonly end: number;
  /** The text may end before the value does. */
  readonly open: boolean;
}

const KEYWORDS = [
  ...['password', 'passwd', 'passphrase', 'pwd', 'secret', 'token', 'signature'],
  ...['api', 'access', 'secret', 'private', 'auth', 'account'].flatMap((word) => [
    `${word}_key`,
    `${word}-key`,
    `${word}key`,
  ]),
  ...['session_id', 'sessionid'],
];
const HEADERS = ['proxy-authorization', 'authorization'];
const SCHEMES = ['bearer', 'basic'];
const WORDS = [...KEYWORDS, ...HEADERS, ...SCHEMES].sort((a, b) => b.length - a.length);
const MAX_WORD_LENGTH = Math.max(...WORDS.map((word) => word.length));
const HEAD = new RegExp(
  [
    String.raw`\[(?:secret:[\w.-]+|redacted)\]`,
    String.raw`:\/\/[^\s/:@"']*:`,
    String.raw`(${HEADERS.join('|')})["'\\]*[ \t]*[:=][ \t]*`,
    String.raw`(${KEYWORDS.join('|')})["'\\]*[ \t]*(?:=>|[:=])[ \t]*`,
    String.raw`(${SCHEMES.join('|')})[ \t]+`,
  ].join('|'),
  'gi',
);
/** The text ends inside a possible head. */
const OPEN_HEAD = new RegExp(
  String.raw`(?:(?:${[...KEYWORDS, ...HEADERS].join('|')})["'\\]*[ \t]*=?|(?:${SCHEMES.join('|')})[ \t]*|:\/{0,2}|:\/\/[^\s/:@"']*)$`,
  'i',
);
const SCHEME = /(?:bearer|basic|digest|token|apikey|negotiate|hmac|aws4-hmac-sha256)[ \t]+/iy;
const BARE = /[^\s"'&,;<>()[\]{}|\\]*/y;
const BARE_TOKEN = /[A-Za-z0-9._~+/=-]*/y;
const URL_PASSWORD = /[^\s/@"']*/y;
/** Words after a key that are not a value. */
const HARMLESS =
  /^(?:true|false|null|none|nil|undefined|string|required|missing|invalid|expired|empty|secret_reference::.*)?$/i;
const MARKS_ONLY = /^(?:\[(?:secret:[\w.-]+|redacted)\]\s*)+$/;
const MIN_BARE_TOKEN = 16;

/** All shapes of a text, in order, never overlapping. */
export function findShapes(text: string): Shape[] {
  const shapes: Shape[] = [];
  HEAD.lastIndex = 0;
  for (let head = HEAD.exec(text); head; head = HEAD.exec(text)) {
    const shape = valueAfter(text, head);
    shapes.push(shape);
    HEAD.lastIndex = Math.max(shape.end, head.index + head[0].length);
  }
  return shapes;
}

/** Start of a possible shape key at the end of a text; the text's length if there is none. */
export function openShapeFrom(text: string): number {
  const tail = text.slice(-400);
  const offset = text.length - tail.length;
  const head = OPEN_HEAD.exec(tail);
  if (head) return offset + head.index;
  const lower = tail.toLowerCase();
  for (let length = Math.min(MAX_WORD_LENGTH, lower.length); length > 0; length -= 1) {
    const end = lower.slice(-length);
    if (WORDS.some((word) => word.length > length && word.startsWith(end))) return text.length - length;
  }
  return text.length;
}

function valueAfter(text: string, head: RegExpExecArray): Shape {
  const keyStart = head.index;
  const after = keyStart + head[0].length;
  const [, header, keyword, scheme] = head;
  if (header !== undefined) return headerValue(text, keyStart, after);
  if (keyword !== undefined) return valueBehind(text, keyStart, after);
  if (scheme !== undefined) {
    const shape = bareValue(text, keyStart, after, BARE_TOKEN);
    const value = text.slice(shape.start, shape.end);
    // "basic understanding" is prose.
    return value.length < MIN_BARE_TOKEN || /^[a-z]*$/.test(value) ? { ...shape, start: shape.end } : shape;
  }
  // An existing mark has no value; a URL's user has one only if an @ follows.
  if (head[0].startsWith('[')) return { keyStart, start: after, end: after, open: false };
  const password = bareValue(text, keyStart, after, URL_PASSWORD);
  return text[password.end] === '@' ? password : { keyStart, start: after, end: after, open: password.open };
}

/** The value that begins at `after`, in quotes or bare. */
export function valueBehind(text: string, keyStart: number, after: number): Shape {
  return quotedValue(text, keyStart, after) ?? bareValue(text, keyStart, after, BARE);
}

function headerValue(text: string, keyStart: number, after: number): Shape {
  const quoted = quotedValue(text, keyStart, after);
  if (quoted) return quoted;
  SCHEME.lastIndex = after;
  const scheme = SCHEME.exec(text);
  if (scheme) return bareValue(text, keyStart, after + scheme[0].length, BARE);
  const first = bareValue(text, keyStart, after, BARE);
  // An unknown scheme: its credentials are the next word.
  const gap = /[ \t]*/y;
  gap.lastIndex = first.end;
  const next = first.end + (gap.exec(text)?.[0].length ?? 0);
  if (first.open || next >= text.length) return { ...first, open: true };
  const second = next > first.end ? bareValue(text, keyStart, next, BARE) : first;
  return second.end > next ? { keyStart, start: first.start, end: second.end, open: second.open } : first;
}

function bareValue(text: string, keyStart: number, start: number, pattern: RegExp): Shape {
  pattern.lastIndex = start;
  const value = pattern.exec(text)?.[0] ?? '';
  const end = start + value.length;
  const open = end >= text.length;
  return HARMLESS.test(value) ? { keyStart, start: end, end, open } : { keyStart, start, end, open };
}

/** A value in quotes, possibly escaped; undefined if no quote opens it. */
function quotedValue(text: string, keyStart: number, after: number): Shape | undefined {
  let open = after;
  while (text[open] === '\\') open += 1;
  const quote = text[open];
  if (open >= text.length) return { keyStart, start: open, end: open, open: true };
  if (quote !== '"' && quote !== "'") return undefined;
  const escapes = open - after;
  const start = open + 1;
  let end = start;
  let backslashes = 0;
  while (end < text.length && text[end] !== '\n') {
    if (text[end] === quote && backslashes <= escapes && (escapes > 0 || backslashes % 2 === 0)) break;
    backslashes = text[end] === '\\' ? backslashes + 1 : 0;
    end += 1;
  }
  const isOpen = end >= text.length;
  const closing = isOpen || text[end] === '\n' ? 0 : backslashes;
  const value = text.slice(start, end - (escapes > 0 ? closing : 0));
  const stop = start + value.length;
  if (HARMLESS.test(value) || MARKS_ONLY.test(value)) return { keyStart, start: stop, end: stop, open: isOpen };
  return { keyStart, start, end: stop, open: isOpen };
}
