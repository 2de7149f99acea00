/** Files of raw record lines on their way into the cache. They hold data, so they are private and always removed. */
import { createReadStream, createWriteStream } from 'node:fs';
import { type FileHandle, mkdir, open as openFile, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { longNumberFinder, type SegmentFile } from '../cache/index.ts';
import { diskError } from '../project/index.ts';
import type { Waiting } from './load-plan.ts';
import type { RecordForm } from './router/index.ts';

export interface Segments {
  /** Copies whole lines; nothing is written before `flush`. */
  append(stream: number, lines: Buffer, rows: number, longest: number, form: RecordForm): void;
  /** Everything of the stream up to here is confirmed. */
  confirm(stream: number): void;
  waiting(stream: number): Waiting;
  /** Whether so much waits to be written that it should be. */
  isFull(): boolean;
  /** Writes the buffers that are full; more may be appended meanwhile. */
  flush(): Promise<void>;
  /** Hands over the confirmed lines of a stream; the rest stays for later. */
  takeConfirmed(stream: number): Promise<SegmentFile[]>;
  takeAll(stream: number): Promise<SegmentFile[]>;
  /** Closes what is open; for the end. */
  close(): Promise<void>;
}

/** A line of this length gets a segment of its own, for the reader's buffers are twice as long as the longest line. */
const LONG_LINE_BYTES = 8 * 1024 * 1024;
const BUFFERS_BYTES = 32 * 1024 * 1024;
const MAX_BUFFER_SIZE = 256 * 1024;
const MIN_BUFFER_SIZE = 16 * 1024;
/** Written at once: fewer and larger writes. */
const FLUSH_BYTES = 4 * 1024 * 1024;
/** Files that are kept open between writes; a source may have thousands of streams. */
const MAX_OPEN = 64;

interface Segment {
  readonly path: string;
  readonly form: RecordForm;
  rows: number;
  bytes: number;
  longest: number;
  longNumbers: boolean;
  confirmedRows: number;
  confirmedBytes: number;
  full: Buffer[];
  buffer: Buffer | undefined;
  used: number;
  file: FileHandle | undefined;
  /** Looked for while the lines are in the processor's cache: to read the file once more takes three times as long. */
  readonly holdsLongNumber: (lines: Buffer) => boolean;
  /** The writes so far, one after the other. */
  written: Promise<void>;
}

/** @param folder made where it is missing; the caller removes it */
export async function createSegments(folder: string, streamCount: number): Promise<Segments> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const bufferBytes = Math.max(MIN_BUFFER_SIZE, Math.min(MAX_BUFFER_SIZE, BUFFERS_BYTES / Math.max(1, streamCount)));
  const open: Segment[][] = Array.from({ length: streamCount }, () => []);
  const unwritten = new Set<Segment>();
  const files = new Set<FileHandle>();
  /** Buffers that are written, for the next lines: new ones would keep the garbage collector busy. */
  const free: Buffer[] = [];
  let unwrittenBytes = 0;
  let made = 0;

  const add = (stream: number, form: RecordForm): Segment => {
    made += 1;
    const path = join(folder, `${String(stream).padStart(4, '0')}-${String(made).padStart(6, '0')}.ndjson`);
    const counts = { rows: 0, bytes: 0, longest: 0, longNumbers: false, confirmedRows: 0, confirmedBytes: 0 };
    const segment: Segment = {
      path,
      form,
      ...counts,
      full: [],
      buffer: undefined,
      used: 0,
      file: undefined,
      holdsLongNumber: longNumberFinder(),
      written: Promise.resolve(),
    };
    of(stream).push(segment);
    return segment;
  };
  const of = (stream: number): Segment[] => {
    const segments = open[stream];
    if (!segments) throw new Error(`no stream ${stream}`);
    return segments;
  };
  const put = (segment: Segment, lines: Buffer): void => {
    // Most pieces fit, and a single line is a piece where streams are mixed.
    if (segment.buffer && segment.used + lines.length < bufferBytes) {
      segment.buffer.set(lines, segment.used);
      segment.used += lines.length;
      return;
    }
    let at = 0;
    while (at < lines.length) {
      segment.buffer ??= free.pop() ?? Buffer.allocUnsafeSlow(bufferBytes);
      const copied = lines.copy(segment.buffer, segment.used, at);
      segment.used += copied;
      at += copied;
      if (segment.used === segment.buffer.length) {
        segment.full.push(segment.buffer);
        segment.buffer = undefined;
        segment.used = 0;
        unwritten.add(segment);
        unwrittenBytes += bufferBytes;
      }
    }
  };
  const write = (segment: Segment, all: boolean): Promise<void> => {
    const buffers = segment.full;
    segment.full = [];
    unwritten.delete(segment);
    unwrittenBytes -= buffers.length * bufferBytes;
    const rest = all && segment.buffer ? segment.buffer.subarray(0, segment.used) : undefined;
    if (rest) {
      segment.buffer = undefined;
      segment.used = 0;
    }
    segment.written = segment.written.then(async () => {
      if (!segment.file && (buffers.length > 0 || rest)) {
        segment.file = await openFile(segment.path, 'a', 0o600);
        files.add(segment.file);
      }
      await writeAll(segment.file, rest ? [...buffers, rest] : buffers).catch((error: unknown) => {
        throw diskError(error, folder) ?? error;
      });
      for (const buffer of buffers) if (free.length * bufferBytes < BUFFERS_BYTES) free.push(buffer);
      if (all || files.size > MAX_OPEN) await closeFile(segment);
    });
    return segment.written;
  };
  const closeFile = async (segment: Segment): Promise<void> => {
    const { file } = segment;
    segment.file = undefined;
    if (file) files.delete(file);
    await file?.close();
  };
  const finish = async (segment: Segment): Promise<SegmentFile> => {
    await write(segment, true);
    const { path, rows, bytes, longest, longNumbers, form } = segment;
    return { path, rows, bytes, longestLine: longest, longNumbers, form };
  };

  return {
    append(stream, lines, rows, longest, form) {
      const last = of(stream).at(-1);
      const alone = longest > LONG_LINE_BYTES || (last !== undefined && last.longest > LONG_LINE_BYTES);
      const segment = last === undefined || alone || last.form !== form ? add(stream, form) : last;
      put(segment, lines);
      segment.rows += rows;
      segment.bytes += lines.length;
      segment.longest = Math.max(segment.longest, longest);
      segment.longNumbers ||= segment.holdsLongNumber(lines);
    },
    confirm(stream) {
      for (const segment of of(stream)) {
        segment.confirmedRows = segment.rows;
        segment.confirmedBytes = segment.bytes;
      }
    },
    waiting(stream) {
      const segments = of(stream);
      const sum = (count: (segment: Segment) => number): number =>
        segments.reduce((total, one) => total + count(one), 0);
      return {
        rows: sum((one) => one.rows),
        bytes: sum((one) => one.bytes),
        confirmedRows: sum((one) => one.confirmedRows),
        confirmedBytes: sum((one) => one.confirmedBytes),
      };
    },
    isFull: () => unwrittenBytes >= FLUSH_BYTES,
    async flush() {
      await Promise.all([...unwritten].map((segment) => write(segment, false)));
    },
    async takeConfirmed(stream) {
      const taken: SegmentFile[] = [];
      const kept: Segment[] = [];
      for (const segment of [...of(stream)]) {
        if (segment.confirmedRows === 0) kept.push(segment);
        else if (segment.confirmedRows === segment.rows) taken.push(await finish(segment));
        else {
          const rest = add(stream, segment.form);
          await write(segment, true);
          await split(segment, rest);
          taken.push(await finish(segment));
          kept.push(rest);
        }
      }
      open[stream] = kept;
      return taken;
    },
    async takeAll(stream) {
      const taken: SegmentFile[] = [];
      for (const segment of of(stream)) taken.push(await finish(segment));
      open[stream] = [];
      return taken;
    },
    async close() {
      await Promise.allSettled(open.flat().map(({ written }) => written));
      await Promise.allSettled([...files].map((file) => file.close()));
    },
  };
}

async function writeAll(file: FileHandle | undefined, buffers: readonly Buffer[]): Promise<void> {
  const bytes = buffers.reduce((sum, { length }) => sum + length, 0);
  if (!file || bytes === 0) return;
  const { bytesWritten } = await file.writev(buffers);
  // A part is written where the disk is full or a limit is reached: the next try tells.
  if (bytesWritten < bytes) await file.appendFile(Buffer.concat(buffers).subarray(bytesWritten));
}

/** Moves what is not confirmed to a segment of its own; no byte is moved twice, for `rest` begins unconfirmed. */
async function split(segment: Segment, rest: Segment): Promise<void> {
  await pipeline(
    createReadStream(segment.path, { start: segment.confirmedBytes }),
    createWriteStream(rest.path, { mode: 0o600 }),
  );
  await truncate(segment.path, segment.confirmedBytes);
  rest.rows = segment.rows - segment.confirmedRows;
  rest.bytes = segment.bytes - segment.confirmedBytes;
  rest.longest = segment.longest;
  rest.longNumbers = segment.longNumbers;
  segment.rows = segment.confirmedRows;
  segment.bytes = segment.confirmedBytes;
}
