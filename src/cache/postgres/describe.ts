/** What the shared cache holds: datasets, tables, columns, rows, freshness and samples. */
import type { JsonValue } from '../../protocol/index.ts';
import { hasBookkeeping, type KnownStream, readStreams } from '../bookkeeping/index.ts';
import {
  choose,
  describeDatasets,
  keyColumns,
  newOutputBudget,
  type OutputBudget,
  SAMPLE_CELL_CAP,
  SAMPLE_ROWS,
  tableFacts,
  takeFromBudget,
} from '../description.ts';
import { quoteName } from '../load/names.ts';
import type { DescribeDetail, DescribeRequest, Description, TableSummary } from '../types.ts';
import type { Client } from './client.ts';
import { catalogTables, countRows, databaseBytes, type FoundTable, readColumns } from './describe-catalog.ts';
import { loadConnection } from './load-store.ts';
import { openCursor } from './query.ts';
import { readCell } from './query-cells.ts';
import type { Server } from './server.ts';

/** For all counts together; what is not counted by then is estimated. */
const COUNT_MS = 8_000;
const STATEMENT_MS = 15_000;
const LOCK_WAIT_MS = 10_000;

/**
 * Describes the cache, one dataset or one table. Row counts are exact except for large tables; bytes include indexes and TOAST.
 * @throws InputError `unknown_dataset` or `unknown_table` with near names
 */
export function describeData(server: Server, request: DescribeRequest, signal?: AbortSignal): Promise<Description> {
  return server.use(
    'describe_data',
    async (client) => {
      await client.query(`SET statement_timeout = ${STATEMENT_MS}; BEGIN TRANSACTION READ ONLY`);
      return describe(client, request, newOutputBudget(server.redactor));
    },
    { waitMs: LOCK_WAIT_MS, ...(signal && { signal }) },
  );
}

async function describe(client: Client, request: DescribeRequest, budget: OutputBudget): Promise<Description> {
  const chosen = choose(await catalogTables(client), request, 'postgres');
  const connection = loadConnection(client);
  const known = (await hasBookkeeping(connection)) ? await readStreams(connection) : [];
  const deadline = performance.now() + COUNT_MS;
  const datasets = await describeDatasets(chosen, known, (table, stream) =>
    describeTable(client, table, stream, request.detail, budget, deadline),
  );
  const { withoutColumns, withoutSamples } = budget;
  return { datasets, withoutColumns, withoutSamples, fileBytes: await databaseBytes(client) };
}

async function describeTable(
  client: Client,
  found: FoundTable,
  stream: KnownStream | undefined,
  detail: DescribeDetail,
  budget: OutputBudget,
  deadline: number,
): Promise<TableSummary> {
  // The rows of a view are not counted: it may be an endless join.
  const counted = found.view ? {} : await countRows(client, found, deadline - performance.now());
  const base = { ...tableFacts(found.table, found.view, stream), ...counted };
  const size = found.view ? {} : { bytes: found.bytes };
  if (detail === 'names') return { ...base, ...size };
  const primaryKey = stream && stream.primaryKey.length > 0 ? keyColumns(stream) : found.primaryKey;
  const columns = await readColumns(client, found, stream, budget.redactor);
  const { fits, sampled } = takeFromBudget(budget, columns.length, detail, found.view);
  return {
    ...base,
    ...size,
    ...(fits && { columns }),
    ...(primaryKey.length > 0 && { primaryKey }),
    ...(sampled && {
      samples: await readSamples(
        client,
        found,
        columns.map(({ name }) => name),
        budget,
      ),
    }),
  };
}

async function readSamples(
  client: Client,
  { quoted }: FoundTable,
  columns: readonly string[],
  { redactor }: OutputBudget,
): Promise<JsonValue[][]> {
  const list = columns.map((name) => `t.${quoteName(name)}`).join(', ');
  const types = await openCursor(client, `SELECT ${list} FROM ${quoted} AS t LIMIT ${SAMPLE_ROWS}`);
  try {
    const samples: JsonValue[][] = [];
    // One row at a time: a row can be large.
    for (;;) {
      const { rows } = await client.query<(string | null)[]>({ text: 'FETCH FROM sluice_query', rowMode: 'array' });
      const [row] = rows;
      if (!row) return samples;
      samples.push(types.map(({ cell }, at) => readCell(row[at] ?? null, cell, redactor, SAMPLE_CELL_CAP).value));
    }
  } finally {
    await client.query('CLOSE sluice_query');
  }
}
