/** Input and output of loading: plain data, so that the sync engine does not depend on SQL. */
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

/** One field of a stream and its column. */
export interface Column {
  /** The field's own name; absent if the column holds the complete record (a stream without a schema). */
  readonly field?: string;
  readonly column: string;
  readonly type: ColumnType;
  readonly description?: string;
  /** The schema does not have the field: its type was inferred from the data, and is widened where later data differ. */
  readonly undeclared?: boolean;
  /** The type of the schema, where values did not fit it and the column was widened for them. */
  readonly widenedFrom?: ColumnType;
  /** Part of a key, or a cursor: distinct values must stay distinct, so the column is widened where its type would change one. */
  readonly exact?: boolean;
}

/** The table of a stream. */
export interface StreamTable {
  readonly source: string;
  readonly dataset: string;
  readonly stream: string;
  readonly namespace?: string;
  readonly table: string;
  /** Changes while a sync loads: for fields that the schema does not have, and for integers too large for their column. */
  columns: readonly Column[];
  /** Whether some values did not fit their columns: then segments are checked before they are loaded. */
  needsValidation?: boolean;
}

/** The saved source and the configuration that the rows of a sync come from. */
export interface Origin {
  readonly sourceId: string;
  /** A hash of the configuration as written, with references unresolved. */
  readonly configuration: string;
  /** ISO 8601, UTC. Rows that an earlier version of Sluice loaded after this time came from it too. */
  readonly savedAt: string;
}

/** An object of the cache, as the ledger identifies it. */
export interface Identified {
  readonly kind: 'dataset' | 'table';
  readonly id: string;
  readonly name: string;
}

/** The options chosen for a stream, as the caller wrote them. */
export interface ChosenOption {
  readonly mode?: SyncMode | undefined;
  readonly cursorField?: string | undefined;
  readonly primaryKey?: readonly string[] | undefined;
}

/** How a sync writes a table: `append` adds confirmed rows; `replace` loads a second table and swaps it in at the end. */
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
  /** The table's id once this sync has loaded into it. */
  readonly tableId?: string;
  readonly origin?: Origin | undefined;
  readonly writeMode: WriteMode;
  /** Whether this sync made the table, or will make it by its swap. */
  readonly newTable: boolean;
  /** The changes to the columns of a table with rows, because its schema has changed; a sentence each. */
  readonly aligned?: readonly string[];
  /** Whether the connector gets the stream's stored state: of an incremental stream, or of a refresh that an earlier sync began. */
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
  /** `message`: complete RECORD messages; `data`: the records' data alone, with `EMITTED_KEY` as their last member. */
  readonly form: 'message' | 'data';
}

/** The member of a `data` line with the record's `emitted_at`; equally long, so that changing one byte renames it. */
export const EMITTED_KEY = 'emitted@at';
/** The first member of a repaired line: the changes of the repair. */
export const REPAIRS_KEY = 'repairs@';

/** A segment, or its repaired copy, and how it is to be read. */
export interface ReadableSegment extends SegmentFile {
  /** Path of the segment itself. */
  readonly origin: string;
  /** Whether values that do not fit become NULL with a note; otherwise the first one fails the load. */
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
  /** The replacement becomes the table, and the mapping is stored. */
  readonly swap: boolean;
  /** The caller knows that records of these segments are lost; otherwise the load fails with `LostRecords` when it finds some. */
  readonly mayLose?: boolean;
}

/** A state as the connector wrote it: stored as text, because numbers beyond 2^53 do not survive parsing. */
export interface StateText {
  readonly kind: 'STREAM' | 'GLOBAL' | 'LEGACY';
  /** Name and namespace, for kind STREAM. */
  readonly stream?: { readonly name: string; readonly namespace?: string };
  readonly text: string;
  /** Present where the state is the progress of a full refresh, not the start of the next sync: the table that it loads. */
  readonly refresh?: Pick<StreamTable, 'table' | 'columns'>;
}

export interface BatchLoad {
  readonly syncId: string;
  readonly source: string;
  readonly streams: readonly StreamLoad[];
  readonly states: readonly StateText[];
  /** Streams whose stored state no longer describes their table. */
  readonly deleteStatesOf: readonly { readonly name: string; readonly namespace?: string }[];
}

/** The result of one entry of `BatchLoad.streams`. */
export interface LoadedStream {
  /** Records read from the segments. */
  readonly rows: number;
  /** Records moved from the pending table. */
  readonly moved: number;
  /** Rows written to the table: fewer than records where several had the same key or were deletions. */
  readonly written: number;
  /** Rows of the table that were replaced by newer ones of the same key: `written - updated` rows were added. */
  readonly updated: number;
  /** Rows of the table that a replacement was swapped for; absent if there was none. */
  readonly replaced?: number;
  /** Rows removed from the table because of a deletion in the source. */
  readonly deleted: number;
  /** Records that changed nothing, because a row of the same key with a greater cursor was there when their batch was loaded. */
  readonly late: number;
  /** Records of which all parts of the primary key are NULL: they cannot be distinguished and are stored as they come. */
  readonly withoutKey: number;
  /** Lines that are not records that a table can hold. */
  readonly dropped: number;
  /** Values that were changed, by field; each is noted in its row's `_airbyte_meta`. */
  readonly changed: Readonly<Record<string, number>>;
  /** Changes that the load made to the table's columns, such as `"note" was added`. */
  readonly grown: readonly string[];
}
