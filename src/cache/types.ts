/** The ports of the cache module: nothing outside it knows DuckDB. */
import type { JsonValue } from '../protocol/index.ts';
import type { Identified } from './load/types.ts';

export interface QueryColumn {
  readonly name: string;
  /** SQL type, such as `BIGINT` or `TIMESTAMP WITH TIME ZONE`. */
  readonly type: string;
}

export interface QueryResult {
  readonly columns: readonly QueryColumn[];
  /** Rows as arrays in the order of the columns. */
  readonly rows: readonly (readonly JsonValue[])[];
  /** Whether there are more rows after these. */
  readonly truncated: boolean;
  /** Offset of the next row, if there is one. */
  readonly nextOffset?: number;
  /** How many cells were cut at the cell cap. */
  readonly cellsCut: number;
  /** Whether any table or view is read; otherwise all values come from the SQL itself. */
  readonly readsTables: boolean;
  readonly elapsedMs: number;
}

export interface ExportRequest {
  readonly format: 'csv' | 'parquet' | 'jsonl';
  /** Absolute path of a new file in the folder for staged files. */
  readonly file: string;
  readonly signal: AbortSignal;
}

export interface ExportResult {
  readonly columns: readonly QueryColumn[];
  readonly rows: number;
  readonly bytes: number;
  /** At most five, as a query shows them: redacted, long cells cut. */
  readonly firstRows: readonly (readonly JsonValue[])[];
  /** Whether any table or view is read. */
  readonly readsTables: boolean;
}

export interface DatasetTables {
  /** Name of the saved source whose syncs made the tables. */
  readonly source: string;
  readonly id: string;
  readonly tables: readonly (Identified & { readonly table: string })[];
}

export interface RemovedTables {
  readonly tables: readonly string[];
  /** Other objects in the dataset, which syncs did not make. */
  readonly left: readonly string[];
  readonly datasetRemoved: boolean;
}

export interface DryRun {
  readonly columns: readonly QueryColumn[];
  /** `dataset.table` of every table and view that is read. */
  readonly tables: readonly string[];
  readonly plan: string;
}

export interface TableSummary {
  readonly table: string;
  /** Absent for views, whose rows are not counted. */
  readonly rows?: number;
  /** Present and true where the rows are the server's estimate, because counting would take too long. */
  readonly rowsEstimated?: boolean;
  /** Present and true for views. */
  readonly view?: boolean;
  readonly bytes?: number;
  readonly stream?: string;
  readonly lastSyncAt?: string;
  readonly columns?: readonly ColumnSummary[];
  readonly primaryKey?: readonly string[];
  readonly samples?: readonly (readonly JsonValue[])[];
}

export interface ColumnSummary extends QueryColumn {
  readonly description?: string;
  /** The field's name in the stream, where it differs from the column's. */
  readonly field?: string;
}

export interface DatasetSummary {
  readonly dataset: string;
  readonly source?: string;
  readonly tables: readonly TableSummary[];
  /** The number of all tables, where `tables` was cut. */
  readonly tableCount: number;
  readonly lastSyncAt?: string;
}

export type DescribeDetail = 'names' | 'summary' | 'full';

export interface DescribeRequest {
  readonly dataset?: string;
  readonly table?: string;
  readonly detail: DescribeDetail;
}

export interface QueryLimits {
  readonly limit: number;
  readonly offset: number;
  readonly signal: AbortSignal;
}

export interface Description {
  readonly datasets: readonly DatasetSummary[];
  /** Bytes of the database. */
  readonly fileBytes?: number;
  /** Number of tables whose columns were omitted, because there are too many. */
  readonly withoutColumns: number;
  /** Number of tables whose samples were omitted, where samples were requested. */
  readonly withoutSamples: number;
}
