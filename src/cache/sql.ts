/** The SQL that both databases share, and where they differ. */
import type { DuckDBConnection } from '@duckdb/node-api';
import type { Column, ColumnType, ReadableSegment } from './load/types.ts';

export type SqlValue = string | number | null;
/** A row as texts; null for NULL. */
export type SqlRow = Record<string, string | null>;

export interface Dialect {
  readonly kind: 'duckdb' | 'postgres';
  /** How the database calls a column type. */
  typeName(type: ColumnType): string;
  /** Longest name of a table or column, in bytes of UTF-8. */
  readonly nameBytes: number;
  /** Names that mean something else than a column of the table's own. */
  readonly systemColumns: readonly string[];
  /** Finds a row where schema `$1` is there and is not to be taken: it holds something, or is everybody's. Absent where all is the project's own. */
  readonly foreignSchema?: string;
  /** A time as ISO 8601 text in UTC. */
  isoTime(expression: string): string;
  /** The text of a member of a JSON column, NULL where there is none; `column` is quoted. */
  jsonMember(column: string, path: readonly string[]): string;
  /** Any value as JSON; `column` is quoted. */
  toJson(column: string): string;
  /** Orders the rows of a table made by `createIncoming` as they came. */
  readonly arrival: string;
  /** Orders the rows of a stored table as they were inserted, as far as the database tells. */
  readonly storedOrder: string;
}

export interface SqlConnection {
  readonly dialect: Dialect;
  /** @returns the number of rows changed */
  run(sql: string, values?: readonly SqlValue[]): Promise<number>;
  /** Every column must be text or a number. */
  rows(sql: string, values?: readonly SqlValue[]): Promise<SqlRow[]>;
}

export interface Inserted {
  readonly rows: number;
  /** Values that this database does not take and that were changed for it, by field; each is noted in its row. */
  readonly changed: Readonly<Record<string, number>>;
}

/** What a load needs beside plain SQL; all within one transaction. */
export interface LoadConnection extends SqlConnection {
  /**
   * Inserts the rows of a segment.
   * @param table quoted, with its schema where it has one
   * @throws SegmentFailure where the values do not fit or the file cannot be read
   */
  insertSegment(table: string, columns: readonly Column[], readable: ReadableSegment): Promise<Inserted>;
  /** Makes a private table that keeps the order of its rows; it is gone with the transaction. */
  createIncoming(table: string, columnDefinitions: string): Promise<void>;
}

export interface StoreOptions {
  /** Ends the wait for the cache, and interrupts the statement that runs. */
  readonly signal?: AbortSignal;
  /** Milliseconds to wait for another process that holds the cache. */
  readonly waitMs?: number;
}

/** A database as loading sees it. */
export interface LoadStore {
  /** All of `body`, or nothing. */
  transaction<T>(purpose: string, body: (connection: LoadConnection) => Promise<T>, options?: StoreOptions): Promise<T>;
  /** A DuckDB that may read the staged segments, to look at them before they are loaded. */
  reader<T>(purpose: string, body: (connection: DuckDBConnection) => Promise<T>, options?: StoreOptions): Promise<T>;
}
