/** Gathers the lines of segments in buffers and writes them to their files, one write of a segment after the other. */
import { type FileHandle, open as openFile } from 'node:fs/promises';
import { longNumberFinder } from '../cache/index.ts';
import { diskError } from '../project/index.ts';
import type { RecordForm } from './router/index.ts';

const BUFFERS_BYTES = 32 * 1024 * 1024;
const MAX_BUFFER_SIZE = 256 * 1024;
const MIN_BUFFER_SIZE = 16 * 1024;
/** Buffered before a write, so that writes are few and large. */
const FLUSH_BYTES = 4 * 1024 * 1024;
/** Files that stay open between writes; a source may have thousands of streams. */
const MAX_OPEN = 64;

export interface Segment {
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
  /** Checked while the lines are in the processor's cache: reading the file again takes three times as long. */
  readonly holdsLongNumber: (lines: Buffer) => boolean;
  /** The writes so far, one after the other. */
  written: Promise<void>;
}

/** What the segments of a sync share. */
export interface SegmentWriter {
  readonly folder: string;
  readonly bufferBytes: number;
  /** Segments with full buffers. */
  readonly unwritten: Set<Segment>;
  readonly files: Set<FileHandle>;
  /** Written buffers, for the next lines: new ones would keep the garbage collector busy. */
  readonly free: Buffer[];
  unwrittenBytes: number;
}

export function createSegmentWriter(folder: string, streamCount: number): SegmentWriter {
  const bufferBytes = Math.max(MIN_BUFFER_SIZE, Math.min(MAX_BUFFER_SIZE, BUFFERS_BYTES / Math.max(1, streamCount)));
  return { folder, bufferBytes, unwritten: new Set(), files: new Set(), free: [], unwrittenBytes: 0 };
}

export function createSegment(path: string, form: RecordForm): Segment {
  return {
    path,
    form,
    rows: 0,
    bytes: 0,
    longest: 0,
    longNumbers: false,
    confirmedRows: 0,
    confirmedBytes: 0,
    full: [],
    buffer: undefined,
    used: 0,
    file: undefined,
    holdsLongNumber: longNumberFinder(),
    written: Promise.resolve(),
  };
}

/** Copies the lines; nothing is written before `writeSegment`. */
export function bufferLines(writer: SegmentWriter, segment: Segment, lines: Buffer): void {
  const { bufferBytes } = writer;
  // Fast path: most pieces fit, and a piece is a single line where streams are mixed.
  if (segment.buffer && segment.used + lines.length < bufferBytes) {
    segment.buffer.set(lines, segment.used);
    segment.used += lines.length;
    return;
  }
  let at = 0;
  while (at < lines.length) {
    segment.buffer ??= writer.free.pop() ?? Buffer.allocUnsafeSlow(bufferBytes);
    const copied = lines.copy(segment.buffer, segment.used, at);
    segment.used += copied;
    at += copied;
    if (segment.used === segment.buffer.length) {
      segment.full.push(segment.buffer);
      segment.buffer = undefined;
      segment.used = 0;
      writer.unwritten.add(segment);
      writer.unwrittenBytes += bufferBytes;
    }
  }
}

/** Whether enough full buffers wait to be written. */
export function isWriteDue({ unwrittenBytes }: SegmentWriter): boolean {
  return unwrittenBytes >= FLUSH_BYTES;
}

/** Writes the full buffers of a segment; with `all` the last one too, and closes its file. */
export function writeSegment(writer: SegmentWriter, segment: Segment, all: boolean): Promise<void> {
  const buffers = segment.full;
  segment.full = [];
  writer.unwritten.delete(segment);
  writer.unwrittenBytes -= buffers.length * writer.bufferBytes;
  const rest = all && segment.buffer ? segment.buffer.subarray(0, segment.used) : undefined;
  if (rest) {
    segment.buffer = undefined;
    segment.used = 0;
  }
  segment.written = segment.written.then(() => writeBuffers(writer, segment, { buffers, rest, isLast: all }));
  return segment.written;
}

interface PendingWrite {
  readonly buffers: readonly Buffer[];
  /** The used part of the last buffer. */
  readonly rest: Buffer | undefined;
  /** Whether the file is closed afterwards. */
  readonly isLast: boolean;
}

async function writeBuffers(
  writer: SegmentWriter,
  segment: Segment,
  { buffers, rest, isLast }: PendingWrite,
): Promise<void> {
  const { folder, bufferBytes, files, free } = writer;
  if (!segment.file && (buffers.length > 0 || rest)) {
    segment.file = await openFile(segment.path, 'a', 0o600);
    files.add(segment.file);
  }
  await writeAll(segment.file, rest ? [...buffers, rest] : buffers).catch((error: unknown) => {
    throw diskError(error, folder) ?? error;
  });
  for (const buffer of buffers) if (free.length * bufferBytes < BUFFERS_BYTES) free.push(buffer);
  if (isLast || files.size > MAX_OPEN) await closeFile(writer, segment);
}

async function closeFile({ files }: SegmentWriter, segment: Segment): Promise<void> {
  const { file } = segment;
  segment.file = undefined;
  if (file) files.delete(file);
  await file?.close();
}

async function writeAll(file: FileHandle | undefined, buffers: readonly Buffer[]): Promise<void> {
  const bytes = buffers.reduce((sum, { length }) => sum + length, 0);
  if (!file || bytes === 0) return;
  const { bytesWritten } = await file.writev(buffers);
  // A write is partial if the disk is full or a limit is reached: the next one reports the error.
  if (bytesWritten < bytes) await file.appendFile(Buffer.concat(buffers).subarray(bytesWritten));
}
