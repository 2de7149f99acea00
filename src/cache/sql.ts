/** The ports to SQL that both databases implement, and their dialects. */
import type { DuckDBConnection } from '@duckdb/node-api';
import type { Column, ColumnType, ReadableSegment } from './load/types.ts';

export type SqlValue = string | number | null;
/** A row as texts; null for NULL. */
export type SqlRow = Record<string, string | null>;

export interface Dialect {
  readonly kind: 'duckdb' | 'postgres';
  /** The database's name of a column type. */
  typeName(type: ColumnType): string;
  /** Longest name of a table or column, in bytes of UTF-8. */
  readonly nameBytes: number;
  /** Names that the database reserves for system columns. */
  readonly systemColumns: readonly string[];
  /** A query that finds a row where schema `$1` exists and must not be used, because it has content or is shared. Absent if the database belongs to the project. */
  readonly foreignSchema?: string;
  /** A time as ISO 8601 text in UTC. */
  isoTime(expression: string): string;
  /** The text of a member of a JSON column, NULL if it is absent; `column` is quoted. */
  jsonMember(column: string, path: readonly string[]): string;
  /** Any value as JSON; `column` is quoted. */
  toJson(column: string): string;
  /** Orders the rows of a table made by `createIncoming` by their arrival. */
  readonly arrival: string;
  /** Orders the rows of a stored table by their insertion, as far as the database records it. */
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
  /** Values that this database does not accept and that were changed for it, by field; each is noted in its row. */
  readonly changed: Readonly<Record<string, number>>;
}

/** What a load needs in addition to plain SQL, within one transaction. */
export interface LoadConnection extends SqlConnection {
  /**
   * Inserts the rows of a segment.
   * @param table quoted, with its schema where it has one
   * @throws SegmentFailure if the values do not fit or the file cannot be read
   */
  insertSegment(table: string, columns: readonly Column[], readable: ReadableSegment): Promise<Inserted>;
  /** Makes a private table that preserves the order of its rows and is dropped at the end of the transaction. */
  createIncoming(table: string, columnDefinitions: string): Promise<void>;
}

export interface StoreOptions {
  /** Ends the wait for the cache, and interrupts the running statement. */
  readonly signal?: AbortSignal;
  /** Milliseconds to wait for another process that holds the cache. */
  readonly waitMs?: number;
}

/** The database, as the load uses it. */
export interface LoadStore {
  /** Runs `body` in a transaction. */
  transaction<T>(purpose: string, body: (connection: LoadConnection) => Promise<T>, options?: StoreOptions): Promise<T>;
  /** A DuckDB that can read the staged segments, to examine them before they are loaded. */
  reader<T>(purpose: string, body: (connection: DuckDBConnection) => Promise<T>, options?: StoreOptions): Promise<T>;
}
