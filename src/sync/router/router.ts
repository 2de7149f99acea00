/** Sorts a connector's stdout: records by stream, as bytes; everything else line by line. Records are never parsed. */
import { skipSpace } from '../../protocol/index.ts';
import { indexStreams, isOnlyOne, type StreamName } from '../stream-keys.ts';
import { type CarriedLine, carryPart, noLine, takeLine } from './carried-line.ts';
import { cutLine } from './cut-line.ts';
import { type Envelope, readEnvelope } from './envelope.ts';
import { glueFinder } from './glued-lines.ts';
import { type KnownPrefixes, noPrefixes, rememberPrefix, streamByPrefix } from './known-prefixes.ts';
import { addLine, beginRun, newRun, passOn } from './line-run.ts';
import { createOddLines, MAX_LINE_BYTES, MAX_TEXT_BYTES, type OddLines } from './odd-lines.ts';
import type { RecordForm, RouterSink } from './sink.ts';

export interface Router {
  push(chunk: Buffer): void;
  /**
   * The output is over: a last line without a line break is used if it is complete.
   * @returns whether the output ends in the middle of a message
   */
  end(): boolean;
}

interface RouterState {
  readonly streams: readonly StreamName[];
  readonly sink: RouterSink;
  readonly readsAll: boolean;
  readonly indexOf: ReturnType<typeof indexStreams>;
  readonly odd: OddLines;
  readonly known: KnownPrefixes;
  /** Of each stream, whether its lines may be cut to their data. */
  readonly mayCut: boolean[];
  readonly carried: CarriedLine;
  /** Skips the rest of a line that is too long; in a long text, a message is still read. */
  skipping: 'all' | 'text' | undefined;
}

const LINE_BREAK = 10;
const OPEN_OBJECT = 0x7b;
const NOTHING = Buffer.alloc(0);
/** What is not a record of a requested stream. */
const NONE = -1;

/**
 * @param cuts whether the records of each stream may be cut to their data; a stream whose lines do not allow it is
 *   passed on uncut from then on. If set, chunks are modified.
 * @param readsAll whether each line is read to its end. Otherwise a line that begins with a known prefix and ends
 *   in a brace counts as a record, because a later step parses it anyway.
 */
export function createRouter(
  streams: readonly StreamName[],
  sink: RouterSink,
  cuts: readonly boolean[] = [],
  readsAll = false,
): Router {
  const indexOf = indexStreams(streams);
  const state: RouterState = {
    streams,
    sink,
    readsAll,
    indexOf,
    odd: createOddLines(sink, indexOf),
    known: noPrefixes(),
    mayCut: streams.map((_stream, index) => cuts[index] === true),
    carried: noLine(),
    skipping: undefined,
  };
  return {
    push(chunk) {
      const start = finishCarried(state, chunk);
      if (start < 0) return;
      carry(state, chunk.subarray(routeLines(state, chunk, start)));
    },
    end: () => endOutput(state),
  };
}

/** Completes a carried line with the chunk's first. @returns where the next line begins, or -1 if the chunk has no line break */
function finishCarried(state: RouterState, chunk: Buffer): number {
  const { carried, skipping } = state;
  if (carried.bytes === 0 && !skipping) return 0;
  const lineBreak = chunk.indexOf(LINE_BREAK);
  if (lineBreak < 0) {
    carry(state, chunk);
    return -1;
  }
  const rest = chunk.subarray(0, lineBreak + 1);
  const isRead = !skipping || (skipping === 'text' && (carried.hasBrace || rest.includes(OPEN_OBJECT)));
  const line = takeLine(carried, rest);
  if (isRead) routeOne(state, line);
  state.skipping = undefined;
  return lineBreak + 1;
}

function carry(state: RouterState, rest: Buffer): void {
  const { carried, odd, sink, skipping } = state;
  if (skipping === 'all' || rest.length === 0) return;
  carryPart(carried, rest);
  if (carried.bytes > MAX_LINE_BYTES) {
    odd.settle();
    odd.tooLong(takeLine(carried, NOTHING));
    state.skipping = 'all';
  } else if (carried.bytes > MAX_TEXT_BYTES && !carried.hasBrace && !odd.isOpen()) {
    // No JSON so far: its beginning is enough for the log.
    const text = takeLine(carried, NOTHING).toString('utf8', 0, MAX_TEXT_BYTES);
    if (!skipping) sink.text(text);
    state.skipping = 'text';
  }
}

