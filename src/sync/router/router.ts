/** Sorts a connector's stdout: records by stream, as bytes; everything else line by line. Records are never parsed. */
import { LimitError } from '../../errors.ts';
import { indexStreams, isOnlyOne, type StreamName } from '../stream-keys.ts';
import { cutLine } from './cut-line.ts';
import { type Envelope, readEnvelope } from './envelope.ts';
import { skipSpace } from './json-scan.ts';

/** `message`: a line as it came; `data`: cut to the record's data by `cutLine`. */
export type RecordForm = 'message' | 'data';

export interface RouterSink {
  /**
   * Lines of one stream and one form, each with its line break. `longest` is the bytes of the longest of them, `read` what
   * they were before they were cut.
   */
  records(stream: number, lines: Buffer, rows: number, longest: number, form: RecordForm, read: number): void;
  /** A JSON object that is no record: STATE, TRACE, LOG, CONTROL or anything else. */
  message(line: Buffer): void;
  /** A line that is no JSON object: a log line; cut where it is very long. */
  text(line: string): void;
  /** A line that begins like a record and is no whole JSON: a record that is lost. */
  broken(line: Buffer): void;
  /** A record of a stream that was not asked for. */
  stray(stream: string): void;
}

export interface Router {
  push(chunk: Buffer): void;
  /**
   * The output is over: a last line without a line break is taken where it is whole.
   * @returns whether the output ends in the middle of a message
   */
  end(): boolean;
}

/** Longer lines would need more memory in the database than it is given. */
const MAX_LINE_BYTES = 100 * 1024 * 1024;
const MAX_TEXT_BYTES = 64 * 1024;
const LINE_BREAK = 10;
const NOTHING = Buffer.alloc(0);
/** So many prefixes are looked at one by one; the others are found by their text. */
const FEW = 32;
const STRAY = -1;
const OTHER = -2;

interface Prefix {
  readonly bytes: Buffer;
  readonly stream: number;
}

/**
 * @param cuts whether the records of each stream may be cut to their data; a stream whose lines do not allow it gets
 *   them whole from then on. Chunks are then written to.
 */
