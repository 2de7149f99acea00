/** Lines that are not one complete JSON object: reads what it can, and reports other records as lost. */
import { endsInString, linePieces, skipSpace, streamOfLost } from '../../protocol/index.ts';
import type { StreamIndex } from '../stream-keys.ts';
import { readEnvelope } from './envelope.ts';
import type { RouterSink } from './sink.ts';

export interface OddLines {
  /** Takes messages behind text or behind each other; a record that ends inside of a string waits for the next line. */
  take(bytes: Buffer, start: number, end: number): void;
  /** Whether a record waits for its next line. */
  readonly isOpen: () => boolean;
  /** Takes the line as the continuation of an incomplete record. @returns false if it does not continue it; the record is then lost */
  continues(bytes: Buffer, start: number, end: number): boolean;
  /** Ends an incomplete record, which is lost. */
  settle(): void;
  /** Takes the last line of the output, which no line break ends. @returns whether it ends in the middle of a message */
  last(line: Buffer): boolean;
  /** Takes the beginning of a line that is too long to buffer. */
  tooLong(beginning: Buffer): void;
}

export const MAX_LINE_BYTES = 100 * 1024 * 1024;
export const MAX_TEXT_BYTES = 64 * 1024;
/** Lines that a record may be spread over by line breaks inside of its strings. */
const MAX_LINES = 100;
/** A line break inside of a string. */
const ESCAPED_BREAK = Buffer.from('\\n');
const LINE_BREAK = Buffer.from('\n');
const OPEN_OBJECT = 0x7b;
const UNKNOWN = -1;
/** Of the beginning of a line that is too long. */
const LOOKED_AT = 1024 * 1024;

interface OddState {
  readonly sink: RouterSink;
  readonly indexOf: StreamIndex;
  /** The record that waits for its next line. */
  open: Buffer | undefined;
  openLines: number;
}

export function createOddLines(sink: RouterSink, indexOf: StreamIndex): OddLines {
  const state: OddState = { sink, indexOf, open: undefined, openLines: 0 };
  return {
    take: (bytes, start, end) => take(state, bytes, start, end),
    isOpen: () => state.open !== undefined,
    continues: (bytes, start, end) => continues(state, bytes, start, end),
    settle: () => settle(state),
    last: (line) => takeLast(state, line),
    tooLong: (beginning) => takeTooLong(state, beginning),
  };
}

function take(state: OddState, bytes: Buffer, start: number, end: number): void {
  const pieces = linePieces(bytes, start, end);
  for (const [index, { kind, from, to }] of pieces.entries()) {
    if (kind === 'text') text(state, bytes, from, to);
    else if (kind === 'message') takeMessage(state, bytes, from, to);
    else if (index === pieces.length - 1 && endsInString(bytes, from, to)) {
      state.open = Buffer.from(bytes.subarray(from, to));
      state.openLines = 1;
    } else lose(state, bytes, from, to);
  }
}

function text({ sink }: OddState, bytes: Buffer, from: number, to: number): void {
  sink.text(bytes.toString('utf8', from, Math.min(to, from + MAX_TEXT_BYTES)));
}

function takeMessage({ sink, indexOf }: OddState, bytes: Buffer, from: number, to: number): void {
  const { type, stream: name, namespace } = readEnvelope(bytes, from, to) ?? { type: undefined };
  if (type !== 'RECORD' || name === undefined) {
    sink.message(bytes.subarray(from, to));
    return;
  }
  const stream = indexOf(name, namespace);
  if (stream < 0) {
    sink.stray(name);
    return;
  }
  const line = Buffer.concat([bytes.subarray(from, to), LINE_BREAK]);
  sink.records(stream, line, 1, line.length, 'message', line.length);
}

function lose(
  { sink, indexOf }: OddState,
  bytes: Buffer,
  from: number,
  to: number,
  why: 'broken' | 'long' = 'broken',
): void {
  const { name, namespace } = streamOfLost(bytes, from, to);
  const stream = name === undefined ? UNKNOWN : indexOf(name, namespace);
  if (name !== undefined && stream < 0) sink.stray(name);
  else sink.broken(stream, why);
}

function settle(state: OddState): void {
  const { open } = state;
  if (open) lose(state, open, 0, open.length);
  state.open = undefined;
}

function continues(state: OddState, bytes: Buffer, start: number, end: number): boolean {
  const begun = state.open;
  if (!begun) return false;
  if (bytes[skipSpace(bytes, start, end)] !== OPEN_OBJECT || !readEnvelope(bytes, start, end)) {
    const joined = Buffer.concat([begun, ESCAPED_BREAK, bytes.subarray(start, end)]);
    if (linePieces(joined, 0, joined.length)[0]?.kind === 'message') {
      state.open = undefined;
      take(state, joined, 0, joined.length);
      return true;
    }
    const isOwn = linePieces(bytes, start, end).some(({ kind }) => kind === 'message');
    const mayContinue = !isOwn && state.openLines < MAX_LINES && joined.length <= MAX_LINE_BYTES;
    if (mayContinue && endsInString(joined, 0, joined.length)) {
      state.open = joined;
      state.openLines += 1;
      return true;
    }
  }
  settle(state);
  return false;
}

function takeLast(state: OddState, line: Buffer): boolean {
  const to = line.length - 1;
  const last = linePieces(line, 0, to).at(-1);
  const isCut = last?.kind === 'lost' || (last?.kind === 'text' && beginsObject(line, last.from));
  take(state, line, 0, isCut ? last.from : to);
  if (isCut) text(state, line, last.from, to);
  return isCut;
}

function takeTooLong(state: OddState, beginning: Buffer): void {
  const [first, second] = linePieces(beginning, 0, Math.min(beginning.length, LOOKED_AT));
  const lost = first?.kind === 'lost' ? first : second;
  if (lost?.kind === 'lost') lose(state, beginning, lost.from, beginning.length, 'long');
  else text(state, beginning, 0, beginning.length);
}

function beginsObject(line: Buffer, from: number): boolean {
  return /^\s*\{\s*"/.test(line.toString('utf8', from, from + 200));
}
