/** The pieces of a line that is not one complete message: messages after text or after each other, and truncated records. */
import { readString, skipSpace, walkObject } from './json-scan.ts';

/** `lost`: a truncated record. Positions are in bytes. */
export interface Piece {
  readonly kind: 'message' | 'text' | 'lost';
  readonly from: number;
  readonly to: number;
}

const OPEN_OBJECT = 0x7b;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const BYTE_ORDER_MARK = Buffer.from('\ufeff');
/** The field of each message type in addition to `type`. */
const BODIES: Readonly<Record<string, string>> = {
  RECORD: 'record',
  STATE: 'state',
  LOG: 'log',
  TRACE: 'trace',
  SPEC: 'spec',
  CATALOG: 'catalog',
  CONTROL: 'control',
  CONNECTION_STATUS: 'connectionStatus',
};
/** Limit of bytes scanned without a result, as a multiple of the line: the rest of a line of nothing but open braces is text. */
const MAX_WALKS = 16;
const FREE_BYTES = 1024 * 1024;
const BEGINNINGS = ['{"type":"RECORD"', '{"record":{'];
const MAX_BEGINNING_LENGTH = 64;

/** The pieces of a line in their order; blanks and byte order marks between them are dropped. */
export function linePieces(bytes: Buffer, start: number, end: number): Piece[] {
  const pieces: Piece[] = [];
  let text = start;
  let lost = -1;
  let budget = (end - start) * MAX_WALKS + FREE_BYTES;
  const finish = (to: number): void => {
    if (lost >= 0) pieces.push({ kind: 'lost', from: lost, to });
    else if (!isBlank(bytes, text, to)) pieces.push({ kind: 'text', from: text, to });
  };
  let at = nextObject(bytes, start, end);
  while (at >= 0 && budget > 0) {
    const { to, isMessage } = objectAt(bytes, at, end);
    if (isMessage) {
      finish(at);
      pieces.push({ kind: 'message', from: at, to });
      text = to;
      lost = -1;
    } else if (to < 0) {
      budget -= end - at;
      if (beginsRecord(bytes, at, end, isBlank(bytes, start, at))) {
        finish(at);
        lost = at;
      }
    }
    at = nextObject(bytes, to < 0 ? at + 1 : to, end);
  }
  finish(end);
  return pieces;
}

/** The stream of a truncated record, where it can still be read. */
export function streamOfLost(bytes: Buffer, from: number, to: number): { name?: string; namespace?: string } {
  const found: { name?: string; namespace?: string } = {};
  const inRecord = (key: string, value: number, end: number): void => {
    const text = key === 'stream' || key === 'namespace' ? readString(bytes, value, end) : undefined;
    if (text) found[key === 'stream' ? 'name' : 'namespace'] = text;
  };
  const nothing = (): void => undefined;
  const look = (key: string, value: number): void => {
    if (key === 'record') walkObject(bytes, value, to, inRecord, nothing);
  };
  walkObject(bytes, skipSpace(bytes, from, to), to, look, look);
  return found;
}

/** Whether the bytes end inside a string, so that the message may continue in the next line. */
export function endsInString(bytes: Buffer, from: number, to: number): boolean {
  let inside = false;
  for (let at = from; at < to; at += 1) {
    if (inside && bytes[at] === BACKSLASH) at += 1;
    else if (bytes[at] === QUOTE) inside = !inside;
  }
  return inside;
}

/** The JSON with the control characters in its strings escaped. */
export function withEscapedControls(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are matched on purpose
  if (!/[\u0000-\u001f]/.test(text)) return text;
  let inside = false;
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are matched on purpose
  return text.replace(/\\[\s\S]|"|[\u0000-\u001f]/g, (token) => {
    if (token === '"') inside = !inside;
    if (!inside || token === '"' || token.startsWith('\\')) return token;
    return `\\u${token.charCodeAt(0).toString(16).padStart(4, '0')}`;
  });
}

/** The end of the object that begins at `at`, or -1, and whether it is a message. */
function objectAt(bytes: Buffer, at: number, end: number): { readonly to: number; readonly isMessage: boolean } {
  let type: string | undefined;
  const bodies = new Set<string>();
  const to = walkObject(bytes, at, end, (key, value, valueEnd) => {
    if (key === 'type') type = readString(bytes, value, valueEnd);
    else if (bytes[value] === OPEN_OBJECT) bodies.add(key);
  });
  return { to, isMessage: to >= 0 && type !== undefined && bodies.has(BODIES[type] ?? '') };
}

/** The next brace that is followed by a key, or -1. */
function nextObject(bytes: Buffer, from: number, end: number): number {
  for (let at = bytes.indexOf(OPEN_OBJECT, from); at >= 0 && at < end; at = bytes.indexOf(OPEN_OBJECT, at + 1)) {
    const key = skipSpace(bytes, at + 1, end);
    if (key < end && bytes[key] === QUOTE) return at;
  }
  return -1;
}

/** @param isFirst whether the line begins with it: then it counts as a record even if it is cut very early */
function beginsRecord(bytes: Buffer, at: number, end: number, isFirst: boolean): boolean {
  const beginning = bytes.toString('latin1', at, Math.min(end, at + MAX_BEGINNING_LENGTH)).replaceAll(/\s/g, '');
  const isCut = end - at <= MAX_BEGINNING_LENGTH && isFirst;
  return BEGINNINGS.some((start) => beginning.startsWith(start) || (isCut && start.startsWith(beginning)));
}

function isBlank(bytes: Buffer, from: number, to: number): boolean {
  let at = from;
  while (bytes.subarray(at, at + BYTE_ORDER_MARK.length).equals(BYTE_ORDER_MARK)) at += BYTE_ORDER_MARK.length;
  return skipSpace(bytes, at, to) >= to;
}