export function createRouter(streams: readonly StreamName[], sink: RouterSink, cuts: readonly boolean[] = []): Router {
  const mayCut = streams.map((_stream, index) => cuts[index] === true);
  const indexOf = indexStreams(streams);
  const byLength = new Map<number, Map<string, Prefix>>();
  /** The first prefixes: to look at each is quicker than to make a key. */
  const few: Prefix[] = [];
  let recent: Prefix | undefined;
  let carried: Buffer[] = [];
  let carriedBytes = 0;
  /** The first byte of the carried line that is no space; undefined while there is none. */
  let carriedFirst: number | undefined;
  let skipping = false;

  const takeCarried = (rest: Buffer): Buffer => {
    const line = Buffer.concat([...carried, rest]);
    carried = [];
    carriedBytes = 0;
    carriedFirst = undefined;
    return line;
  };

  const learned = (bytes: Buffer, start: number, end: number): number => {
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

  const learn = (bytes: Buffer, start: number, envelope: Envelope, stream: number): void => {
    const { prefix, namespaceInPrefix } = envelope;
    const name = envelope.stream ?? '';
    // A namespace that comes after the data would make the prefix lie where two streams share the name.
    if (prefix === 0 || !(namespaceInPrefix || isOnlyOne(streams, name))) return;
    const text = bytes.toString('latin1', start, start + prefix + 1);
    const learnt = { bytes: Buffer.from(text, 'latin1'), stream };
    if (few.length < FEW) {
      few.push(learnt);
      return;
    }
    const known = byLength.get(text.length) ?? new Map<string, Prefix>();
    byLength.set(text.length, known.set(text, learnt));
  };

  /** The stream of a line that is a record, STRAY for one that nobody asked for, OTHER for anything else. */
  const slowly = (bytes: Buffer, start: number, end: number): number => {
    const first = skipSpace(bytes, start, end);
    if (first === end) return OTHER;
    const envelope = bytes[first] === 0x7b ? readEnvelope(bytes, start, end) : undefined;
    if (envelope?.type === 'RECORD' && envelope.stream !== undefined) {
      const stream = indexOf(envelope.stream, envelope.namespace);
      if (stream >= 0) learn(bytes, start, envelope, stream);
      else sink.stray(envelope.stream);
      return stream >= 0 ? stream : STRAY;
    }
    const line = bytes.subarray(start, end);
    if (envelope) sink.message(line);
    else if (bytes[first] === 0x7b && line.subarray(0, 200).includes('"RECORD"')) sink.broken(line);
    else sink.text(line.toString('utf8', 0, Math.min(line.length, MAX_TEXT_BYTES)));
    return OTHER;
  };

  /** Cuts a record's line, where that can be. @returns the end of what was written at `to`, or -1 */
  const cut = (bytes: Buffer, start: number, end: number, to: number, stream: number): number => {
    // Each change of form begins a file of its own.
    if (!recent || recent.stream !== stream) mayCut[stream] = false;
    if (!recent || !mayCut[stream]) return -1;
    const cutEnd = cutLine(bytes, start + recent.bytes.length - 1, end, to);
    if (cutEnd < 0) mayCut[stream] = false;
    return cutEnd;
  };

  const routeOne = (line: Buffer): void => {
    const end = line.length - 1;
    let stream = learned(line, 0, end);
    if (stream < 0) stream = slowly(line, 0, end);
    if (stream < 0) return;
    learned(line, 0, end);
    const cutEnd = mayCut[stream] ? cut(line, 0, end, 0, stream) : -1;
    if (cutEnd < 0) sink.records(stream, line, 1, line.length, 'message', line.length);
    else sink.records(stream, line.subarray(0, cutEnd), 1, cutEnd, 'data', line.length);
  };

  /** Consecutive lines of one stream go on as one piece. */
  const routeAll = (bytes: Buffer, from: number): number => {
    let start = from;
    let runStart = from;
    let runEnd = from;
    let runStream = OTHER;
    let runForm: RecordForm = 'message';
    let rows = 0;
    let longest = 0;
    let read = 0;
    const finishRun = (): void => {
      if (runStream >= 0) {
        sink.records(runStream, bytes.subarray(runStart, runEnd), rows, longest, runForm, read);
      }
    };
    for (;;) {
      const lineBreak = bytes.indexOf(LINE_BREAK, start);
      if (lineBreak < 0) break;
      let stream = learned(bytes, start, lineBreak);
      if (stream < 0) {
        // What came before is handed on first: a state must not overtake its records.
        finishRun();
        runStream = OTHER;
        stream = slowly(bytes, start, lineBreak);
        // What this line has taught holds for the line itself.
        if (stream >= 0 && mayCut[stream]) learned(bytes, start, lineBreak);
      }
      const isNext = stream === runStream;
      let end = -1;
      // Within a run a line is written right behind the last one.
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
    if (skipping || rest.length === 0) return;
    carried.push(rest);
    carriedBytes += rest.length;
    carriedFirst ??= rest[skipSpace(rest, 0, rest.length)];
    if (carriedBytes <= MAX_TEXT_BYTES) return;
    if (carriedFirst !== undefined && carriedFirst !== 0x7b) {
      // No JSON: its beginning is enough for the log.
      sink.text(takeCarried(NOTHING).toString('utf8', 0, MAX_TEXT_BYTES));
      skipping = true;
    } else if (carriedBytes > MAX_LINE_BYTES) throw tooLong();
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
        if (!skipping) routeOne(takeCarried(chunk.subarray(0, start)));
        skipping = false;
      }
      const rest = routeAll(chunk, start);
      carry(chunk.subarray(rest));
    },
    end() {
      if (carriedBytes === 0) return false;
      const line = takeCarried(Buffer.from('\n'));
      // Read in full: half a line may well end in a brace.
      const stream = slowly(line, 0, line.length - 1);
      if (stream >= 0) sink.records(stream, line, 1, line.length, 'message', line.length);
      return /^\s*\{\s*"/.test(line.toString('utf8', 0, 200)) && !readEnvelope(line, 0, line.length - 1);
    },
  };
}

/** A loop, from the end: prefixes begin alike, and for so few bytes a call of the runtime takes longer. */
function startsWith(bytes: Buffer, start: number, end: number, prefix: Buffer): boolean {
  const { length } = prefix;
  if (end - start <= length) return false;
  for (let at = length - 1; at >= 0; at -= 1) if (bytes[start + at] !== prefix[at]) return false;
  return true;
}

function tooLong(): LimitError {
  return new LimitError(
    'line_too_long',
    `The connector wrote a line of more than ${MAX_LINE_BYTES / 1024 / 1024} MB.`,
    'Leave the stream with such records out, or configure the connector to leave large fields out.',
  );
}
