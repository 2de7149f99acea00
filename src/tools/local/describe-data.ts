import * as z from 'zod';
import { type DatasetSummary, type Description, sqlName, type TableSummary } from '../../cache/index.ts';
import { asData, bytesText, cellText, count, textTable } from '../text.ts';
import { defineTool } from '../tool.ts';

const tableOutput = z.object({
  table: z.string(),
  /** `dataset.table` as it has to be written, where it needs quotes. */
  sql: z.string().optional(),
  view: z.boolean().optional(),
  rows: z.number().optional(),
  rows_estimated: z.boolean().optional(),
  bytes: z.number().optional(),
  stream: z.string().optional(),
  last_sync_at: z.string().optional(),
  columns: z
    .array(
      z.object({
        name: z.string(),
        sql: z.string().optional(),
        type: z.string(),
        description: z.string().optional(),
        field: z.string().optional(),
      }),
    )
    .optional(),
  primary_key: z.array(z.string()).optional(),
  samples: z.array(z.array(z.unknown())).optional(),
});

const datasetOutput = z.object({
  dataset: z.string(),
  sql: z.string().optional(),
  source: z.string().optional(),
  last_sync_at: z.string().optional(),
  freshness: z.string().optional(),
  table_count: z.number(),
  tables: z.array(tableOutput),
});

const totalOutput = z.object({ datasets: z.number(), tables: z.number(), rows: z.number(), bytes: z.number() });
type Total = z.infer<typeof totalOutput>;

export const describeData = defineTool({
  name: 'describe_data',
  title: 'Describe the synced data',
  description:
    'Describe the cached data: datasets with tables, rows, size, last sync; columns with types and keys (summary, the default), sample rows (full).',
  input: z.strictObject({
    dataset: z.string().optional(),
    table: z.string().optional(),
    detail: z.enum(['names', 'summary', 'full']).optional(),
  }),
  output: z.object({
    datasets: z.array(datasetOutput),
    total: totalOutput,
    file_bytes: z.number().optional(),
    note: z.string().optional(),
  }),
  realm: 'local',
  effect: 'read',
  async run({ dataset, table, detail = 'summary' }, { services, signal }) {
    const request = { detail, ...(dataset !== undefined && { dataset }), ...(table !== undefined && { table }) };
    services.sources.registerUpdates();
    const description = await services.cache.describe(request, signal);
    const named: SqlNameWriter = (...names) => names.map((name) => sqlName(name, services.cache.kind)).join('.');
    const datasets = description.datasets.map((found) => datasetData(found, named));
    const note = noteOf(description);
    const total = totalOf(description);
    const text = [
      datasets.length > 0
        ? asData('cache', datasets.map(datasetText).join('\n'))
        : 'The cache holds no table yet: start_sync.',
      totalText(total, description.fileBytes),
      ...(note ? [note] : []),
    ].join('\n');
    return { text, data: { datasets, total, file_bytes: description.fileBytes, note } };
  },
});

/** Over what is described: all, or the dataset or table that was asked for. */
function totalOf({ datasets }: Description): Total {
  const tables = datasets.flatMap((dataset) => dataset.tables);
  const sum = (of: 'rows' | 'bytes'): number => tables.reduce((all, table) => all + (table[of] ?? 0), 0);
  const count = datasets.reduce((all, { tableCount }) => all + tableCount, 0);
  return { datasets: datasets.length, tables: count, rows: sum('rows'), bytes: sum('bytes') };
}

function totalText({ datasets, tables, rows, bytes }: Total, fileBytes: number | undefined): string {
  const file = fileBytes === undefined ? '' : `; the database takes ${bytesText(fileBytes)}`;
  return `Total: ${count(datasets, 'dataset')}, ${count(tables, 'table')}, ${count(rows, 'row')}, about ${bytesText(bytes)}${file}.`;
}

/** A name, or a path of names, as it has to be written in SQL. */
type SqlNameWriter = (...names: string[]) => string;

/** Adds `sql` if a name must be written differently in SQL. */
function inSql(named: SqlNameWriter, ...names: string[]): { sql?: string } {
  const sql = named(...names);
  return sql === names.join('.') ? {} : { sql };
}

