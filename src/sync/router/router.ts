/** Sorts a connector's stdout: records by stream, as bytes; everything else line by line. Records are never parsed. */
import { skipSpace } from '../../protocol/index.ts';
import { indexStreams, isOnlyOne, type StreamName } from '../stream-keys.ts';
import { cutLine } from './cut-line.ts';
import { type Envelope, readEnvelope } from './envelope.ts';
import { glueFinder } from './glued-lines.ts';
import { createOddLines, MAX_LINE_BYTES, MAX_TEXT_BYTES } from './odd-lines.ts';
import type { RecordForm, RouterSink } from './sink.ts';

export interface Router {
  push(chunk: Buffer): void;
  /**
   * Ends the output. A last line without a line break counts if it is complete.
   * @returns whether the output ends in the middle of a message
   */
  end(): boolean;
}

const LINE_BREAK = 10;
const OPEN_OBJECT = 0x7b;
const NOTHING = Buffer.alloc(0);
/** This many prefixes are compared one by one; the others are found by their text. */
const FEW = 32;
const STRAY = -1;
const OTHER = -2;

interface Prefix {
  readonly bytes: Buffer;
  readonly stream: number;
}

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
  const mayCut = streams.map((_stream, index) => cuts[index] === true);
  const indexOf = indexStreams(streams);
  const odd = createOddLines(sink, indexOf);
  const byLength = new Map<number, Map<string, Prefix>>();
  /** The first prefixes: comparing each is faster than building a key. */
  const few: Prefix[] = [];
  let recent: Prefix | undefined;
  let carried: Buffer[] = [];
  let carriedBytes = 0;
  /** Whether the carried line may hold a message: it has a brace. */
  let carriedBrace = false;
  /** Skips the rest of a line that is too long; in a long text, a message is still read. */
  let skipping: 'all' | 'text' | undefined;

  const takeCarried = (rest: Buffer): Buffer => {
    const line = Buffer.concat([...carried, rest]);
    carried = [];
    carriedBytes = 0;
    carriedBrace = false;
    return line;
  };

  const knownStream = (bytes: Buffer, start: number, end: number): number => {
    if (!recent || !startsWith(bytes, start, end, recent.bytes)) {
      recent = few.find((prefix) => startsWith(bytes, start, end, prefix.bytes));
      for (const [length, prefixes] of recent ? [] : byLength) {
        if (end - start <= length) continue;
        const found = prefixes.get(bytes.toString('latin1', start, start + length));
        if (found) {
          recent = found;
          break;
        }
      }
    }
    if (!recent) return OTHER;
    let last = end - 1;
    if (bytes[last] === 0x0d) last -= 1;
    return bytes[last] === 0x7d ? recent.stream : OTHER;
  };

  const rememberPrefix = (bytes: Buffer, start: number, envelope: Envelope, stream: number): void => {
    const { prefix, namespaceInPrefix } = envelope;
    const name = envelope.stream ?? '';
    // A namespace after the data is not in the prefix. If it decides the stream, the prefix is not enough.
    const isEnough = isOnlyOne(streams, name) && !streams[stream]?.namespace;
    if (readsAll || prefix === 0 || !(namespaceInPrefix || isEnough)) return;
    const text = bytes.toString('latin1', start, start + prefix + 1);
    const added = { bytes: Buffer.from(text, 'latin1'), stream };
    if (few.length < FEW) {
      few.push(added);
      return;
    }
    const known = byLength.get(text.length) ?? new Map<string, Prefix>();
    byLength.set(text.length, known.set(text, added));
  };

  /** The stream of a line that is a record, STRAY for one of an unrequested stream, OTHER for anything else. */
  const slowly = (bytes: Buffer, start: number, end: number): number => {
    if (odd.isOpen() && odd.continues(bytes, start, end)) return OTHER;
    const first = skipSpace(bytes, start, end);
    if (first === end) return OTHER;
    const envelope = bytes[first] === OPEN_OBJECT ? readEnvelope(bytes, start, end) : undefined;
    if (envelope?.type === 'RECORD' && envelope.stream !== undefined) {
      const stream = indexOf(envelope.stream, envelope.namespace);
      if (stream >= 0) rememberPrefix(bytes, start, envelope, stream);
      else sink.stray(envelope.stream);
      return stream >= 0 ? stream : STRAY;
    }
    if (envelope) sink.message(bytes.subarray(start, end));
    else odd.take(bytes, start, end);
    return OTHER;
  };

  /** Cuts a record's line if possible. @returns the end of what was written at `to`, or -1 */
  const cut = (bytes: Buffer, start: number, end: number, to: number, stream: number): number => {
    // Each change of form starts a new file.
    if (!recent || recent.stream !== stream) mayCut[stream] = false;
    if (!recent || !mayCut[stream]) return -1;
    const cutEnd = cutLine(bytes, start + recent.bytes.length - 1, end, to);
    if (cutEnd < 0) mayCut[stream] = false;
    return cutEnd;
  };

  const routeOne = (line: Buffer): void => {
    const end = line.length - 1;
    let stream = glueFinder(line)(0) < end ? OTHER : knownStream(line, 0, end);
    if (stream < 0) stream = slowly(line, 0, end);
    else odd.settle();
    if (stream < 0) return;
    knownStream(line, 0, end);
    const cutEnd = mayCut[stream] ? cut(line, 0, end, 0, stream) : -1;
    if (cutEnd < 0) sink.records(stream, line, 1, line.length, 'message', line.length);
    else sink.records(stream, line.subarray(0, cutEnd), 1, cutEnd, 'data', line.length);
  };

  /** Passes consecutive lines of one stream on as one piece. */
  const routeAll = (bytes: Buffer, from: number): number => {
    let start = from;
    let runStart = from;
    let runEnd = from;
    let runStream = OTHER;
    let runForm: RecordForm = 'message';
    let rows = 0;
    let longest = 0;
    let read = 0;
    const glued = glueFinder(bytes);
    const finishRun = (): void => {
      if (runStream >= 0) {
        sink.records(runStream, bytes.subarray(runStart, runEnd), rows, longest, runForm, read);
      }
    };
    for (;;) {
      const lineBreak = bytes.indexOf(LINE_BREAK, start);
      if (lineBreak < 0) break;
      let stream = glued(start) < lineBreak ? OTHER : knownStream(bytes, start, lineBreak);
      if (stream >= 0 && odd.isOpen()) odd.settle();
      if (stream < 0) {
        // Pass on the pending run first: a state must not overtake its records.
        finishRun();
        runStream = OTHER;
        stream = slowly(bytes, start, lineBreak);
        // The prefix remembered from this line applies to the line itself.
        if (stream >= 0 && mayCut[stream]) knownStream(bytes, start, lineBreak);
      }
      const isNext = stream === runStream;
      let end = -1;
      // Within a run, a line is written directly after the last one.
      if (stream >= 0 && mayCut[stream]) {
        end = cut(bytes, start, lineBreak, isNext && runForm === 'data' ? runEnd : start, stream);
      }
      const form: RecordForm = end < 0 ? 'message' : 'data';
      if (!isNext || form !== runForm) {
        finishRun();
        runStream = stream;
        runForm = form;
        runStart = start;
        runEnd = start;
        rows = 0;
        longest = 0;
        read = 0;
      }
      rows += 1;
      read += lineBreak + 1 - start;
      if (end < 0) end = lineBreak + 1;
      longest = Math.max(longest, end - runEnd);
      runEnd = end;
      start = lineBreak + 1;
    }
    finishRun();
    return start;
  };

  const carry = (rest: Buffer): void => {
    if (skipping === 'all' || rest.length === 0) return;
    carried.push(rest);
    carriedBytes += rest.length;
    carriedBrace ||= rest.includes(OPEN_OBJECT);
    if (carriedBytes > MAX_LINE_BYTES) {
      odd.settle();
      odd.tooLong(takeCarried(NOTHING));
      skipping = 'all';
    } else if (carriedBytes > MAX_TEXT_BYTES && !carriedBrace && !odd.isOpen()) {
      // Not JSON so far: the beginning is enough for the log.
      const text = takeCarried(NOTHING).toString('utf8', 0, MAX_TEXT_BYTES);
      if (!skipping) sink.text(text);
      skipping = 'text';
    }
  };

  return {
    push(chunk) {
      let start = 0;
      if (carriedBytes > 0 || skipping) {
        const lineBreak = chunk.indexOf(LINE_BREAK);
        if (lineBreak < 0) {
          carry(chunk);
          return;
        }
        start = lineBreak + 1;
        const rest = chunk.subarray(0, start);
        if (!skipping || (skipping === 'text' && (carriedBrace || rest.includes(OPEN_OBJECT))))
          routeOne(takeCarried(rest));
        else takeCarried(NOTHING);
        skipping = undefined;
      }
      const rest = routeAll(chunk, start);
      carry(chunk.subarray(rest));
    },
    end() {
      const line = carriedBytes === 0 ? undefined : takeCarried(Buffer.from('\n'));
      let isCut = false;
      if (line && readEnvelope(line, 0, line.length - 1)) {
        // Read in full: a cut line may also end in a brace.
        const stream = slowly(line, 0, line.length - 1);
        if (stream >= 0) sink.records(stream, line, 1, line.length, 'message', line.length);
      } else if (line && !(odd.isOpen() && odd.continues(line, 0, line.length - 1))) isCut = odd.last(line);
      odd.settle();
      return isCut;
    },
  };
}

/** Loops from the end: prefixes share their beginning, and for so few bytes a runtime call is slower. */
function startsWith(bytes: Buffer, start: number, end: number, prefix: Buffer): boolean {
  const { length } = prefix;
  if (end - start <= length) return false;
  for (let at = length - 1; at >= 0; at -= 1) if (bytes[start + at] !== prefix[at]) return false;
  return true;
}
