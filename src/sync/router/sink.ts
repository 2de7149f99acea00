/** Receives what the router has sorted. */

/** `message`: a line as it came; `data`: cut to the record's data by `cutLine`. */
export type RecordForm = 'message' | 'data';

export interface RouterSink {
  /**
   * Lines of one stream and one form, each with its line break. `longest` is the bytes of the longest of them, `read` what
   * they were before they were cut.
   */
  records(stream: number, lines: Buffer, rows: number, longest: number, form: RecordForm, read: number): void;
  /** A JSON object that is not a record, on a line of its own or next to others: STATE, TRACE, LOG, CONTROL or anything else. */
  message(line: Buffer): void;
  /** A line, or the rest of one with messages in it, that is not a JSON object: cut if it is very long. */
  text(line: string): void;
  /** A record that is lost, because it is cut off, broken or too long; `stream` is -1 if its stream is unknown. */
  broken(stream: number, why: 'broken' | 'long'): void;
  /** A record of a stream that was not requested. */
  stray(stream: string): void;
}
