/** The port of the cache, which DuckDB and Postgres implement. */
import type { Redactor } from '../secrets/index.ts';
import type { KnownStream, SyncRow } from './bookkeeping/index.ts';
import type { CacheKind } from './cache-kind.ts';
import type { BatchLoad, Identified, LoadedStream, PreparedSync, PrepareRequest } from './load/index.ts';
import type { StoreOptions } from './sql.ts';
import type {
  DatasetTables,
  DescribeRequest,
  Description,
  DryRun,
  ExportRequest,
  ExportResult,
  QueryLimits,
  QueryResult,
  RemovedTables,
} from './types.ts';

export interface Cache {
  readonly kind: CacheKind;
  /** Redacts data before it is cut and shown. */
  readonly redactor: Redactor;
  /**
   * Prepares the tables and states for a sync.
   * @throws InputError `dataset_taken`, SetupError `cache_newer` or when the cache does not open, LimitError `cache_locked`
   */
  prepareSync(request: PrepareRequest, options?: StoreOptions): Promise<PreparedSync>;
  /**
   * Commits the rows of a batch together with their states, in one transaction (`load/load-batch.ts`).
   * @returns one entry for each of `batch.streams`
   */
  loadBatch(batch: BatchLoad, options?: StoreOptions): Promise<LoadedStream[]>;
  /** Ends a sync: drops unconfirmed rows and records the outcome. @returns the number of rows of each table, by name */
  finishSync(row: SyncRow): Promise<ReadonlyMap<string, number>>;
  /**
   * The rows from `offset` on, at most `limit`, in the order of the query.
   * @throws InputError for SQL that is refused or wrong, LimitError `query_timeout`, `query_memory` or `cache_locked`
   */
  query(sql: string, limits: QueryLimits): Promise<QueryResult>;
  /**
   * Writes all rows of a query to a file. When it fails, the caller removes the partial file.
   * @throws as `query`
   */
  exportQuery(sql: string, request: ExportRequest): Promise<ExportResult>;
  /** Columns, tables and plan of a query, without running it. */
  dryRun(sql: string, signal: AbortSignal): Promise<DryRun>;
  /**
   * Describes the cache, one dataset or one table.
   * @throws InputError `no_data_yet`, `unknown_dataset` or `unknown_table` with near names
   */
  describe(request: DescribeRequest, signal?: AbortSignal): Promise<Description>;
  /**
   * The tables that syncs made in a dataset.
   * @throws InputError `no_data_yet` or `unknown_dataset` with near names
   */
  datasetTables(dataset: string): Promise<DatasetTables>;
  /** As `datasetTables`, with what is recorded of each; empty if there is no cache or no such dataset. @throws LimitError `cache_locked` */
  knownTables(dataset: string, options?: StoreOptions): Promise<readonly KnownStream[]>;
  /**
   * Drops one table, or all tables that syncs made in the dataset, with their states and mapping, in one transaction.
   * @param authorize called with everything that will be removed, right before it is
   * @throws InputError `no_data_yet`, `unknown_dataset` or `unknown_table` with near names; what `authorize` throws
   */
  removeTables(
    dataset: string,
    authorize: (targets: readonly Identified[]) => void,
    table?: string,
  ): Promise<RemovedTables>;
  /** Removes the record of a sync; the rows that it loaded stay. */
  deleteSync(syncId: string): Promise<void>;
  /** Releases the cache to other processes, now or as soon as its users in this process are done. */
  release(): Promise<void>;
  /** Interrupts running work, closes the cache, and rejects further use. */
  close(): Promise<void>;
}
