/** Files of raw record lines to be loaded into the cache. They hold data, so they are private and always removed. */
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { SegmentFile } from '../cache/index.ts';
import type { Waiting } from './load-plan.ts';
import type { RecordForm } from './router/index.ts';
import {
  bufferLines,
  createSegment,
  createSegmentWriter,
  isWriteDue,
  type Segment,
  type SegmentWriter,
  writeSegment,
} from './segment-writer.ts';

export interface Segments {
  /** Copies complete lines; nothing is written before `flush`. */
  append(stream: number, lines: Buffer, rows: number, longest: number, form: RecordForm): void;
  /** Confirms all lines of the stream so far. */
  confirm(stream: number): void;
  waiting(stream: number): Waiting;
  /** Whether enough lines are buffered to call `flush`. */
  isFull(): boolean;
  /** Writes the full buffers; lines may be appended meanwhile. */
  flush(): Promise<void>;
  /** Returns the confirmed lines of a stream; the others remain. */
  takeConfirmed(stream: number): Promise<SegmentFile[]>;
  takeAll(stream: number): Promise<SegmentFile[]>;
  /** Waits for the writes and closes the open files. */
  close(): Promise<void>;
}

/** A longer line gets its own segment, because the reader's buffers are twice as long as the longest line. */
const LONG_LINE_BYTES = 8 * 1024 * 1024;

interface OpenSegments {
  readonly writer: SegmentWriter;
  /** The segments of each stream that were not taken yet, in the order of their lines. */
  readonly open: Segment[][];
  /** How many segments were created; part of their file names. */
  created: number;
}

/** @param folder created if missing; the caller removes it */
export async function createSegments(folder: string, streamCount: number): Promise<Segments> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const writer = createSegmentWriter(folder, streamCount);
  const all: OpenSegments = { writer, open: Array.from({ length: streamCount }, () => []), created: 0 };
  return {
    append(stream, lines, rows, longest, form) {
      const segment = segmentFor(all, stream, longest, form);
      bufferLines(writer, segment, lines);
      segment.rows += rows;
      segment.bytes += lines.length;
      segment.longest = Math.max(segment.longest, longest);
      segment.longNumbers ||= segment.holdsLongNumber(lines);
    },
    confirm(stream) {
      for (const segment of segmentsOf(all, stream)) {
        segment.confirmedRows = segment.rows;
        segment.confirmedBytes = segment.bytes;
      }
    },
    waiting: (stream) => sumWaiting(segmentsOf(all, stream)),
    isFull: () => isWriteDue(writer),
    async flush() {
      await Promise.all([...writer.unwritten].map((segment) => writeSegment(writer, segment, false)));
    },
    takeConfirmed: (stream) => takeConfirmed(all, stream),
    takeAll: (stream) => takeAll(all, stream),
    async close() {
      await Promise.allSettled(all.open.flat().map(({ written }) => written));
      await Promise.allSettled([...writer.files].map((file) => file.close()));
    },
  };
}

function segmentsOf({ open }: OpenSegments, stream: number): Segment[] {
  const segments = open[stream];
  if (!segments) throw new Error(`no stream ${stream}`);
  return segments;
}

/** @returns the stream's last segment, or a new one if the lines have another form or a line is long */
function segmentFor(all: OpenSegments, stream: number, longest: number, form: RecordForm): Segment {
  const last = segmentsOf(all, stream).at(-1);
  const alone = longest > LONG_LINE_BYTES || (last !== undefined && last.longest > LONG_LINE_BYTES);
  return last === undefined || alone || last.form !== form ? addSegment(all, stream, form) : last;
}

function addSegment(all: OpenSegments, stream: number, form: RecordForm): Segment {
  all.created += 1;
  const name = `${String(stream).padStart(4, '0')}-${String(all.created).padStart(6, '0')}.ndjson`;
  const segment = createSegment(join(all.writer.folder, name), form);
  segmentsOf(all, stream).push(segment);
  return segment;
}

function sumWaiting(segments: readonly Segment[]): Waiting {
  const sum = (count: (segment: Segment) => number): number => segments.reduce((total, one) => total + count(one), 0);
  return {
    rows: sum((one) => one.rows),
    bytes: sum((one) => one.bytes),
    confirmedRows: sum((one) => one.confirmedRows),
    confirmedBytes: sum((one) => one.confirmedBytes),
  };
}

async function takeConfirmed(all: OpenSegments, stream: number): Promise<SegmentFile[]> {
  const { writer, open } = all;
  const taken: SegmentFile[] = [];
  const left: Segment[] = [];
  for (const segment of [...segmentsOf(all, stream)]) {
    if (segment.confirmedRows === 0) left.push(segment);
    else if (segment.confirmedRows === segment.rows) taken.push(await finish(writer, segment));
    else {
      const rest = addSegment(all, stream, segment.form);
      await writeSegment(writer, segment, true);
      await split(segment, rest);
      taken.push(await finish(writer, segment));
      left.push(rest);
    }
  }
  open[stream] = left;
  return taken;
}

async function takeAll(all: OpenSegments, stream: number): Promise<SegmentFile[]> {
  const taken: SegmentFile[] = [];
  for (const segment of segmentsOf(all, stream)) taken.push(await finish(all.writer, segment));
  all.open[stream] = [];
  return taken;
}

/** Writes all remaining lines of a segment and closes its file. */
async function finish(writer: SegmentWriter, segment: Segment): Promise<SegmentFile> {
  await writeSegment(writer, segment, true);
  const { path, rows, bytes, longest, longNumbers, form } = segment;
  return { path, rows, bytes, longestLine: longest, longNumbers, form };
}

/** Moves the unconfirmed lines to `rest`; no byte is moved twice, because `rest` begins unconfirmed. */
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
