/** Content and limits of a description, for either database. */
import { InputError, nearFacts } from '../errors.ts';
import { nearest } from '../protocol/index.ts';
import type { Redactor } from '../secrets/index.ts';
import type { KnownStream } from './bookkeeping/index.ts';
import type { CacheKind } from './cache-kind.ts';
import { nameReadings, sqlName, sqlPath, withoutQuotes } from './sql-name.ts';
import type { DatasetSummary, DescribeDetail, DescribeRequest, TableSummary } from './types.ts';

interface Named {
  readonly dataset: string;
  readonly table: string;
}

/** What may still be included, over all tables. */
export interface OutputBudget {
  readonly redactor: Redactor;
  columns: number;
  samples: number;
  withoutColumns: number;
  withoutSamples: number;
}

const TABLE_CAP = 200;
export const SAMPLE_ROWS = 5;
export const SAMPLE_CELL_CAP = 120;
const COLUMN_CAP = 1_000;
const SAMPLED_TABLES_CAP = 20;

export function newOutputBudget(redactor: Redactor): OutputBudget {
  return { redactor, columns: COLUMN_CAP, samples: SAMPLED_TABLES_CAP, withoutColumns: 0, withoutSamples: 0 };
}

/** What may be shown of a table; reduces the budget for the tables after it. */
export function takeFromBudget(
  budget: OutputBudget,
  columns: number,
  detail: DescribeDetail,
  view: boolean,
): { fits: boolean; sampled: boolean } {
  const fits = columns <= budget.columns || budget.columns === COLUMN_CAP;
  if (fits) budget.columns = Math.max(0, budget.columns - columns);
  else budget.withoutColumns += 1;
  const sampled = detail === 'full' && !view && fits && budget.samples > 0;
  if (sampled) budget.samples -= 1;
  else if (detail === 'full' && !view) budget.withoutSamples += 1;
  return { fits, sampled };
}

/**
 * @param request names, plain or quoted for SQL
 * @throws InputError `unknown_dataset` or `unknown_table` with near names
 */
export function choose<T extends Named>(
  all: readonly T[],
  request: Pick<DescribeRequest, 'dataset' | 'table'>,
  kind: CacheKind,
): readonly T[] {
  const dataset = request.dataset && withoutQuotes(request.dataset);
  const same = (a: string, b: string): boolean => a.toLowerCase() === b.toLowerCase();
  const datasets = [...new Set(all.map((found) => found.dataset))];
  // A dataset is named after its source with `-` as `_`: both names are accepted.
  const own = dataset?.replaceAll('-', '_');
  const within =
    dataset === undefined ? all : all.filter((found) => same(found.dataset, dataset) || same(found.dataset, own ?? ''));
  if (dataset !== undefined && within.length === 0) {
    const known = datasets.map((name) => sqlName(name, kind));
    throw unknown('unknown_dataset', `There is no dataset ${JSON.stringify(dataset)} in the cache.`, dataset, known);
  }
  const { table } = request;
  if (table === undefined) return within;
  const found = nameReadings(table)
    .map((name) => within.filter((each) => same(each.table, name) || same(`${each.dataset}.${each.table}`, name)))
    .find((each) => each.length > 0);
  if (!found) {
    const known = within.map((each) => sqlPath(each.dataset, each.table, kind));
    throw unknown('unknown_table', `There is no table ${JSON.stringify(table)} in the cache.`, table, known);
  }
  return found;
}

function unknown(
  code: 'unknown_dataset' | 'unknown_table',
  message: string,
  name: string,
  known: readonly string[],
): InputError {
  const near = nearest(name, known, 3);
  return new InputError(
    code,
    message,
    near.length > 0
      ? `Did you mean ${near.join(', ')}? Without arguments describe_data lists everything.`
      : 'Nothing is in the cache yet: call start_sync first.',
    nearFacts(near),
  );
}

/** A stream's key as column names. */
export function keyColumns({ primaryKey, target }: KnownStream): string[] {
  return primaryKey.map((path) => {
    const field = path.join('.');
    return target.columns.find((column) => column.field === field)?.column ?? field;
  });
}

/** Describes the tables dataset by dataset, in their order; `describeOne` queries the database. */
export async function describeDatasets<T extends Named>(
  chosen: readonly T[],
  known: readonly KnownStream[],
  describeOne: (table: T, stream: KnownStream | undefined) => Promise<TableSummary>,
): Promise<DatasetSummary[]> {
  const synced = lastSyncs(known);
  const datasets: DatasetSummary[] = [];
  for (const dataset of new Set(chosen.map((table) => table.dataset))) {
    const tables = chosen.filter((table) => table.dataset === dataset);
    const streams = known.filter(({ target }) => target.dataset === dataset);
    const summaries: TableSummary[] = [];
    for (const table of tables.slice(0, TABLE_CAP)) {
      summaries.push(
        await describeOne(
          table,
          streams.find(({ target }) => target.table === table.table),
        ),
      );
    }
    const source = streams[0]?.target.source;
    const lastSyncAt = synced.get(dataset);
    datasets.push({
      dataset,
      ...(source !== undefined && { source }),
      tables: summaries,
      tableCount: tables.length,
      ...(lastSyncAt !== undefined && { lastSyncAt }),
    });
  }
  return datasets;
}

/** The summary of a table without its content. */
export function tableFacts(table: string, view: boolean, stream: KnownStream | undefined): TableSummary {
  return {
    table,
    ...(view && { view: true }),
    ...(stream && { stream: stream.target.stream }),
    ...(stream?.lastSyncAt !== undefined && { lastSyncAt: stream.lastSyncAt }),
  };
}

/** The time of each dataset's last committed sync, ISO 8601. */
function lastSyncs(known: readonly KnownStream[]): Map<string, string> {
  const last = new Map<string, string>();
  for (const { target, lastSyncAt } of known) {
    if (lastSyncAt && lastSyncAt > (last.get(target.dataset) ?? '')) last.set(target.dataset, lastSyncAt);
  }
  return last;
}