function noteOf({ datasets, withoutColumns, withoutSamples }: Description): string | undefined {
  const hidden = datasets.reduce((sum, { tables, tableCount }) => sum + tableCount - tables.length, 0);
  const parts = [
    ...(hidden > 0 ? [`${count(hidden, 'table')} not listed`] : []),
    ...(withoutColumns > 0 ? [`columns of ${count(withoutColumns, 'table')} left out`] : []),
    ...(withoutSamples > 0 ? [`samples of ${count(withoutSamples, 'table')} left out`] : []),
  ];
  return parts.length > 0 ? `Cut: ${parts.join(', ')}. Narrow by dataset and table.` : undefined;
}

function datasetData(
  { dataset, source, lastSyncAt, tableCount, tables }: DatasetSummary,
  named: SqlNameWriter,
): z.infer<typeof datasetOutput> {
  return {
    dataset,
    ...inSql(named, dataset),
    source,
    last_sync_at: lastSyncAt,
    freshness: lastSyncAt === undefined ? undefined : ago(lastSyncAt),
    table_count: tableCount,
    tables: tables.map((table) => tableData(dataset, table, named)),
  };
}

function tableData(
  dataset: string,
  { lastSyncAt, rowsEstimated, columns, primaryKey, samples, ...rest }: TableSummary,
  named: SqlNameWriter,
): z.infer<typeof tableOutput> {
  return {
    ...rest,
    ...inSql(named, dataset, rest.table),
    rows_estimated: rowsEstimated,
    last_sync_at: lastSyncAt,
    columns: columns?.map((column) => ({ ...column, ...inSql(named, column.name) })),
    primary_key: primaryKey?.map((name) => named(name)),
    samples: samples?.map((row) => [...row]),
  };
}

function datasetText({
  dataset,
  sql = dataset,
  source,
  freshness,
  last_sync_at: at,
  table_count: tables,
  tables: list,
}: z.infer<typeof datasetOutput>): string {
  const facts = [
    count(tables, 'table'),
    ...(source ? [`source "${source}"`] : []),
    ...(freshness ? [`last sync ${at} (${freshness})`] : []),
  ];
  return [`Dataset ${sql}: ${facts.join(', ')}`, ...list.map((table) => tableText(dataset, table))].join('\n');
}

function tableText(dataset: string, table: z.infer<typeof tableOutput>): string {
  const { columns, samples, sql: path = `${dataset}.${table.table}` } = table;
  const facts = [
    ...(table.view ? ['view'] : []),
    ...(table.rows !== undefined ? [`${table.rows_estimated ? 'about ' : ''}${count(table.rows, 'row')}`] : []),
    ...(table.bytes !== undefined ? [`about ${bytesText(table.bytes)}`] : []),
    ...(table.stream !== undefined && table.stream !== table.table ? [`stream "${table.stream}"`] : []),
    ...(table.primary_key ? [`primary key ${table.primary_key.join(', ')}`] : []),
  ];
  return [
    `  ${path}: ${facts.join(', ')}`,
    ...(columns ?? []).map(
      ({ name, sql = name, type, field, description }) =>
        `    ${sql} ${type}${field === undefined ? '' : ` (field ${JSON.stringify(field)})`}${description ? `: ${description}` : ''}`,
    ),
    ...(samples && samples.length > 0
      ? [
          `    first rows:\n${textTable(
            (columns ?? []).map(({ name, sql = name }) => sql),
            samples.map((row) => row.map(cellText)),
          )}`,
        ]
      : []),
  ].join('\n');
}

function ago(time: string): string {
  const seconds = Math.max(0, Math.round((Date.now() - Date.parse(time)) / 1000));
  if (seconds < 90) return `${seconds} s ago`;
  if (seconds < 5400) return `${Math.round(seconds / 60)} min ago`;
  return seconds < 172_800 ? `${Math.round(seconds / 3600)} h ago` : `${Math.round(seconds / 86_400)} days ago`;
}
