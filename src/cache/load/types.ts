/** What the loading side takes and gives: plain data, so that the engine knows no SQL. */
import type { Stream, SyncMode } from '../../protocol/index.ts';

export type ColumnType = 'BIGINT' | 'DOUBLE' | 'BOOLEAN' | 'DATE' | 'TIMESTAMPTZ' | 'TIME' | 'JSON' | 'VARCHAR';

/** One field of a stream and the column it has become. */
export interface Column {
  /** The field's own name; absent where the column holds the whole record (a stream without a schema). */
  readonly field?: string;
  readonly column: string;
  readonly type: ColumnType;
  readonly description?: string;
}

/** Where the rows of a stream go. */
export interface StreamTable {
  readonly source: string;
  readonly dataset: string;
  readonly stream: string;
  readonly namespace?: string;
  readonly table: string;
  readonly columns: readonly Column[];
}

/** How a sync fills a table: `append` adds confirmed rows; `replace` loads beside it and swaps at the end. */
type Fill = 'append' | 'replace';

export interface StreamRequest {
  readonly stream: Stream;
  readonly mode: SyncMode;
  readonly cursorField: readonly string[];
  readonly primaryKey: readonly (readonly string[])[];
}

export interface PreparedStream extends StreamRequest {
  readonly target: StreamTable;
  readonly fill: Fill;
  /** Whether the table was made by this very sync, or will be by its swap. */
  readonly newTable: boolean;
}

/** A file of raw record lines of one stream. */
export interface SegmentFile {
  readonly path: string;
  readonly rows: number;
  readonly bytes: number;
  /** Bytes of the longest line, or an upper bound. */
  readonly longestLine: number;
}

/** What one batch does to one stream, in this order. */
export interface StreamLoad {
  readonly prepared: PreparedStream;
  /** The pending rows are confirmed: they move into the table first. */
  readonly movePending: boolean;
  readonly into: 'table' | 'replacement' | 'pending';
  readonly segments: readonly SegmentFile[];
  /** The replacement takes the place of the table, and the mapping is kept. */
  readonly swap: boolean;
}

/** A state as the connector wrote it: the text is kept, for numbers beyond 2^53 do not survive a parse. */
export interface StateText {
  readonly kind: 'STREAM' | 'GLOBAL' | 'LEGACY';
  /** Name and namespace, for kind STREAM. */
  readonly stream?: { readonly name: string; readonly namespace?: string };
  readonly text: string;
}

export interface BatchLoad {
  readonly syncId: string;
  readonly source: string;
  readonly streams: readonly StreamLoad[];
  readonly states: readonly StateText[];
  /** Streams whose kept state no longer describes their table. */
  readonly forget: readonly { readonly name: string; readonly namespace?: string }[];
}

/** What became of one entry of `BatchLoad.streams`. */
export interface LoadedStream {
  /** Rows that came out of the segments. */
  readonly rows: number;
  /** Rows moved from the pending table. */
  readonly moved: number;
  /** Lines that are no records that a table can take. */
  readonly dropped: number;
  /** Fields that the schema does not have, found by sampling. */
  readonly unknownFields: readonly string[];
}