function routeOne(state: RouterState, line: Buffer): void {
  const { known, mayCut, odd, sink } = state;
  const end = line.length - 1;
  let stream = glueFinder(line)(0) < end ? NONE : streamByPrefix(known, line, 0, end);
  if (stream < 0) stream = classify(state, line, 0, end);
  else odd.settle();
  if (stream < 0) return;
  streamByPrefix(known, line, 0, end);
  const cutEnd = mayCut[stream] ? cut(state, line, 0, end, 0, stream) : -1;
  if (cutEnd < 0) sink.records(stream, line, 1, line.length, 'message', line.length);
  else sink.records(stream, line.subarray(0, cutEnd), 1, cutEnd, 'data', line.length);
}

/** Routes all complete lines from a position on. @returns where the rest without a line break begins */
function routeLines(state: RouterState, bytes: Buffer, from: number): number {
  const { known, mayCut, odd, sink } = state;
  const glued = glueFinder(bytes);
  const run = newRun(bytes, from);
  let start = from;
  for (let lineBreak = bytes.indexOf(LINE_BREAK, start); lineBreak >= 0; lineBreak = bytes.indexOf(LINE_BREAK, start)) {
    let stream = glued(start) < lineBreak ? NONE : streamByPrefix(known, bytes, start, lineBreak);
    if (stream >= 0 && odd.isOpen()) odd.settle();
    if (stream < 0) {
      // What came before is passed on first: a state must not overtake its records.
      passOn(run, sink);
      run.stream = NONE;
      stream = classify(state, bytes, start, lineBreak);
      // A prefix that this line added holds for the line itself.
      if (stream >= 0 && mayCut[stream]) streamByPrefix(known, bytes, start, lineBreak);
    }
    const isNext = stream === run.stream;
    // Within a run a line is written right behind the last one.
    const to = isNext && run.form === 'data' ? run.end : start;
    const cutEnd = stream >= 0 && mayCut[stream] ? cut(state, bytes, start, lineBreak, to, stream) : -1;
    const form: RecordForm = cutEnd < 0 ? 'message' : 'data';
    if (!isNext || form !== run.form) {
      passOn(run, sink);
      beginRun(run, stream, form, start);
    }
    addLine(run, cutEnd < 0 ? lineBreak + 1 : cutEnd, lineBreak + 1 - start);
    start = lineBreak + 1;
  }
  passOn(run, sink);
  return start;
}

/** Cuts a record's line if possible. @returns the end of what was written at `to`, or -1 */
function cut(state: RouterState, bytes: Buffer, start: number, end: number, to: number, stream: number): number {
  const { mayCut } = state;
  const { recent } = state.known;
  // Each change of form starts a new file.
  if (recent?.stream !== stream) mayCut[stream] = false;
  if (!recent || !mayCut[stream]) return -1;
  const cutEnd = cutLine(bytes, start + recent.bytes.length - 1, end, to);
  if (cutEnd < 0) mayCut[stream] = false;
  return cutEnd;
}

/** Reads a line without a known prefix. @returns the stream of a record, or NONE, also for an unrequested stream */
function classify(state: RouterState, bytes: Buffer, start: number, end: number): number {
  const { indexOf, odd, sink } = state;
  if (odd.isOpen() && odd.continues(bytes, start, end)) return NONE;
  const first = skipSpace(bytes, start, end);
  if (first === end) return NONE;
  const envelope = bytes[first] === OPEN_OBJECT ? readEnvelope(bytes, start, end) : undefined;
  if (envelope?.type === 'RECORD' && envelope.stream !== undefined) {
    const stream = indexOf(envelope.stream, envelope.namespace);
    if (stream < 0) {
      sink.stray(envelope.stream);
      return NONE;
    }
    addPrefix(state, bytes, start, envelope, stream);
    return stream;
  }
  if (envelope) sink.message(bytes.subarray(start, end));
  else odd.take(bytes, start, end);
  return NONE;
}

function addPrefix(state: RouterState, bytes: Buffer, start: number, envelope: Envelope, stream: number): void {
  const { streams, readsAll, known } = state;
  const { prefix, namespaceInPrefix } = envelope;
  // A namespace after the data is not in the prefix. If it decides the stream, the prefix is not enough.
  const isEnough = isOnlyOne(streams, envelope.stream ?? '') && !streams[stream]?.namespace;
  if (readsAll || prefix === 0 || !(namespaceInPrefix || isEnough)) return;
  rememberPrefix(known, bytes, start, prefix + 1, stream);
}

function endOutput(state: RouterState): boolean {
  const { carried, odd, sink } = state;
  const line = carried.bytes === 0 ? undefined : takeLine(carried, Buffer.from('\n'));
  let isCut = false;
  if (line && readEnvelope(line, 0, line.length - 1)) {
    // Read in full: half a line may well end in a brace.
    const stream = classify(state, line, 0, line.length - 1);
    if (stream >= 0) sink.records(stream, line, 1, line.length, 'message', line.length);
  } else if (line && !(odd.isOpen() && odd.continues(line, 0, line.length - 1))) isCut = odd.last(line);
  odd.settle();
  return isCut;
}
