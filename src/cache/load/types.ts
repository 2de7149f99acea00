/** What the loading side takes and gives: plain data, so that the engine knows no SQL. */
import type { Stream, SyncMode } from '../../protocol/index.ts';

export type ColumnType =
  | 'BIGINT'
  | 'HUGEINT'
  | 'DOUBLE'
  | 'BOOLEAN'
  | 'DATE'
  | 'TIMESTAMPTZ'
  | 'TIME'
  | 'JSON'
  | 'VARCHAR';

/** One field of a stream and the column it has become. */
export interface Column {
  /** The field's own name; absent where the column holds the whole record (a stream without a schema). */
  readonly field?: string;
  readonly column: string;
  readonly type: ColumnType;
  readonly description?: string;
  /** The schema does not have the field: its type was guessed from the data, and widens where the data differ. */
  readonly undeclared?: boolean;
  /** The type that the schema asks for, where values did not fit it and the column was widened for them. */
  readonly widenedFrom?: ColumnType;
  /** Part of a key, or a cursor: no two values may become one, so the column widens where its type would change one. */
  readonly exact?: boolean;
}

/** Where the rows of a stream go. */
export interface StreamTable {
  readonly source: string;
  readonly dataset: string;
  readonly stream: string;
  readonly namespace?: string;
  readonly table: string;
  /** Grows while a sync loads: fields that the schema does not have, and integers too large for their column. */
  columns: readonly Column[];
  /** Whether some values did not fit their columns: then the records are looked at before they are loaded. */
  needsValidation?: boolean;
}

/** Which saved source the rows of a sync come from, and by which configuration. */
export interface Origin {
  readonly sourceId: string;
  /** A hash of what is written, not of what it resolves to. */
  readonly configuration: string;
  /** ISO 8601, UTC: rows of an earlier version that were loaded later came from it too. */
  readonly savedAt: string;
}

/** What is in the cache, as the ledger knows it. */
export interface Identified {
  readonly kind: 'dataset' | 'table';
  readonly id: string;
  readonly name: string;
}

/** What was chosen for a stream, in the words of who chose it. */
export interface ChosenOption {
  readonly mode?: SyncMode | undefined;
  readonly cursorField?: string | undefined;
  readonly primaryKey?: readonly string[] | undefined;
}

/** How a sync fills a table: `append` adds confirmed rows; `replace` loads beside it and swaps at the end. */
type WriteMode = 'append' | 'replace';

export interface StreamRequest {
  readonly stream: Stream;
  readonly mode: SyncMode;
  readonly cursorField: readonly string[];
  readonly primaryKey: readonly (readonly string[])[];
  readonly option?: ChosenOption | undefined;
}

export interface PreparedStream extends StreamRequest {
  readonly target: StreamTable;
  /** What the table is known by once this sync has loaded into it. */
  readonly tableId?: string;
  readonly origin?: Origin | undefined;
  readonly writeMode: WriteMode;
  /** Whether the table was made by this very sync, or will be by its swap. */
  readonly newTable: boolean;
  /** What was done to the columns of a table with rows, for its schema has changed; a sentence each. */
  readonly aligned?: readonly string[];
  /** Whether the connector gets the stream's kept state: of an incremental stream, or of a refresh that an earlier sync began. */
  readonly resumes: boolean;
}

/** A file of records of one stream, one a line. */
export interface SegmentFile {
  readonly path: string;
  readonly rows: number;
  readonly bytes: number;
  /** Bytes of the longest line, or an upper bound. */
  readonly longestLine: number;
  /** Whether it may hold decimals with more digits than a double has, which the database would round. */
  readonly longNumbers: boolean;
  /** `message`: whole RECORD messages; `data`: the records' data alone, with `EMITTED_KEY` as their last member. */
  readonly form: 'message' | 'data';
}

/** The member of a `data` line that holds the record's `emitted_at`; as long as that name, so that a byte makes it. */
export const EMITTED_KEY = 'emitted@at';
/** The first member of a repaired line: what the repair has changed. */
export const REPAIRS_KEY = 'repairs@';

/** A segment, or its repaired copy, and how it is to be read. */
export interface ReadableSegment extends SegmentFile {
  /** Path of the segment itself. */
  readonly origin: string;
  /** Values that do not fit become NULL with a note; else the first one fails the load. */
  readonly careful: boolean;
  /** Whether the lines begin with `REPAIRS_KEY`. */
  readonly repaired: boolean;
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
  /** It is known that records of these segments are lost; else the first load that finds some is not done. */
  readonly mayLose?: boolean;
}

/** A state as the connector wrote it: the text is kept, for numbers beyond 2^53 do not survive a parse. */
export interface StateText {
  readonly kind: 'STREAM' | 'GLOBAL' | 'LEGACY';
  /** Name and namespace, for kind STREAM. */
  readonly stream?: { readonly name: string; readonly namespace?: string };
  readonly text: string;
  /** The state tells how far a full refresh has come, not where the next sync begins; and which table it fills. */
  readonly refresh?: Pick<StreamTable, 'table' | 'columns'>;
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
  /** Records that came out of the segments. */
  readonly rows: number;
  /** Records moved from the pending table. */
  readonly moved: number;
  /** Rows that entered the table: less than records where several had the same key or were deletions. */
  readonly written: number;
  /** Rows of the table that were replaced by newer ones of the same key: `written - updated` rows were added. */
  readonly updated: number;
  /** Rows of the table whose place a replacement has taken; absent where none has. */
  readonly replaced?: number;
  /** Rows that a deletion in the source has taken out of the table. */
  readonly deleted: number;
  /** Records that changed nothing, for a row of the same key with a greater cursor was there when their batch was loaded. */
  readonly late: number;
  /** Records whose whole primary key is NULL: they cannot be told apart, and are kept as they come. */
  readonly withoutKey: number;
  /** Lines that are no records that a table can take. */
  readonly dropped: number;
  /** Values that were changed, by field; each is noted in its row's `_airbyte_meta`. */
  readonly changed: Readonly<Record<string, number>>;
  /** What the load had to do to the table's columns, such as `"note" was added`. */
  readonly grown: readonly string[];
}
