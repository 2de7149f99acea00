/** The one port of the cache, whatever database is behind it. */
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
  /** Seals what is shown of the data, before it is cut. */
  readonly redactor: Redactor;
  /**
   * Gets tables and states ready for a sync.
   * @throws InputError `dataset_taken`, SetupError `cache_newer` or when the cache does not open, LimitError `cache_locked`
   */
  prepareSync(request: PrepareRequest, options?: StoreOptions): Promise<PreparedSync>;
  /**
   * Loads a batch with its states, all or nothing.
   * @returns one entry for each of `batch.streams`
   */
  loadBatch(batch: BatchLoad, options?: StoreOptions): Promise<LoadedStream[]>;
  /** Ends a sync: what is not confirmed goes, how it ended is kept. @returns the rows of its tables now, by their names */
  finishSync(row: SyncRow): Promise<ReadonlyMap<string, number>>;
  /**
   * The rows from `offset` on, at most `limit`, in the order of the query.
   * @throws InputError for SQL that is refused or wrong, LimitError `query_timeout`, `query_memory` or `cache_locked`
   */
  query(sql: string, limits: QueryLimits): Promise<QueryResult>;
  /**
   * Writes all rows of a query to a file; what is half written when it fails is the caller's to remove.
   * @throws as `query`
   */
  exportQuery(sql: string, request: ExportRequest): Promise<ExportResult>;
  /** Columns, tables and plan of a query; nothing of it is run. */
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
  /** The same with what is known of each; none where there is no cache or no such dataset. @throws LimitError `cache_locked` */
  knownTables(dataset: string, options?: StoreOptions): Promise<readonly KnownStream[]>;
  /**
   * Drops one table, or all that syncs made in the dataset, with their states and mapping, all or nothing.
   * @param authorize asked with all that goes, right before it does
   * @throws InputError `no_data_yet`, `unknown_dataset` or `unknown_table` with near names; what `authorize` throws
   */
  removeTables(
    dataset: string,
    authorize: (targets: readonly Identified[]) => void,
    table?: string,
  ): Promise<RemovedTables>;
  /** Forgets a sync; the rows that it loaded stay. */
  forgetSync(syncId: string): Promise<void>;
  /** Lets other processes in, now or as soon as the users of this process are done. */
  release(): Promise<void>;
  /** Interrupts what runs, closes the cache, and lends no more. */
  close(): Promise<void>;
}
