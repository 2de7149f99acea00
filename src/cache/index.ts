export { type Database, openDatabase } from './database.ts';
export { type Description, describeData } from './describe.ts';
export {
  type BatchLoad,
  finishSync,
  type LoadedStream,
  loadBatch,
  type PreparedStream,
  type PreparedSync,
  prepareSync,
  type SegmentFile,
  type StateText,
  type StreamLoad,
} from './load/index.ts';
export { dryRun, runQuery } from './query.ts';
export type { DatasetSummary, QueryResult, TableSummary } from './types.ts';
