export type { KnownStream, SyncRow } from './bookkeeping/index.ts';
export type { Cache } from './cache.ts';
export type { CacheKind } from './cache-kind.ts';
export { longNumberFinder } from './convert/long-numbers.ts';
export { takesData } from './convert/select-sql.ts';
export { type Database, duckdbCache, openDatabase } from './duckdb/index.ts';
export type {
  BatchLoad,
  ChosenOption,
  Identified,
  LoadedStream,
  Origin,
  PreparedStream,
  PreparedSync,
  SegmentFile,
  StateText,
  StreamLoad,
} from './load/index.ts';
export { endangered, identified, LostRecords } from './load/index.ts';
export { postgresCache } from './postgres/index.ts';
export { withQueryQueue } from './query-queue.ts';
export { findName, type ReadBack, type ReadBackSource, readBackOf } from './read-back/index.ts';
export { nameReadings, sqlName, sqlPath } from './sql-name.ts';
export type { DatasetSummary, DatasetTables, Description, ExportRequest, QueryResult, TableSummary } from './types.ts';
