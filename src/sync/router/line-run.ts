/** Consecutive lines of one stream and one form in a chunk: they are passed on as one piece. */
import type { RecordForm, RouterSink } from './sink.ts';

export interface LineRun {
  readonly bytes: Buffer;
  /** Below 0 between runs. */
  stream: number;
  form: RecordForm;
  start: number;
  end: number;
  rows: number;
  /** Bytes of the longest line. */
  longest: number;
  /** Bytes of the lines before they were cut. */
  read: number;
}

export function newRun(bytes: Buffer, at: number): LineRun {
  return { bytes, stream: -1, form: 'message', start: at, end: at, rows: 0, longest: 0, read: 0 };
}

/** Begins another run at a position. */
export function beginRun(run: LineRun, stream: number, form: RecordForm, at: number): void {
  run.stream = stream;
  run.form = form;
  run.start = at;
  run.end = at;
  run.rows = 0;
  run.longest = 0;
  run.read = 0;
}

/** Adds a line that ends at `end`, right behind the last one. @param read its bytes before it was cut */
export function addLine(run: LineRun, end: number, read: number): void {
  const length = end - run.end;
  if (length > run.longest) run.longest = length;
  run.rows += 1;
  run.read += read;
  run.end = end;
}

/** Passes the run on. It stays open until another begins. */
export function passOn({ bytes, stream, form, start, end, rows, longest, read }: LineRun, sink: RouterSink): void {
  if (stream >= 0) sink.records(stream, bytes.subarray(start, end), rows, longest, form, read);
}
