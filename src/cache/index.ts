export { type Database, type DatabaseOptions, openDatabase, type UseOptions } from './database.ts';
export { dryRun, runQuery } from './query.ts';
export type {
  ColumnSummary,
  DatasetSummary,
  DescribeDetail,
  DescribeRequest,
  DryRun,
  QueryColumn,
  QueryLimits,
  QueryResult,
  TableSummary,
} from './types.ts';
