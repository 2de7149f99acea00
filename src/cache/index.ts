export type { Cache } from './cache.ts';
export { takesData } from './convert/select-sql.ts';
export { type Database, duckdbCache, openDatabase } from './duckdb/index.ts';
export {
  type BatchLoad,
  type LoadedStream,
  type PreparedStream,
  type PreparedSync,
  type SegmentFile,
  type StateText,
  type StreamLoad,
} from './load/index.ts';
export type { DatasetSummary, Description, QueryResult, TableSummary } from './types.ts';
